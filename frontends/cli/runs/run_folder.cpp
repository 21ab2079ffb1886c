// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/run_folder.h"

#include <ctime>
#include <filesystem>
#include <system_error>

#include "chainrule/base/atomic_file.h"
#include "chainrule/base/checks.h"
#include "cli/runs/config.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

void make_folder(const std::string& path) {
  std::error_code problem;
  fs::create_directories(path, problem);
  if (problem) throw Error(ErrorCategory::output, location(path) + ": cannot be created: " + problem.message());
}

}  // namespace

RunFolder::RunFolder(const std::string& name, bool overwrite) : path_("runs/" + name), overwrite_(overwrite) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  constexpr std::size_t kMax = 100;
  if (name.empty() || name.size() > kMax || name[0] == '.' || name[0] == '-' ||
      name.find_first_not_of(kPlain) != std::string::npos)
    throw Error(ErrorCategory::usage,
                "--run: expected a name of letters, digits, _, - and dots, found " + in_quotes(name),
                "the run goes to runs/NAME");
  std::error_code none;
  if (!overwrite && fs::exists(path_, none))
    throw Error(ErrorCategory::usage, location(path_) + ": exists already",
                "--force replaces it, or choose another name for --run");
}

void RunFolder::begin(const FitOptions& options, const RunRecord& record) const {
  make_folder(path_);
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, none))
    if (entry.path().filename().string().starts_with("events.out.tfevents.")) fs::remove(entry.path(), none);
  for (const std::string& old : {model(), log(), report()}) fs::remove(old, none);  // never mix the files of two runs
  AtomicFile file(config(), overwrite_);
  file.write(config_text(options) + run_text(record));
  file.commit();
}

std::string run_named_by_time() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%SZ", &utc)};
}

RunRecord record_of(const Arguments& arguments) {
  return {arguments.files[0], arguments.text("validation"), arguments.text("labels"), arguments.text("header"),
          arguments.text("delimiter")};
}

}  // namespace chainrule::cli

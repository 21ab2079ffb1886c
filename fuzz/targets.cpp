// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.h"

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>

#include "chainrule/base/error.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/model/formats/safetensors.h"
#include "chainrule/training/options/options.h"
#include "cli/runs/config.h"
#include "cli/runs/run_page.h"
#include "cli/runs/training_log.h"
#include "cli/runs/trials_file.h"
#include "tests/support/allocations.h"
#include "tests/support/data_files.h"
#include "tests/support/model_samples.h"

namespace chainrule::fuzz {
namespace {

using data_files::gzip;
using data_files::idx;
using data_files::npy;

bool accepted = false;  // the last input

// A file in memory with this content, the same one each time.
std::string file_of(std::string_view content) {
  static const int file = memfd_create("fuzzed", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, 0) != 0 ||
      pwrite(file, content.data(), content.size(), 0) != static_cast<ssize_t>(content.size()))
    std::abort();
  lseek(file, 0, SEEK_SET);
  return "/proc/self/fd/" + std::to_string(file);
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: expected %s\n", what);
  std::abort();
}

template <class Read>
void refusing(const Read& read) {
  accepted = false;
  try {
    read();
    accepted = true;
  } catch (const Error& error) {
    require(error.category() != ErrorCategory::internal, "no internal error");
    require(std::string_view(error.what()).find('\n') == std::string_view::npos, "one line");
  }
}

void read_table(std::string_view input) {
  refusing([&] {
    formats::LoadOptions options;
    options.target_required = false;
    const Table table = formats::load_table(file_of(input), options);
    require(table.rows > 0, "rows in a table that was read");
  });
}

// The content in a gzip file that is intact.
void read_packed(std::string_view input) { read_table(gzip(input)); }

void read_model(std::string_view input) {
  refusing([&] {
    const Model model = formats::load_model(std::as_bytes(std::span(input)), "fuzzed");
    std::ostringstream written, again;
    formats::save_model(model, written);
    const std::string bytes = written.str();
    formats::save_model(formats::load_model(std::as_bytes(std::span(bytes)), "again"), again);
    require(again.str() == bytes, "a model that survives saving and loading");
  });
}

std::vector<std::string> model_seeds() {
  std::vector<std::string> seeds;
  for (const Model& model :
       {model_samples::classes_model(), model_samples::number_model(), model_samples::image_model()}) {
    std::ostringstream written;
    formats::save_model(model, written);
    seeds.push_back(written.str());
  }
  return seeds;
}

void read_page(std::string_view input) {
  refusing([&] { cli::run_page_from(input, "fuzzed"); });
}

std::vector<std::string> page_seeds() {
  const auto page = [](const std::string& json) { return "<script id=\"data\">" + json + "</script>"; };
  const std::string whole =
      R"({"schema":1,"kind":"training","program":"chainrule","data":"a.csv","target":"y","task":"classes","how":"so",)"
      R"("data_fingerprint":"00","rows":{"training":1,"validation":2,"test":3},"ended":{"best_epoch":1,"stop":"epochs_done"},)"
      R"("figures":[{"name":"accuracy","training":1.0,"validation":0.5,"test":{"value":1,"low":0.5,"high":null,"trivial":0},"trivial":0}],)"
      R"("history":{"epoch":[1,2],"train_loss":[1,null],"learning_rate":[1,2],"validation":{"loss":[1,0.5]}},)"
      R"("options":[["seed","1"]],"command":"chainrule","weights_sha256":"00"})";
  return {page(whole),
          page("{\"kind\":\"training\"}"),
          page("{\"kind\":\"training\",\"options\":[[]]}"),
          page("{\"kind\":" + std::string(5'000, '[')),
          page("[]"),
          ""};
}

void read_configuration(std::string_view input) {
  const std::string path = file_of(input);
  refusing([&] { options_from({cli::read_config(path)}); });
  refusing([&] { cli::read_run(path); });
}

std::vector<std::string> configuration_seeds() {
  std::string dots = "a";
  for (int k = 0; k < 3'000; ++k) dots += ".a";
  return {cli::config_text(FitOptions()) +
              cli::run_text({{"a.csv", "c.csv"}, {"b.csv"}, {{"header", "true"}, {"delimiter", "comma"}}}),
          "[run]\ndata_hex = \"636166e9\"\n",
          "hidden = [1, 2]\nlr = 1e-3\n[run]\ndata = '''a''' # note\n",
          dots + " = 1\n",
          "[" + dots + "]\n",
          "a = " + std::string(3'000, '[')};
}

const cli::TrialsFile::Subject& subject() {
  static const cli::TrialsFile::Subject some{"00", "rmse", {{"learning_rate", "0.1"}}, {}, 2};
  return some;
}

void read_trials(std::string_view input) {
  static const std::string head = [] {
    const std::string path = file_of("");
    cli::TrialsFile fresh(path, cli::TrialsFile::Start::resume, subject());
    Trial trial;
    trial.scores = {0.5, 0.25};
    trial.seconds = {1, 2};
    fresh.write(0, 0, trial);
    std::string text(1 << 16, '\0');
    std::FILE* const file = std::fopen(path.c_str(), "rb");
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    return text;
  }();
  // A first byte chooses whether the input follows the head of this search or stands for it.
  const bool follows = !input.empty() && input[0] == '+';
  const std::string content = follows ? head + std::string(input.substr(1)) : std::string(input);
  refusing([&] { cli::TrialsFile(file_of(content), cli::TrialsFile::Start::resume, subject()); });
}

std::vector<std::string> trial_seeds() {
  return {R"(+{"schema":1,"event":"training","trial":0,"fold":2,"learning_rate":"0.1","score":null,"seconds":0.5})"
          "\n",
          R"(+{"trial":1,"fold":1,"score":1e300,"seconds":1})"
          "\n"
          R"({"trial":)",
          R"({"schema":1,"event":"search","data_fingerprint":"00"})"
          "\n",
          "+" + std::string(5'000, '[') + "\n", "+"};
}

// Any numbers and names of metrics: each line must be JSON with these numbers.
void write_log(std::string_view input) {
  accepted = true;
  EpochRecord record;
  std::size_t at = 0;
  const auto number = [&] {
    std::uint64_t bits = 0;
    for (int k = 0; k < 8 && at < input.size(); ++k) bits = bits << 8 | static_cast<unsigned char>(input[at++]);
    return std::bit_cast<double>(bits);
  };
  record.training_loss = number();
  record.decay_term = number();
  record.learning_rate = number();
  record.gradient_norm = number();
  while (at < input.size() && record.validation.size() < 20) {
    const double value = number();
    const std::string_view name = input.substr(at, 5);
    at += name.size();
    record.validation.push_back({std::string(name), value});
  }
  const std::string path = file_of("");
  cli::TrainingLog(path, true).write(record);
  std::string text(1 << 13, '\0');
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  require(text.ends_with('\n') && text.find('\n') == text.size() - 1, "one line");
  const nlohmann::json line = nlohmann::json::parse(text, nullptr, false);
  require(line.is_object(), "JSON");
  const nlohmann::json& loss = line["train/loss"];
  require(std::isfinite(record.training_loss) ? loss == record.training_loss : loss.is_null(), "the loss in its line");
}

std::vector<std::string> table_seeds() {
  return {"a,b,c\n1,2,x\n3,,\"y, \"\"z\"\"\"\n", "1;2,5\n3;4,5\n", "d\n2024-01-31\n2024-02-01\n",
          "\xEF\xBB\xBF"
          "a\r\n1\r\n"};
}
std::vector<std::string> idx_seeds() { return {idx({2, 2, 1}, "abcd"), idx({2}, "ab"), idx({3, 1, 1}, "abc")}; }
std::vector<std::string> npy_seeds() {
  return {npy("<f4", "(2, 2)", std::string(16, '\0')), npy("|u1", "(1, 2, 2)", "abcd"),
          npy(">i8", "(1, 1)", "abcdefgh")};
}
std::vector<std::string> gzip_seeds() {
  std::vector<std::string> seeds;
  for (const auto& of : {table_seeds(), idx_seeds(), npy_seeds()})
    for (const std::string& content : of) seeds.push_back(gzip(content));
  return seeds;
}
std::vector<std::string> packed_seeds() {
  std::vector<std::string> seeds = idx_seeds();
  for (const std::string& content : npy_seeds()) seeds.push_back(content);
  return seeds;
}
std::vector<std::string> log_seeds() { return {std::string(45, '\x40'), std::string(60, '\xFF'), ""}; }

}  // namespace

const std::vector<Target>& targets() {
  using namespace std::string_view_literals;
  static const std::vector<std::string_view> json{"[", "]",    "{",     "}",  "\"",      ":",
                                                  ",", "null", "1e999", "-1", "\\u0000", "\\ud800"};
  static const std::vector<Target> all{
      {"csv",
       read_table,
       table_seeds,
       {",", ";", "\t", "\"", "\n", "\r\n", "nan", "1e999", "-", "\0"sv, "\xFF", "2024-13-01", "%"}},
      {"idx", read_table, idx_seeds, {"\0\0\x08\x03"sv, "\xFF\xFF\xFF\xFF", "\0\0\0\1"sv}},
      {"npy", read_table, npy_seeds, {"'descr'", "'shape': ", "(", ")", "True", "<f8", "|O", ",", "99999999999"}},
      {"gzip", read_table, gzip_seeds, {"\x1F\x8B\x08", "\0\0\xFF\xFF"sv, "\1"}},
      {"packed", read_packed, packed_seeds, {"\0\0\x08\x03"sv, "\x93NUMPY", "99999999999"}},
      {"model",
       read_model,
       model_seeds,
       {"\"", "\\\"", "[", "]", "{", "}", "F32", "__metadata__", "4294967296", "null", ","}},
      {"page", read_page, page_seeds, json},
      {"configuration",
       read_configuration,
       configuration_seeds,
       {".", "=", "[", "]", "{", "}", "\"", "\"\"\"", "'", "#", "\n", "1e999", "\\u0000"}},
      {"trials", read_trials, trial_seeds, json},
      {"log", write_log, log_seeds, {"\x7F\xF0\0\0\0\0\0\0"sv, "\x80\0\0\0\0\0\0\0"sv}}};
  return all;
}

const Target* find_target(std::string_view name) {
  for (const Target& target : targets())
    if (name == target.name) return &target;
  return nullptr;
}

void run_within_bounds(const Target& target, std::string_view input) {
  const std::size_t before = bytes_now;
  bytes_peak = before;
  target.run(input);
  constexpr std::size_t kAlways = std::size_t{64} << 20;
  if (!accepted) require(bytes_peak - before < kAlways + 4 * input.size(), "memory within 64 MiB + 4 x the file");
}

}  // namespace chainrule::fuzz

// SPDX-License-Identifier: Apache-2.0
// Reads the report page of a run. It may come from anywhere: nothing in it is believed before it is checked.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/report/json.h"

namespace chainrule::cli {

/// What a comparison of runs needs.
struct RunPage {
  std::string program, data, data_fingerprint, target, task, how;
  std::vector<std::pair<std::string, std::string>> options;
  double test_rows = 0;

  struct Score {
    std::string name;
    double validation = 0, test = 0, low = 0, high = 0;  ///< NaN where there is none
  };
  std::vector<Score> scores;

  /// The members of the document that the page of a comparison draws, each with the types that the page expects.
  std::shared_ptr<const Json> shown;
};

/// The page in the folder of a run. Throws Error (input) with file, member, what was expected and found: for a file
/// that cannot be read, has another content, is larger than 64 MB or nests too deep, and for missing or wrong members.
RunPage read_run_page(const std::string& run);

/// The same from the text of a page; `name` is the file's, for messages.
RunPage run_page_from(std::string_view page, const std::string& name);

}  // namespace chainrule::cli

// SPDX-License-Identifier: Apache-2.0
#include "chainrule/report/json.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "chainrule/base/error.h"
#include "chainrule/base/text.h"

namespace chainrule {
namespace {

constexpr std::size_t kMaxLevels = 16, kMaxMembers = 1'000;  // the parser searches all members for each new one

}  // namespace

Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json estimate_object(const Estimate& estimate) {
  Json object = {{"value", json_number(estimate.value)},
                 {"low", json_number(estimate.low)},
                 {"high", json_number(estimate.high)},
                 {"trivial", json_number(estimate.baseline)}};
  if (!estimate.undefined.empty()) object["undefined"] = estimate.undefined;
  if (!estimate.no_interval.empty()) object["no_interval"] = estimate.no_interval;
  return object;
}

Json estimates_object(const Estimates& estimates) {
  Json object = Json::object();
  for (const Estimate& estimate : estimates.metrics) object[estimate.name] = estimate_object(estimate);
  return object;
}

Json json_from_outside(std::string_view text, std::size_t max_values, const std::string& where) {
  const auto refuse = [&](const std::string& what) { throw Error(ErrorCategory::input, where + ": " + what); };
  // The parser would stop there.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos)
    refuse(fmt::format("expected JSON, found a zero byte at byte {}", zero + 1));
  std::array<std::size_t, kMaxLevels + 1> members{};  // of the open object on each level
  std::size_t values = 0;
  const auto limit = [&](int depth, Json::parse_event_t event, Json&) {
    using Event = Json::parse_event_t;
    const auto level = static_cast<std::size_t>(depth);
    if (event == Event::object_end || event == Event::array_end) return true;
    if (event == Event::key) {
      if (++members[level] > kMaxMembers) refuse(fmt::format("expected at most {} members, found more", kMaxMembers));
      return true;
    }
    if (++values > max_values) refuse(fmt::format("expected at most {} values, found more", max_values));
    if (event == Event::value) return true;
    if (level >= kMaxLevels) refuse(fmt::format("expected at most {} levels, found more", kMaxLevels));
    members[level + 1] = 0;
    return true;
  };
  try {
    return Json::parse(text, limit);
  } catch (const Json::parse_error& problem) {
    refuse(fmt::format("expected JSON, found something else at byte {}", problem.byte));
  } catch (const Json::exception&) {  // a number that no double can hold
    refuse("expected JSON, found a number out of range");
  }
  return {};
}

std::string line_text(const Json& document) {
  return escape_marks(document.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string document_text(const Json& document) {
  return escape_marks(document.dump(2, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace chainrule

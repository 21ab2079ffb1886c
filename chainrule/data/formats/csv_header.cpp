// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/csv_header.h"

#include <algorithm>
#include <cmath>

#include "chainrule/base/checks.h"
#include "chainrule/data/encoder.h"
#include "chainrule/data/formats/loaders.h"

namespace chainrule::formats {
namespace {

constexpr std::size_t kFewTexts = 20;       // so many different texts in a column may be categories
constexpr std::size_t kRowsOfEvidence = 5;  // fewer rows below say little about a column
constexpr std::size_t kManyNumbers = 8;     // no row of data has so many numbers in a sequence by chance
constexpr std::size_t kSomeNumbers = 4;     // with fewer, each has to differ from its column
constexpr double kFirstYear = 1800, kLastYear = 2200;

bool all_different(const std::vector<std::string>& texts, bool may_be_empty) {
  std::vector<std::string_view> sorted;
  for (const std::string& text : texts)
    if (!text.empty() || !may_be_empty) sorted.push_back(text);
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) == sorted.end();
}

}  // namespace

HeaderSample::HeaderSample(const LoadOptions& options, const Table* first)
    : options_(options), first_file_(first), reader_(options) {}

bool HeaderSample::field(std::string_view text, std::uint64_t) {
  const std::size_t c = fields_++;
  if (rows_ > 0) {
    look_at_length(c, text);
    if (c < first_.size()) look(below_[c], text, first_[c]);
  } else if (c < kMaxColumns) {
    first_.emplace_back(trimmed(text));
  }
  return false;
}

void HeaderSample::row(std::uint64_t) {
  if (rows_++ == 0)
    below_.resize(first_.size());
  else if (fields_ == first_.size() + 1)
    ++longer_;
  fields_ = 0;
}

void HeaderSample::look_at_length(std::size_t c, std::string_view text) {
  if (c > first_.size()) return;
  if (c == first_.size() && !trimmed(text).empty()) ++with_last_;
  const bool is_text = reader_.read(text).kind == FieldKind::text;
  if (rows_ == 1) second_is_text_.push_back(is_text);
  if (rows_ == 1) texts_in_later_.push_back(0);
  if (rows_ > 1 && c < texts_in_later_.size() && is_text) ++texts_in_later_[c];
}

bool HeaderSample::has_row_names() const {
  if (first_.size() < 2 || longer_ < 2 || longer_ + 1 != rows_ || with_last_ == 0) return false;
  for (std::size_t c = 1; c < second_is_text_.size() && rows_ > 2; ++c)
    if (second_is_text_[c] && texts_in_later_[c] == 0) return false;
  return true;
}

void HeaderSample::look(Below& below, std::string_view text, const std::string& first) const {
  const FieldValue value = reader_.read(text);
  if (value.kind == FieldKind::missing) return;
  if (value.kind == FieldKind::number) {
    ++below.numbers;
    below.decimals += text.find_first_of(".,") != std::string_view::npos ? 1 : 0;
    below.minimum = std::min(below.minimum, value.number);
    below.maximum = std::max(below.maximum, value.number);
    return;
  }
  ++below.texts;
  const std::string_view word = trimmed(text);
  below.repeats_first = below.repeats_first || word == first;
  if (below.has_many || std::ranges::find(below.few, word) != below.few.end()) return;
  below.has_many = below.few.size() == kFewTexts;
  if (!below.has_many) below.few.emplace_back(word);
}

std::vector<std::size_t> HeaderSample::numbered() const {
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < first_.size(); ++c)
    if (reader_.read(first_[c]).kind == FieldKind::number) columns.push_back(c);
  return columns;
}

// At least half of them, so that a file which lacks some is refused for these.
bool HeaderSample::has_names_of_first() const {
  if (first_file_ == nullptr || !first_file_->has_header) return false;
  std::vector<std::string_view> names(first_.begin(), first_.end());
  std::ranges::sort(names);
  const auto found = std::ranges::count_if(first_file_->columns, [&](const Column& column) {
    return std::ranges::binary_search(names, std::string_view(column.name));
  });
  return 2 * static_cast<std::size_t>(found) >= first_file_->columns.size();
}

// At least half of the inputs, so that a file which lacks some is refused for these.
bool HeaderSample::has_model_names() const {
  if (options_.trained == nullptr || !options_.trained->match_by_name || options_.trained->inputs.empty()) return false;
  const std::vector<InputColumn>& inputs = options_.trained->inputs;
  std::vector<std::string_view> names(first_.begin(), first_.end());
  std::ranges::sort(names);
  const auto found = std::ranges::count_if(inputs, [&](const InputColumn& input) {
    return std::ranges::binary_search(names, std::string_view(input.name));
  });
  return 2 * static_cast<std::size_t>(found) >= inputs.size();
}

// A number given as the target is the number of a column.
bool HeaderSample::has_target_name() const {
  const std::string target = options_.target.value_or("");
  return reader_.read(target).kind == FieldKind::text && std::ranges::find(first_, target) != first_.end();
}

// How the number in the first row compares with the fields below it. Different: they are texts, or nearly all are
// written with decimals, which it lacks, or it is far from their range.
HeaderSample::Likeness HeaderSample::likeness(std::size_t column) const {
  const Below& below = below_[column];
  if (below.numbers == 0) return below.texts > 0 ? Likeness::different : Likeness::like;
  const double number = reader_.read(first_[column]).number, range = below.maximum - below.minimum;
  if (below.decimals * 20 >= below.numbers * 19) return Likeness::different;
  if (number >= below.minimum && number <= below.maximum) return Likeness::like;
  const bool is_far = number < below.minimum - range || number > below.maximum + range;
  return is_far && below.numbers >= kRowsOfEvidence ? Likeness::different : Likeness::outside;
}

bool HeaderSample::are_names(const std::vector<std::size_t>& columns) const {
  if (!all_different(first_, true)) return false;
  std::vector<double> numbers;
  for (const std::size_t c : columns) {
    if (first_[c].find_first_not_of("0123456789") != std::string::npos) return false;
    numbers.push_back(reader_.read(first_[c]).number);
  }
  bool is_sequence = numbers[0] <= 1;
  for (std::size_t k = 1; k < numbers.size(); ++k) is_sequence = is_sequence && numbers[k] == numbers[k - 1] + 1;
  const bool are_years =
      std::ranges::all_of(numbers, [](double number) { return number >= kFirstYear && number <= kLastYear; });
  if (!is_sequence && !are_years) return false;
  // One number alone, beside texts, may well be a number of the data; as the name of a series it stands beside "".
  if (numbers.size() == 1 && (first_.size() != 2 || !first_[0].empty())) return false;
  std::size_t different = 0, outside = 0;
  for (const std::size_t c : columns) {
    different += likeness(c) == Likeness::different ? 1 : 0;
    outside += likeness(c) == Likeness::outside ? 1 : 0;
  }
  if (different == numbers.size()) return true;
  if (!is_sequence || numbers.size() < kSomeNumbers) return false;
  return numbers.size() >= kManyNumbers || (rows_ > 3 && 2 * (different + outside) >= numbers.size());
}

// Several texts, all different, and only numbers below each: no row of data has so many texts in columns of numbers.
// scikit-learn writes 150,4,setosa,versicolor,virginica above its rows.
bool HeaderSample::has_texts_above_numbers() const {
  std::vector<std::string> texts;
  for (std::size_t c = 0; c < first_.size(); ++c) {
    if (reader_.read(first_[c]).kind != FieldKind::text) continue;
    if (below_[c].texts > 0 || below_[c].numbers < kRowsOfEvidence) return false;
    texts.push_back(first_[c]);
  }
  return texts.size() > 1 && all_different(first_, true);
}

HeaderSample::Verdict HeaderSample::verdict() const {
  const std::string taken = "first line taken as header: ";
  if (has_row_names()) return {true, taken + "each row has one field more, its name"};
  if (has_names_of_first()) return {true, taken + "it has the names of the first file's columns"};
  if (first_file_ == nullptr && has_model_names()) return {true, taken + "it has the names of the model's columns"};
  if (first_file_ == nullptr && has_target_name())
    return {true, taken + "it has the name of the target, " + in_quotes(*options_.target)};
  const std::vector<std::size_t> numbers = numbered();
  if (!numbers.empty()) {
    const std::string& number = first_[numbers[0]];
    if (are_names(numbers))
      return {true, taken + "its numbers (" + number + (numbers.size() > 1 ? ", ..." : "") +
                        ") are names, different from what is below them"};
    if (has_texts_above_numbers()) return {true, taken + "it has several texts, each above numbers"};
    return {false, "no header: the first line holds the number " + in_quotes(number)};
  }
  for (std::size_t c = 0; c < first_.size(); ++c)
    if (reader_.read(first_[c]).kind == FieldKind::text && below_[c].numbers > 0 && below_[c].texts == 0)
      return {true, taken + "text (" + in_quotes(first_[c]) + ") above numbers", true};
  std::size_t repeated = 0, others = 0, example = 0;
  for (std::size_t c = 0; c < first_.size(); ++c) {
    const Below& below = below_[c];
    if (first_[c].empty() || below.has_many || below.texts < std::max(kRowsOfEvidence, 2 * below.few.size())) continue;
    if (below.repeats_first && repeated++ == 0) example = c;
    others += below.repeats_first ? 0 : 1;
  }
  if (repeated > others) return {false, "no header: " + in_quotes(first_[example]) + " is a value of its column, too"};
  if (repeated == 0 && others > 0) return {true, taken + "none of its texts is a value of its column"};
  const bool are_names = std::ranges::none_of(first_, [](const std::string& text) { return text.empty(); }) &&
                         all_different(first_, false);
  if (!are_names) return {false, "no header: the first line has empty or repeated fields"};
  if (options_.trained != nullptr && !options_.trained->match_by_name)
    return {false, "no header, as in the training data"};
  return {true, taken + "its fields are all text and all different"};
}

}  // namespace chainrule::formats

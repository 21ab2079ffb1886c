// SPDX-License-Identifier: Apache-2.0
#include "chainrule/explain/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/explain/derivation.h"

namespace chainrule {
namespace {

constexpr std::size_t kNumbers = 44;  // width of the three columns of numbers

// Numbers inside a formula: short, and negative ones in brackets.
std::string factor_text(double value) {
  return value < 0 || std::signbit(value) ? fmt::format("({:.4g})", value) : fmt::format("{:.4g}", value);
}

// The pattern with its factors filled in. Brackets in the pattern replace those of a negative number.
template <class Write>
std::string filled(const Term& term, Write write, bool only = false) {
  std::string text;
  const std::string& pattern = term.pattern;
  auto factor = term.factors.begin();
  for (std::size_t k = 0; k < pattern.size(); ++k) {
    if (pattern.compare(k, 2, "{}") != 0) {
      text += pattern[k];
      continue;
    }
    std::string written = write(*factor++);
    const bool alone =
        (only && pattern == "{}") || (k > 0 && pattern[k - 1] == '(' && pattern.compare(k + 2, 1, ")") == 0);
    if (alone && written.front() == '(') written = written.substr(1, written.size() - 2);
    text += written;
    ++k;
  }
  return text;
}

// The sum with as many terms as fit: the first ones and the last.
template <class Write>
std::string sum_text(const Derivation& made, std::size_t width, Write write) {
  const std::string before = filled(made.before, write), after = filled(made.after, write);
  const std::size_t count = made.terms.size();
  std::string whole = before;
  for (std::size_t k = 0; k < count && whole.size() <= width; ++k)
    whole += (k == 0 ? "" : " + ") + filled(made.terms[k], write, count == 1);
  if (whole.size() + after.size() <= width || count <= 2) return whole + after;
  const std::string last = filled(made.terms.back(), write);
  std::string some = before + filled(made.terms[0], write);
  std::size_t shown = 1;
  while (shown + 1 < count) {
    const std::string next = " + " + filled(made.terms[shown], write);
    if (some.size() + next.size() + last.size() + after.size() + 20 > width) break;
    some += next;
    ++shown;
  }
  if (shown + 1 == count) return some + " + " + last + after;
  return fmt::format("{} + ... {} more ... + {}{}", some, count - shown - 1, last, after);
}

class TextWriter {
 public:
  TextWriter(const Explanation& explanation, const ExplainView& view) : explanation_(explanation), view_(view) {}

  std::string take() { return std::move(text_); }
  void line(const std::string& text) { text_ += text + '\n'; }
  void heading(const std::string& text) { line('\n' + styled("\x1b[1m", text)); }
  std::string styled(const char* style, const std::string& text) const {
    return view_.color ? style + text + "\x1b[0m" : text;
  }

  void head() {
    const TrainOptions& options = explanation_.options;
    line(fmt::format("network: {}", describe(explanation_.architecture)));
    line(fmt::format("loss {}; optimizer {}, learning rate {}, weight decay {}{}", loss_name(options.loss),
                     optimizer_name(options.optimizer), options.learning_rate, options.weight_decay,
                     options.clip_norm > 0 ? fmt::format(", clip norm {}", options.clip_norm) : ""));
    line(fmt::format("m = {} row{}: {}", explanation_.rows.size(), explanation_.rows.size() == 1 ? "" : "s",
                     rows_text()));
    line(wrapped(
        "engine: computed as in training, in float; reference: the same in double; bound: limit of the rounding "
        "errors; (3): formula 3 in the tutorial",
        0));
  }

  // A line with the three columns at its end, or on the next line if they do not fit.
  void numbers(const std::string& left, const Entry& entry) {
    const double difference = entry.engine() - entry.reference();
    const bool beyond = !(std::abs(difference) <= entry.bound());
    std::string right = fmt::format("{:>14.7g} {:>17.10g} {:>10}", entry.engine(), entry.reference(),
                                    difference == 0 ? "0" : fmt::format("{:+.1e}", difference));
    if (beyond) right = styled("\x1b[31m", right + fmt::format("  exceeds its bound {:.1e}", entry.bound()));
    if (left.size() + kNumbers > view_.width) {
      line(left);
      line(std::string(view_.width > kNumbers ? view_.width - kNumbers : 0, ' ') + right);
    } else {
      line(left + std::string(view_.width - kNumbers - left.size(), ' ') + right);
    }
  }

  std::size_t width_left(std::size_t used) const { return view_.width > used + 24 ? view_.width - used : 24; }

  void column_heads() {
    if (view_.width < kNumbers) return;
    line(std::string(view_.width - kNumbers, ' ') +
         fmt::format("{:>14} {:>17} {:>10}", "engine", "reference", "difference"));
  }

  // "(5.1 - 5.84) / 0.83" for an input of a table.
  std::string pipeline(const Entry& entry) const {
    if (entry.tensor->name == "y" && !explanation_.output_names.empty())
      return harmless(explanation_.output_names[std::min(entry.column, explanation_.output_names.size() - 1)]);
    if (entry.tensor->name != "a1" || explanation_.columns.empty()) return {};
    const InputColumn& column = explanation_.columns[entry.column];
    const std::string raw = harmless(explanation_.raw_inputs[entry.row][entry.column]), name = harmless(column.name);
    if (column.constant) return fmt::format("{} (constant in the training rows)", name);
    if (!column.landmarks.empty()) return fmt::format("{} = normal quantile of the rank of {}", name, raw);
    if (column.shift == 0 && column.scale == 1 && !column.clipped) return fmt::format("{} = {}", name, raw);
    const int digits = std::fabs(column.shift) < 1e6 ? 6 : 12;  // seconds since 1970 differ only in the last digits
    const std::string v = fmt::format("({} - {:.{}g}) / {:.6g}", raw, column.shift, digits, column.scale);
    return fmt::format("{} = {}{}", name, column.clipped ? "v / sqrt(1 + (v / 3)^2), v = " : "", v);
  }

  void entry(const ExplainedStep& step, const Entry& at) {
    const std::string name = name_of(explanation_, at);
    std::string left = "    " + name;
    const Derivation made = derive(explanation_, step, at);
    const std::string given = pipeline(at);
    if (!made.is_given())
      left +=
          " = " + sum_text(made, width_left(left.size() + 3), [](const Entry& e) { return factor_text(e.engine()); });
    else if (!given.empty())
      left += "  " + given;
    numbers(left, at);
  }

  void tensor(const ExplainedStep& step, const Tensor& tensor) {
    const Formula formula = formula_of(explanation_, step, tensor);
    std::string left = formula.text.empty() ? "" : " = " + formula.text;
    if (!formula.article.empty()) left += "  (" + formula.article + ")";
    const std::string description = "  " + formula.meaning + spread(tensor), name = styled("\x1b[36m", tensor.name);
    if (2 + tensor.name.size() + left.size() + description.size() <= view_.width)
      line("  " + name + left + description);
    else
      line("  " + name + wrapped(left, 2 + tensor.name.size()) + (left.empty() ? "" : "\n     ") +
           wrapped(description, left.empty() ? 2 + tensor.name.size() : 5));
    const TensorName parts = parts_of(tensor.name);
    const bool memory = parts.symbol.starts_with("first_") || parts.symbol.starts_with("second_");
    if (memory && std::ranges::all_of(tensor.engine, [](double x) { return x == 0; })) return line("    all 0");
    const std::vector<Entry> requested = entries(tensor);
    const bool of_rows = tensor.columns > 1 && tensor.rows == explanation_.rows.size() && !parts.of_parameters();
    if (!of_rows) return list(step, requested, "");
    for (std::size_t first = 0, row = 0; first < requested.size(); ++row) {  // each row shows equally many numbers
      std::size_t last = first;
      while (last < requested.size() && requested[last].row == requested[first].row) ++last;
      if (row == view_.max_numbers) return line(fmt::format("    ... {} more rows", tensor.rows - row));
      list(step, {requested.begin() + static_cast<long>(first), requested.begin() + static_cast<long>(last)},
           tensor.rows > 1 ? fmt::format(" of row {}", explanation_.rows[requested[first].row]) : "");
      first = last;
    }
  }

  void list(const ExplainedStep& step, const std::vector<Entry>& requested, const std::string& of) {
    const std::size_t shown = requested.size() <= view_.max_numbers + 1 ? requested.size() : view_.max_numbers;
    for (std::size_t k = 0; k < shown; ++k) entry(step, requested[k]);
    if (shown < requested.size()) line(fmt::format("    ... {} more{}", requested.size() - shown, of));
  }

  bool is_requested(const Tensor& tensor) const {
    if (view_.layer == 0) return true;
    const TensorName parts = parts_of(tensor.name);
    if (parts.layer == 0) return view_.layer == layers_of(explanation_) && parts.symbol != "gradient_norm";
    return parts.layer + (parts.of_parameters() ? 1 : 0) == view_.layer;
  }

 private:
  std::string rows_text() const {
    std::string text;
    for (std::size_t k = 0; k < explanation_.rows.size() && k < view_.max_numbers; ++k)
      text += (k == 0 ? "" : ", ") + std::to_string(explanation_.rows[k]) + label_of(k);
    if (explanation_.rows.size() > view_.max_numbers)
      text += fmt::format(", ... {} more", explanation_.rows.size() - view_.max_numbers);
    return text;
  }
  std::string label_of(std::size_t row) const {
    return explanation_.raw_targets.empty() ? "" : " (" + harmless(explanation_.raw_targets[row]) + ")";
  }

  // Breaks lines between words. `used` columns of the first line are taken; the others begin with six blanks.
  std::string wrapped(const std::string& text, std::size_t used) const {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(' ', at + 1), text.size());
      if (used + end - at > view_.width && used > 6) {
        out += "\n     ";
        used = 5;
      }
      out.append(text, at, end - at);
      used += end - at;
      at = end;
    }
    return out;
  }

  // The largest difference, and its bound.
  static std::string spread(const Tensor& tensor) {
    double difference = 0, bound = 0;
    for (std::size_t k = 0; k < tensor.engine.size(); ++k) {
      difference = std::max(difference, std::abs(tensor.engine[k] - tensor.reference[k]));
      bound = std::max(bound, tensor.bound[k]);
    }
    if (bound == 0 && difference == 0) return ": exact";
    const std::string largest = difference == 0 ? "0" : fmt::format("{:.1e}", difference);
    return fmt::format(": largest difference {}, bound {:.1e}", largest, bound);
  }

  std::vector<Entry> entries(const Tensor& tensor) const {
    const TensorName parts = parts_of(tensor.name);
    const bool parameters = parts.of_parameters();
    const bool units = parts.layer > 0 || tensor.name == "y" || tensor.name == "y_smooth" || tensor.name == "p";
    std::vector<Entry> requested;
    for (std::size_t row = 0; row < tensor.rows; ++row)
      for (std::size_t column = 0; column < tensor.columns; ++column)
        if (view_.unit == 0 || !units || (parameters ? row : column) + 1 == view_.unit)
          requested.push_back({&tensor, row, column});
    return requested;
  }

  const Explanation& explanation_;
  ExplainView view_;
  std::string text_;
};

ExplainView checked(const Explanation& explanation, ExplainView view) {
  const std::size_t layers = layers_of(explanation);
  if (view.layer > layers) throw option_error("layer", fmt::format("expected 1 to {}, found {}", layers, view.layer));
  std::size_t widest = explanation.architecture.inputs;
  for (const Layer& layer : explanation.architecture.layers) widest = std::max(widest, layer.outputs);
  if (view.layer > 0)
    widest =
        view.layer == 1 ? explanation.architecture.inputs : explanation.architecture.layers[view.layer - 2].outputs;
  if (view.unit > widest) throw option_error("unit", fmt::format("expected 1 to {}, found {}", widest, view.unit));
  view.width = std::max<std::size_t>(view.width, 40);
  if (view.unit > 0) view.max_numbers = std::max<std::size_t>(view.max_numbers, 32);
  return view;
}

// Prints the derivation of one number down to the inputs.
struct Path {
  TextWriter& writer;
  const Explanation& explanation;
  const ExplainedStep& step;
  ExplainView view;
  std::vector<Entry> shown = {};

  static constexpr std::size_t kMaxLines = 500, kMaxFactors = 8, kFirstFactors = 4;

  void show(const Entry& entry, std::size_t depth) {
    if (std::ranges::find(shown, entry) != shown.end() || shown.size() >= kMaxLines) return;
    shown.push_back(entry);
    const Derivation made = derive(explanation, step, entry);
    std::string left = std::string(2 + 2 * std::min<std::size_t>(depth, 10), ' ') + name_of(explanation, entry);
    const std::string given = writer.pipeline(entry);
    const Formula formula = formula_of(explanation, step, *entry.tensor);
    const std::string what = parts_of(entry.tensor->name).after ? "a forward pass with the new weights" : "given";
    if (made.is_given()) return writer.numbers(left + "  " + (given.empty() ? what : given), entry);
    writer.line(
        left + " = " +
        sum_text(made, writer.width_left(left.size() + 3), [&](const Entry& e) { return name_of(explanation, e); }) +
        (formula.article.empty() ? "" : "  (" + formula.article + ")"));
    const std::string indent(left.size() - name_of(explanation, entry).size() + 4, ' ');
    writer.numbers(indent + "= " +
                       sum_text(made, writer.width_left(indent.size() + 2),
                                [](const Entry& e) { return factor_text(e.engine()); }),
                   entry);
    below(made, depth);
  }

  void below(const Derivation& made, std::size_t depth) {
    std::vector<Entry> factors = made.before.factors;
    for (const Term& term : made.terms) factors.insert(factors.end(), term.factors.begin(), term.factors.end());
    std::erase_if(factors, [&](const Entry& factor) {
      const bool weight = derive(explanation, step, factor).is_given() && factor.tensor->name != "a1";
      return weight || std::ranges::find(shown, factor) != shown.end();
    });
    const std::size_t maximum = factors.size() > kMaxFactors ? kFirstFactors : factors.size();
    for (std::size_t k = 0; k < maximum; ++k) show(factors[k], depth + 1);
    if (maximum < factors.size())
      writer.line(std::string(4 + 2 * std::min<std::size_t>(depth, 10), ' ') +
                  fmt::format("... {} more factors of the same kind", factors.size() - maximum));
  }
};

[[noreturn]] void refuse_name(const std::string& name, const std::string& expected) {
  throw option_error("parameter", "expected " + expected + ", found " + in_quotes(name),
                     "names such as W2[3,1], b1[2] or delta3[2]");
}

// The numbers in brackets, from 1: "[3,1]", or "[3; row 17]" with the row of the file last.
struct Subscript {
  std::vector<std::size_t> numbers;
  std::size_t row = 0;  // 0 = not given
};

Subscript subscript_in(const std::string& name, std::string_view text) {
  Subscript subscript;
  if (text.empty()) return subscript;
  const auto number = [&] {
    std::size_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || value == 0) refuse_name(name, "numbers from 1 in brackets");
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
  };
  text.remove_prefix(1);
  subscript.numbers.push_back(number());
  while (text.starts_with(",")) {
    text.remove_prefix(1);
    subscript.numbers.push_back(number());
  }
  if (text.starts_with("; row ")) {
    text.remove_prefix(6);
    subscript.row = number();
  }
  if (text != "]") refuse_name(name, "a closing bracket at the end");
  return subscript;
}

// "W2[3,1]", "b1[2]", "z2[3]" (of the first row), "z2[3; row 17]", "loss" in a step.
Entry entry_of(const Explanation& explanation, const ExplainedStep& step, const std::string& name) {
  const std::size_t bracket = std::min(name.find('['), name.size());
  std::string tensor_name = name_from_json(name.substr(0, bracket));
  if (step.find(tensor_name + "_after") != nullptr && parts_of(tensor_name).layer > 0) tensor_name += "_after";
  const Tensor* tensor = step.find(tensor_name);
  if (tensor == nullptr) refuse_name(name, "a quantity of the step, such as W1, b2, z2 or delta3");
  const Subscript subscript = subscript_in(name, std::string_view(name).substr(bracket));
  const TensorName parts = parts_of(tensor_name);
  const bool of_parameters = parts.of_parameters();
  const bool whole = parts.layer == 0 && tensor->rows * tensor->columns == 1;
  const std::size_t requested = whole ? 0 : parts.of_weights() ? 2 : 1;
  const auto row = std::ranges::find(explanation.rows, subscript.row);
  if (subscript.row > 0 && (of_parameters || whole || row == explanation.rows.end()))
    refuse_name(name, "one of the explained rows");
  Entry entry{tensor, 0, 0};
  if (subscript.numbers.size() == requested && requested > 0) {
    entry.row = of_parameters       ? subscript.numbers[0] - 1
                : subscript.row > 0 ? static_cast<std::size_t>(row - explanation.rows.begin())
                                    : 0;
    if (!parts.of_biases()) entry.column = subscript.numbers.back() - 1;
  }
  if (subscript.numbers.size() != requested || entry.row >= tensor->rows || entry.column >= tensor->columns)
    refuse_name(name, fmt::format("an index within {}, which is {} x {}", name.substr(0, bracket), tensor->rows,
                                  tensor->columns));
  return entry;
}

}  // namespace

std::string explain_text(const Explanation& explanation, const ExplainView& requested) {
  const ExplainView view = checked(explanation, requested);
  TextWriter writer(explanation, view);
  writer.head();
  for (const ExplainedStep& step : explanation.steps) {
    std::string part;
    for (const Tensor& tensor : step.tensors) {
      if (!writer.is_requested(tensor)) continue;
      if (part != part_of(tensor)) {
        part = part_of(tensor);
        writer.heading(fmt::format("step {}: {}", step.step, part == "before the step" ? "start" : part));
        writer.column_heads();
      }
      writer.tensor(step, tensor);
    }
  }
  return writer.take();
}

std::string explain_path(const Explanation& explanation, const std::string& name, const ExplainView& requested) {
  const ExplainView view = checked(explanation, requested);
  TextWriter writer(explanation, view);
  writer.head();
  for (const ExplainedStep& step : explanation.steps) {
    const Entry entry = entry_of(explanation, step, name);
    writer.heading(fmt::format("step {}: {}, from its update down to the inputs", step.step, name));
    writer.column_heads();
    Path path{writer, explanation, step, view};
    path.show(entry, 0);
    if (path.shown.size() >= Path::kMaxLines)
      writer.line(fmt::format("  ... and so on; the output stops after {} numbers", Path::kMaxLines));
  }
  return writer.take();
}

}  // namespace chainrule

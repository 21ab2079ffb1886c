// SPDX-License-Identifier: Apache-2.0
// Converts a table to numbers for a network, and back: which columns, how scaled, which classes. Fitted on the training
// rows only; stored in the model, so that new data are encoded in the same way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chainrule/data/columns/dates.h"
#include "chainrule/data/scaling.h"
#include "chainrule/data/table.h"
#include "chainrule/engine/dataset.h"

#pragma GCC visibility push(default)
namespace chainrule {

enum class Task { classes, number };

/// A column of the table, and its inputs of the network. A number has one input, and a second one that flags missing
/// values if training had any. A boolean is the number 0 or 1. A date has one input for its seconds, and the sine and
/// cosine of each cycle that varies over the training rows, both 0 where it is missing. A category has one input per
/// value (1 where the row has it, else 0), and one for all unseen values.
struct InputColumn {
  std::string name;
  double shift = 0;                                 ///< of a number: v = (x - shift) / scale
  double scale = 1;                                 ///< > 0; 1 for a constant column
  bool constant = false;                            ///< one value on all training rows: always encoded as 0
  bool clipped = false;                             ///< smooth_clip(v) instead of v
  std::vector<double> landmarks = {}, scores = {};  ///< of quantile scaling, see Scale; else empty
  double fill = 0;                                  ///< replaces a missing number: the median of the training rows
  bool may_miss = false;                            ///< whether the number was missing in some training row
  bool categorical = false;
  std::vector<std::string> categories = {};  ///< sorted; "" is the missing value; at most kMaxCategories
  bool boolean = false;                      ///< words such as yes and no, see boolean_from_text()
  std::optional<DateForm> date = {};         ///< date format of the column
  std::vector<Cycle> cycles = {};            ///< of a date, each once, in order
  /// Smallest and largest number on the training rows; infinite if unknown.
  double minimum = -std::numeric_limits<double>::infinity(), maximum = std::numeric_limits<double>::infinity();

  std::size_t width() const { return categorical ? categories.size() + 1 : 1 + 2 * cycles.size() + (may_miss ? 1 : 0); }
};
/// Maximum number of categories of a column with their own inputs: the most frequent ones on the training rows.
constexpr std::size_t kMaxCategories = 100;

struct Encoder {
  bool match_by_name = false;                     ///< the training data had a header
  std::vector<InputColumn> inputs;                ///< empty for images
  std::size_t image_height = 0, image_width = 0;  ///< images: byte / 255 per pixel
  Task task = Task::classes;
  std::string target;                         ///< name of the target column
  std::size_t target_column = 0;              ///< its column number in the training data, from 1
  std::string weight;                         ///< name of the column with sample weights; "" = none
  std::size_t weight_column = 0;              ///< its column number in the training data, from 1; 0 = none
  std::size_t training_columns = 0;           ///< how many columns the training data had
  std::vector<std::size_t> input_columns;     ///< numbers of the input columns in the training data, from 1
  std::vector<std::string> labels;            ///< classes: spelling of each, in the order of the outputs
  std::vector<double> class_weights;          ///< classes: weight of each in the loss; empty = all 1
  double target_shift = 0, target_scale = 1;  ///< numbers: original unit = scale * value + shift
  /// Numbers, in the original unit: predictions are clamped to this range.
  double min_prediction = -std::numeric_limits<double>::infinity();
  double max_prediction = std::numeric_limits<double>::infinity();

  bool images() const { return image_height > 0; }
  /// Columns or pixels of a row before it is encoded.
  std::size_t columns() const { return images() ? image_height * image_width : inputs.size(); }
  /// Inputs of the network.
  std::size_t width() const {
    std::size_t sum = images() ? columns() : 0;
    for (const InputColumn& input : inputs) sum += input.width();
    return sum;
  }
  std::size_t outputs() const { return task == Task::classes ? labels.size() : 1; }
};

struct EncoderOptions;

/// Fits shift and scale of inputs and target, categories and medians to these rows; lists constant columns in `notes`.
void fit_encoder(Encoder& encoder, const Table& table, std::span<const std::size_t> rows, const EncoderOptions& options,
                 std::vector<Note>& notes);

/// The scaled number as in encode(), clamped to the range of a float; 0 for a constant column.
float encode_number(const InputColumn& column, double x);
/// The column.width() inputs of a column. x: the number, NaN if missing; of a boolean 0 or 1; of a date its seconds
/// since 1970 (of a time those since midnight); of a category its index in column.categories, any other value if
/// unseen.
void encode_input(const InputColumn& column, double x, std::span<float> inputs);
/// One name per input of the network: "age", "age is missing", "color = red", "color is new", "bought (linear)",
/// "bought (day of week, sin)"; none for images.
std::vector<std::string> input_names(const Encoder& encoder);
/// The numbers of a column (from 0) of the table for an input that is not a category: those of the column itself, or,
/// for booleans and dates, the values of its texts in `storage`, NaN for an unknown word. Throws Error (input) at the
/// first field without such a value.
const Column& numbers_for(const InputColumn& input, const Table& table, std::size_t index, Column& storage);

/// The data set of a table. Columns are matched by name if both have names, else by position (the target may then be
/// missing if `with_target` is false). `loss_weights` is class weights times sample weights. Throws Error (input) that
/// names what is missing or does not fit; with the target, also for a class that the model does not have.
Dataset encode(const Encoder& encoder, const Table& table, bool with_target);
/// Indices of the table's columns that the encoder reads, in its own order: inputs, target, weight. Throws as encode().
std::vector<std::size_t> columns_of(const Encoder& encoder, const Table& table);
/// Indices of the inputs only: the table need not have a target.
std::vector<std::size_t> input_columns_of(const Encoder& encoder, const Table& table);
/// Class numbers of a table's target, one per row, as encode() would give them.
std::vector<std::uint32_t> encode_labels(const Encoder& encoder, const Table& table);

}  // namespace chainrule
#pragma GCC visibility pop

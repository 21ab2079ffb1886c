// SPDX-License-Identifier: Apache-2.0
// How a table becomes numbers for a network, and predictions become values: which columns, how scaled, which classes.
// Fitted on the training rows only; stored in the model, so that new data are encoded in the same way.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/data/table.h"
#include "chainrule/engine/dataset.h"

#pragma GCC visibility push(default)
namespace chainrule {

enum class Task { classes, number };

/// v of a number x; q1, q2, q3: first quartile, median, third quartile of the training rows.
enum class Scaling {
  none,      ///< x
  standard,  ///< (x - mean) / standard deviation
  range,     ///< (x - smallest) / (largest - smallest)
  robust,    ///< v = (x - q2) / (q3 - q1), then v / sqrt(1 + (v / 3)^2), between -3 and 3 (Holzmueller et al. 2024)
  quantile   ///< the quantile of N(0, 1) with the same fraction of values below it
};

/// The date format of a column. All formats but compact and time also read plain. Where a year has two digits, 69 to 99
/// are 1969 to 1999, and 00 to 68 are 2000 to 2068 (as in POSIX).
enum class DateForm {
  plain,        ///< 2024-01-31, 2024/1/31, 31.01.2024, 31.01.24, 31 Jan 2024, Jan 31, 2024; 2024-01 is its first day
  day_first,    ///< 31/01/2024, 31/01/24
  month_first,  ///< 01/31/2024, 01/31/24
  compact,      ///< 20240131
  time,         ///< 12:30 or 12:30:05.25: seconds since midnight
  year_first    ///< 24/01/31
};

/// Periods of a date.
enum class Cycle { time_of_day, day_of_week, day_of_year };

/// A column of the table, and its inputs of the network. A number has one input, and a second one that flags missing
/// values if training had any. A boolean is the number 0 or 1. A date has one input for its seconds, and the sine and
/// cosine of each cycle that varies over the training rows, both 0 where it is missing. A category has one input per
/// value (1 where the row has it, else 0), and one for all unseen values.
struct InputColumn {
  std::string name;
  double shift = 0;                                 ///< of a number: v = (x - shift) / scale
  double scale = 1;                                 ///< > 0; 1 for a constant column
  bool constant = false;                            ///< one value on all training rows: always encoded as 0
  bool clipped = false;                             ///< v / sqrt(1 + (v / 3)^2) instead of v
  std::vector<double> landmarks = {}, scores = {};  ///< quantile scaling: rising values of x, and v of each; else empty
  double fill = 0;                                  ///< replaces a missing number: the median of the training rows
  bool may_miss = false;                            ///< whether the number was missing in some training row
  bool categorical = false;
  std::vector<std::string> categories = {};  ///< sorted; "" is the missing value; at most 100
  bool boolean = false;                      ///< words such as yes and no
  std::optional<DateForm> date = {};         ///< date format of the column
  std::vector<Cycle> cycles = {};            ///< of a date, each once, in order
  NumberNotation notation = {};              ///< how the numbers of the column are written
  /// Smallest and largest number on the training rows; infinite if unknown.
  double minimum = -std::numeric_limits<double>::infinity(), maximum = std::numeric_limits<double>::infinity();

  std::size_t width() const { return categorical ? categories.size() + 1 : 1 + 2 * cycles.size() + (may_miss ? 1 : 0); }
};

/// Fitted by plan_fit(), stored in the model.
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
  NumberNotation target_notation;             ///< how a target of numbers is written
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

struct EncoderOptions {
  std::string target = {};                    ///< name or number; "" = last column
  std::vector<std::string> ignore = {};       ///< columns left out, by name or number
  std::string weight = {};                    ///< column with sample weights; "" = none
  std::vector<std::string> categorical = {};  ///< columns of numbers to read as categories, by name or number
  std::vector<std::string> numeric = {};      ///< columns to read as numbers, running numbers too; text there = missing
  std::vector<std::string> missing = {};      ///< texts that were read as missing, besides the usual ones
  bool default_missing = true;                ///< NA, N/A, null, nan and ? were read as missing, too
  bool decimal_comma = false;                 ///< numbers were written 3,14
  char thousands = 0;                         ///< as in LoadOptions
  DateOrder date_order = DateOrder::detect;   ///< as in LoadOptions
  std::vector<std::string> date = {};         ///< columns of dates or times, by name or number
  int task = -1;                              ///< -1 = decide; else a Task
  Scaling scaling = Scaling::standard;        ///< of inputs (images are always byte / 255)
  Scaling target_scaling = Scaling::standard;  ///< of a numeric target
  bool clamp_predictions = false;              ///< to the range of a numeric target on the training rows
};

/// The data set of a table. Columns are matched by name if both have names, else by position (the target may then be
/// missing if `with_target` is false). `loss_weights` is class weights times sample weights. Throws Error (input) that
/// names what is missing or does not fit; with the target, also for a class that the model does not have.
Dataset encode(const Encoder& encoder, const Table& table, bool with_target);

}  // namespace chainrule
#pragma GCC visibility pop

// SPDX-License-Identifier: Apache-2.0
#include "cli/output/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace chainrule::cli {
namespace {

using std::chrono::duration;
constexpr duration<double> kBetweenBars{0.1}, kBetweenLines{1.0};

std::size_t terminal_width() {
  struct winsize size {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string clock_text(double seconds) {
  constexpr double kMax = 359999;  // 99 hours
  const auto whole = static_cast<unsigned long>(std::clamp(std::round(seconds), 0.0, kMax));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

// "epoch 3/100 [=====>        ] 42%  loss 0.03  validation 0.04  48210 rows/s, 0:31 left". A narrow terminal gets no
// bar, and only fields that fit completely. Returns whether any field fits.
bool draw_bar(const Terminal& terminal, const std::string& before, double fraction,
              const std::vector<std::string>& fields) {
  constexpr std::size_t kBar = 24, kMinWidthForBar = 60;
  const std::size_t width = terminal_width() - 1;  // a full line would wrap
  const auto full = std::min(static_cast<std::size_t>(fraction * kBar), kBar);
  const std::string bar =
      std::string(full, '=') + (full < kBar ? ">" : "") + std::string(kBar - std::min(kBar, full + 1), ' ');
  const bool with_bar = width >= kMinWidthForBar;
  std::size_t used = before.size() + (with_bar ? kBar + 3 : 0);
  std::string after;
  for (const std::string& field : fields) {
    if (used + field.size() > width) break;
    after += field;
    used += field.size();
  }
  if (after.empty()) return false;
  const char* const green = terminal.color ? "\x1b[32m" : "";
  const char* const plain = terminal.color ? "\x1b[0m" : "";
  const std::string drawn = with_bar ? fmt::format("[{}{}{}] ", green, bar, plain) : "";
  write_error_stream(fmt::format("\r{}{}{}\x1b[K", before, drawn, after));
  return true;
}

// The losses, the default metric of the task, and the one for early stopping.
std::string metrics_text(const char* of, const Metrics& metrics, const std::string& monitored) {
  Metrics shown;
  for (std::size_t i = 0; i < metrics.size(); ++i)
    if (i < 2 || metrics[i].name == monitored) shown.push_back(metrics[i]);
  return shown.empty() ? "" : of + metrics_line(shown);
}

std::string epoch_line(const EpochRecord& record, const std::string& monitored) {
  return fmt::format("epoch {}/{}  loss {:.4g}{}{}", record.epoch, record.epochs, record.training_loss,
                     metrics_text("  inner folds ", record.inner, monitored) +
                         metrics_text("  validation ", record.validation, monitored),
                     record.best && !(record.inner.empty() && record.validation.empty()) ? "  best so far" : "");
}

}  // namespace

std::string metrics_line(const Metrics& metrics) {
  std::string line;
  for (const Metric& metric : metrics)
    line += fmt::format("{}{} {:.4g}", line.empty() ? "" : "  ", metric.name, metric.value);
  return line;
}

Progress::Progress(const Terminal& terminal, std::size_t rows, const TrainOptions& options)
    : terminal_(terminal),
      rows_(rows),
      epochs_(options.epochs),
      monitored_(options.metric),
      plateau_factor_(options.plateau_factor),
      start_(Clock::now()),
      shown_(start_ - std::chrono::hours(1)) {}

Progress::~Progress() { finish(); }

double Progress::seconds() const { return duration<double>(Clock::now() - start_).count(); }

Observer Progress::observer(std::function<bool()> should_stop) {
  Observer observer;
  observer.should_stop = std::move(should_stop);
  if (terminal_.loudness == Loudness::quiet) return observer;
  if (terminal_.is_terminal) observer.on_step = [this](const StepRecord& record) { on_step(record); };
  observer.on_epoch = [this](const EpochRecord& record) { on_epoch(record); };
  return observer;
}

void Progress::on_step(const StepRecord& record) {
  step_loss_ = record.loss;
  if (Clock::now() - shown_ < kBetweenBars) return;
  const auto part = static_cast<double>(record.step_in_epoch) / static_cast<double>(record.steps_per_epoch);
  draw(static_cast<double>(record.epoch - 1) + part);
}

void Progress::on_epoch(const EpochRecord& record) {
  last_ = record;
  pending_ = true;
  const bool every = terminal_.loudness == Loudness::verbose;
  if (every || (!terminal_.is_terminal && Clock::now() - shown_ >= kBetweenLines)) {
    if (bar_) write_error_stream("\r\x1b[K");
    bar_ = pending_ = false;
    say(terminal_, epoch_line(record, monitored_) + (every ? fmt::format("  learning rate {:.4g}", record.learning_rate)
                                                           : "  " + speed(static_cast<double>(record.epoch))));
    if (every && record.lowers_rate)
      say(terminal_, fmt::format("{} has not improved: the learning rate is multiplied by {:.4g} from now on",
                                 monitored_, plateau_factor_));
    if (!terminal_.is_terminal) shown_ = Clock::now();
  }
  if (terminal_.is_terminal && Clock::now() - shown_ >= kBetweenBars) draw(static_cast<double>(record.epoch));
}

// "48210 rows/s, 0:31 left"
std::string Progress::speed(double epochs_done) const {
  const double rate = epochs_done * static_cast<double>(rows_) / std::max(seconds(), 1e-9);
  const double left = seconds() * (static_cast<double>(epochs_) - epochs_done) / epochs_done;
  return fmt::format("{:.0f} rows/s, {} left", rate, clock_text(left));
}

void Progress::draw(double epochs_done) {
  const std::string before =
      fmt::format("epoch {}/{} ", std::min<std::size_t>(static_cast<std::size_t>(epochs_done) + 1, epochs_), epochs_);
  const double fraction = epochs_done / static_cast<double>(epochs_);
  std::vector<std::string> fields{fmt::format("{}%", static_cast<int>(fraction * 100)),
                                  fmt::format("  loss {:.4g}", last_ ? last_->training_loss : step_loss_)};
  if (last_ && !last_->validation.empty())
    fields.push_back(fmt::format("  validation {:.4g}", last_->validation[0].value));
  fields.push_back("  " + speed(epochs_done));
  if (!draw_bar(terminal_, before, fraction, fields)) return;
  bar_ = true;
  shown_ = Clock::now();
}

void Progress::finish() {
  if (bar_) write_error_stream("\r\x1b[K");
  if (pending_) say(terminal_, epoch_line(*last_, monitored_));
  bar_ = pending_ = false;
}

TrainingsProgress::TrainingsProgress(const Terminal& terminal, std::size_t trainings, std::size_t epochs)
    : terminal_(terminal),
      done_(trainings, 0.0),
      epochs_(epochs),
      start_(Clock::now()),
      shown_(start_ - std::chrono::hours(1)) {}

TrainingsProgress::~TrainingsProgress() { clear(); }

double TrainingsProgress::seconds() const { return duration<double>(Clock::now() - start_).count(); }

void TrainingsProgress::on_epoch(std::size_t training, const EpochRecord& record) {
  done_[training] = static_cast<double>(record.epoch) / static_cast<double>(epochs_);
  if (terminal_.is_terminal && terminal_.loudness != Loudness::quiet && Clock::now() - shown_ >= kBetweenBars) draw();
}

void TrainingsProgress::end(std::size_t training) {
  done_[training] = 1;
  ++ended_;
}

void TrainingsProgress::draw() {
  double fraction = 0;
  for (const double done : done_) fraction += done / static_cast<double>(done_.size());
  const double left = seconds() * (1 - fraction) / std::max(fraction, 1e-9);
  bar_ = draw_bar(terminal_, fmt::format("{} of {} training runs ", ended_, done_.size()), fraction,
                  {fmt::format("{}%", static_cast<int>(fraction * 100)), fmt::format("  {} left", clock_text(left))});
  shown_ = Clock::now();
}

void TrainingsProgress::clear() {
  if (bar_) write_error_stream("\r\x1b[K");
  bar_ = false;
}

}  // namespace chainrule::cli

// SPDX-License-Identifier: Apache-2.0
// check [MODEL] DATA: checks the gradient and the engine, with planted faults.
#include <limits>

#include "chainrule/data/table_rows.h"
#include "chainrule/report/documents.h"
#include "cli/commands/commands.h"
#include "cli/commands/subject.h"
#include "cli/output/check.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kRows = 32;

std::size_t max_parameters_of(const Arguments& arguments) {
  if (arguments.text("most") == "all") return 0;
  return whole_flag(arguments, "most", std::numeric_limits<std::uint32_t>::max(), CheckOptions().max_parameters);
}

}  // namespace

int check_command(const Arguments& arguments, const Terminal& terminal) {
  CheckOptions options;
  options.max_parameters = max_parameters_of(arguments);
  const Subject subject = load_subject(arguments, terminal, kRows);
  options.seed = subject.options.seed;
  CheckFacts facts{subject.origin,
                   describe(subject.network.architecture),
                   std::string(loss_name(subject.options.loss)),
                   subject.options.weight_decay,
                   options.seed,
                   subject.rows};
  for (std::size_t& row : facts.rows) row = number_of_row(subject.table, row);
  const CheckReport report =
      check_gradients(subject.network.architecture, reference_parameters(subject.network), subject.options.loss,
                      subject.batch, subject.options.weight_decay, options);
  Output output;
  output.write(arguments.is_true("json") ? check_document(report, facts) : check_text(report, facts));
  output.finish();
  const std::string failure = report.failure();
  if (!failure.empty()) throw Error(ErrorCategory::check, failure);
  return 0;
}

}  // namespace chainrule::cli

// SPDX-License-Identifier: Apache-2.0
// The result of `tune` as text.
#pragma once

#include <string>

#include "chainrule/report/tune_report.h"
#include "chainrule/training/tune.h"

namespace chainrule::cli {

std::string tune_text(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts);
}  // namespace chainrule::cli

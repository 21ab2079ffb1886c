// SPDX-License-Identifier: Apache-2.0
// Start here: every public header, in the order in which to read them. From a file to a model:
//
//   #include <chainrule/chainrule.h>
//   int main() {
//     const chainrule::Table table = chainrule::formats::load_table("data/iris.csv");
//     chainrule::FitOptions options;
//     options.hidden = {16};  // and much more: see fit.h, options.h
//     const chainrule::FitResult result = chainrule::fit(table, options);
//     chainrule::formats::save_model(result.model, "iris.safetensors");
//   }
#pragma once
// clang-format off
// Things.
#include "chainrule/version.h"
#include "chainrule/error.h"
#include "chainrule/matrix.h"
#include "chainrule/weights.h"
#include "chainrule/random.h"
#include "chainrule/sha256.h"
#include "chainrule/atomic_file.h"
// One training step.
#include "chainrule/train.h"
#include "chainrule/network.h"
#include "chainrule/activation.h"
#include "chainrule/loss.h"
#include "chainrule/optimizer.h"
#include "chainrule/schedule.h"
// Around it.
#include "chainrule/initialize.h"
#include "chainrule/dataset.h"
#include "chainrule/dataset_split.h"
#include "chainrule/metrics.h"
#include "chainrule/metrics_threshold.h"
#include "chainrule/estimates.h"
#include "chainrule/health.h"
#include "chainrule/history.h"
// From a table to a model.
#include "chainrule/dates.h"
#include "chainrule/scaling.h"
#include "chainrule/table.h"
#include "chainrule/column_type.h"
#include "chainrule/encoder.h"
#include "chainrule/model.h"
#include "chainrule/fit.h"
#include "chainrule/options.h"
#include "chainrule/cross_validation.h"
#include "chainrule/tuning.h"
#include "chainrule/formats/formats.h"
#include "chainrule/truth_fault.h"
#include "chainrule/truth.h"
#include "chainrule/diagnosis.h"
#include "chainrule/truth_probe.h"
#include "chainrule/roundings.h"
#include "chainrule/explain.h"
#include "chainrule/gradient_check.h"
#include "chainrule/derivation.h"
#include "chainrule/explain_text.h"
#include "chainrule/processor.h"
#include "chainrule/rate_test.h"
#include "chainrule/trivial_loss.h"

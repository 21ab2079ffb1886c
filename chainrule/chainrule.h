// SPDX-License-Identifier: Apache-2.0
// Start here: every public header, in the order in which to read them. From a file to a model:
//
//   #include <chainrule/chainrule.h>
//   int main() {
//     const chainrule::Table table = chainrule::formats::load_table("data/iris.csv");
//     chainrule::FitOptions options;
//     options.hidden = {16};  // and much more: see fit_options.h
//     const chainrule::FitResult result = chainrule::fit(table, options);
//     chainrule::formats::save_model(result.model, "iris.safetensors");
//   }
#pragma once
// clang-format off
// Things.
#include "chainrule/base/version.h"
#include "chainrule/base/message.h"
#include "chainrule/base/error.h"
#include "chainrule/base/note.h"
#include "chainrule/base/matrix.h"
// One training step.
#include "chainrule/engine/train_step.h"
#include "chainrule/engine/workspace.h"
#include "chainrule/engine/formulas/activation.h"
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/formulas/optimizer.h"
#include "chainrule/engine/formulas/schedule.h"
#include "chainrule/engine/network.h"
#include "chainrule/engine/kernels/weights.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/engine/train_options.h"
#include "chainrule/engine/inference.h"
// Whether its gradients are right.
#include "chainrule/explain/gradient_check.h"
// From a table to inputs.
#include "chainrule/data/table.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/encoder.h"
#include "chainrule/data/drift.h"
#include "chainrule/data/split.h"
// Whether predictions are good.
#include "chainrule/metrics/metrics.h"
// From inputs to a model.
#include "chainrule/training/train.h"
#include "chainrule/training/options/fit_options.h"
#include "chainrule/training/options/options.h"
#include "chainrule/training/fit.h"
#include "chainrule/training/cross_validation.h"
#include "chainrule/training/tune.h"
#include "chainrule/training/rates/learning_rate_finder.h"
#include "chainrule/model/model.h"
#include "chainrule/model/prediction.h"
#include "chainrule/model/evaluation.h"
#include "chainrule/model/formats/safetensors.h"

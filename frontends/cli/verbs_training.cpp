// SPDX-License-Identifier: Apache-2.0
// The verbs that train models: train, cv, tune, replay.
#include "cli/verb_parts.h"

namespace chainrule::cli {
namespace {

Flag config() { return with_value("config", "FILE", "take options from a TOML file; the command line is stronger"); }

Flag max_memory() {
  return with_value("max-memory", "SIZE", "refuse to train when more is needed, e.g. 512M or 8G",
                    "what the machine has");
}

Flag report() { return with_value("report", "FILE", "write there a page that shows what was found (docs/formats.md)"); }

}  // namespace

Verb train_verb() {
  Verb verb{"train",
            "train a network on a data file and write a model file",
            {"Train a network on a data file and write a model file: columns, scaling, labels and weights together."},
            {"chainrule train data/digits.csv --target digit -o digits.safetensors",
             "chainrule train houses.csv --ignore id --epochs 200 --patience 20",
             "chainrule train patients.csv --group patient --test-split 0.2",
             "chainrule train fraud.csv --time date --class-weight balanced --threshold-metric f1",
             "chainrule train mnist/ --preset classic --hidden 30 --epochs 30 --lr 3 --batch-size 10",
             "chainrule train --preset classic --print-config > run.toml"},
            {{"DATA", kDataHelp}},
            {},
            true};
  verb.flags = {
      lettered("o", with_value("output", "FILE", "where the model goes", "model.safetensors")),
      yes_or_no("force", "replace an output file that exists"),
      with_value("run", "NAME",
                 "leave model, metrics, configuration and report.html in runs/NAME instead; time: named by the time"),
      with_value("validation", "FILE", "watch the training on these rows instead of a part of DATA"),
      yes_or_no("find-learning-rate", "first measure which learning rate suits, and take it (docs/learning-rates.md)"),
      yes_or_no("find-layer-rates", "and which multipliers of it suit the layers' weights and biases"),
      config(),
      yes_or_no("print-config", "print the options in force as TOML and stop"),
      with_value("log", "FILE", "write JSON lines there, one per epoch, as the training goes (docs/formats.md)"),
      with_value("health-every", "N", "and one for every N-th step, with statistics of each layer", "never"),
      report(),
      max_memory(),
      threads(),
      yes_or_no("json", "end with one JSON document on standard output"),
  };
  add_reading(verb.flags);
  return verb;
}

Verb cv_verb() {
  Verb verb{
      "cv",
      "cross-validate: test every row once with a model that never saw it",
      {"Divide the rows into folds, train a network for each fold on the other rows, and test it on the fold: mean, "
       "standard deviation and 95 % interval of each metric, for the options of train (docs/rows.md).",
       "Folds have the classes in proportion; --group keeps groups in one fold; with --time each fold is tested by "
       "a model of all rows before it. Trainings run side by side; no bit depends on how many.",
       "chainrule train DATA --test-fold 3/5 trains the model that was tested on fold 3 of 5."},
      {"chainrule cv data/iris.csv --folds 10", "chainrule cv houses.csv --target price --repeats 3 --json",
       "chainrule cv patients.csv --group patient --predictions out-of-fold.csv",
       "chainrule cv sales.csv --time date --ignore date"},
      {{"DATA", kDataHelp}},
      {},
      true};
  verb.flags = {
      with_value("folds", "N", "parts that the rows are divided into", "5"),
      with_value("repeats", "N", "how often all is done; the second time with seed + 1, and so on", "1"),
      with_value("predictions", "FILE", "write the answer to each row, by the model that did not see it, as CSV"),
      with_value("id", "COLUMN", "put this column of the data in front of them, by name or number"),
      report(),
      yes_or_no("force", "replace an output file that exists"),
      config(),
      max_memory(),
      threads(),
      yes_or_no("json", "print one JSON document"),
  };
  verb.idle = {"test-fold", "validation-rows"};
  add_reading(verb.flags);
  return verb;
}

Verb tune_verb() {
  Verb verb{
      "tune",
      "search for better options, and train with the best",
      {"Try options of train by cross-validation, most of them on few folds and the best on all, and train a model "
       "with "
       "the winner. A fifth of the rows (--test-split) takes no part: the winner and the options as given are measured "
       "there at the end. Where no trial is better by more than the standard error, the options as given win, and it "
       "says so "
       "(docs/tune.md).",
       "Options that are set stay as they are; the others of those that matter are varied, --range says how else. "
       "Trials "
       "are written as they end, and --resume goes on after a stop. The same trials and winner on any number of "
       "threads."},
      {"chainrule tune data/iris.csv --trials 20", "chainrule tune houses.csv --target price --minutes 10",
       "chainrule tune houses.csv --range learning_rate=0.001..0.1 --range 'hidden=64,64|256,256' --epochs 64",
       "chainrule tune patients.csv --group patient --score roc_auc --resume"},
      {{"DATA", kDataHelp}},
      {},
      true};
  verb.flags = {
      with_value("trials", "N", "sets of options to try, beside those given", "30"),
      with_value("minutes", "M", "begin no training after so many minutes", "no limit"),
      with_value("folds", "N", "parts that the rows of the search are divided into", "5"),
      with_value("score", "METRIC", "what decides", "log_loss of classes, rmse of a number"),
      repeatable(with_value("range", "OPTION=VALUES", "what to try of an option: LOW..HIGH or VALUE|VALUE")),
      with_value("trials-file", "FILE", "where the trials are written, as JSON lines", "trials.jsonl"),
      yes_or_no("resume", "go on with the trials of a search that was stopped"),
      report(),
      lettered("o", with_value("output", "FILE", "where the model goes", "model.safetensors")),
      yes_or_no("force", "replace output files that exist"),
      config(),
      max_memory(),
      threads(),
      yes_or_no("json", "print one JSON document"),
  };
  verb.idle = {"test-fold", "validation-rows"};
  add_reading(verb.flags);
  return verb;
}

Verb replay_verb() {
  Verb verb{"replay",
            "train again, and compare the bits",
            {"Train again as a run or a model was trained, and compare weights and metrics to the bit: exit 0 when "
             "they are the "
             "same, 5 when not. The data must be those of the training; an interrupted training is ended after the "
             "same step.",
             "RUN is a folder that train --run made, and knows its data; of a MODEL, give the DATA."},
            {"chainrule replay runs/first", "chainrule replay digits.safetensors data/digits.csv",
             "chainrule replay runs/first moved/digits.csv --json"},
            {{"RUN", "folder that train --run made, or a model file"}, {"DATA", kDataHelp, false}},
            {},
            false};
  verb.flags = {
      with_value("validation", "FILE", "the file that train --validation had", "the run's"),
      threads(),
      yes_or_no("json", "print one JSON document"),
  };
  add_reading(verb.flags);
  return verb;
}

}  // namespace chainrule::cli

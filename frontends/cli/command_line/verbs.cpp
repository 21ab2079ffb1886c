// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line/verbs.h"

#include "chainrule/data/table.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace chainrule::cli {

// Building blocks of verbs.

inline Flag yes_or_no(std::string name, std::string help) {
  Flag flag;
  flag.name = std::move(name);
  flag.help = std::move(help);
  return flag;
}

inline Flag with_value(std::string name, std::string value, std::string help, std::string fallback = {}) {
  Flag flag = yes_or_no(std::move(name), std::move(help));
  flag.value = std::move(value);
  flag.fallback = std::move(fallback);
  return flag;
}

inline Flag lettered(std::string letter, Flag flag) {
  flag.letter = std::move(letter);
  return flag;
}

inline Flag repeatable(Flag flag) {
  flag.repeatable = true;
  return flag;
}

inline Flag among(std::vector<std::string> choices, Flag flag) {
  flag.choices = std::move(choices);
  return flag;
}

inline constexpr const char* kDataHelp =
    "CSV (comma, semicolon, tab, pipe or blanks), IDX or NPY file, plain or gzipped, or a folder with the MNIST files; "
    "- is standard input";

// DATA of the verbs that read several files as one table.
inline Positional data_files(bool required = true) {
  return {"DATA", std::string(kDataHelp) + "; several CSV files with the same columns are read as one table", required,
          true};
}

// How a data file is read, for every verb that reads one.
inline void add_reading(std::vector<Flag>& flags) {
  Flag header = yes_or_no("header", "the first line of a CSV file contains the column names");
  header.negatable = true;
  header.fallback = "detected";
  flags.push_back(header);
  flags.push_back(among({"comma", "semicolon", "tab", "pipe", "space"},
                        with_value("delimiter", "NAME", "field separator of a CSV file", "detected")));
  flags.push_back(with_value("encoding", "NAME", "encoding of a CSV file, such as latin-1, windows-1252 or utf-16",
                             "utf-8, or utf-16 with a byte order mark"));
  flags.push_back(with_value("comment", "CHARACTER", "skip the lines of a CSV file that begin with it", "none"));
  flags.push_back(with_value("skip-rows", "LINES",
                             "skip lines of a CSV file: 3 = the first three; 2-2 = the second; 1,4-6", "none"));
  flags.push_back(among({"stop", "skip"}, with_value("bad-rows", "WHAT",
                                                     "rows of a CSV file with too few or too many fields: stop at the "
                                                     "first, or skip and count them",
                                                     "stop")));
  flags.push_back(among({"stop", "missing"}, with_value("bad-fields", "WHAT",
                                                        "texts among numbers or dates: stop at the first, or count "
                                                        "them as missing values (rows of a class that the model "
                                                        "does not know: leave them out)",
                                                        "stop")));
  flags.push_back(with_value("labels", "FILE", "file with the labels of an IDX or NPY file", "found next to it"));
}

inline Flag threads() {
  return with_value("threads", "N", "number of threads; results are bit-identical for any number",
                    "all available to the process");
}

// Defined at the end of this file: the verbs that train models.
Verb train_verb();
Verb cv_verb();
Verb tune_verb();
Verb replay_verb();
namespace {

// How fields are read, for verbs without the training options, which include these.
void add_fields(std::vector<Flag>& flags, const std::string& fallback) {
  flags.push_back(with_value("missing", "TEXTS",
                             "texts that mean a missing value, in addition to empty fields, NA, N/A, null, nan and ?",
                             fallback.empty() ? "none" : fallback));
  Flag comma = yes_or_no("decimal-comma",
                         "numbers have a decimal comma (3,14); fields are separated by semicolons or tabs, or quoted");
  comma.negatable = true;
  comma.fallback = fallback;
  flags.push_back(comma);
  Flag usual = yes_or_no("default-missing", "NA, N/A, null, nan and ? mean a missing value");
  usual.negatable = true;
  usual.fallback = fallback.empty() ? "yes" : fallback;
  flags.push_back(usual);
  flags.push_back(among({kThousandsNames.begin(), kThousandsNames.end()},
                        with_value("thousands", "NAME", "what stands between thousands: 1,234.5 or 1.234,5",
                                   fallback.empty() ? "auto" : fallback)));
}

Flag threshold() {
  return with_value(
      "threshold", "P",
      "for two classes: predict the positive class, which is the second label, if its probability is at least P",
      "the model's");
}

Verb evaluate_verb() {
  Verb verb{
      "evaluate",
      "evaluate a model on a data file",
      {"Evaluate a model on rows with known targets. Prints each metric with its 95 % confidence interval, next to a "
       "baseline that ignores the inputs (docs/metrics.md). In an MNIST folder, the test files are read.",
       "A warning is printed if DATA is the training data in the same order. A part of it, or the same rows in another "
       "order, is not detected."},
      {"chainrule evaluate digits.safetensors new.csv",
       "chainrule evaluate digits.safetensors new.csv --fail-under accuracy=0.97",
       "chainrule evaluate houses.safetensors new.csv --fail-over rmse=25000 --json",
       "chainrule evaluate houses.safetensors new.csv --by district"},
      {{"MODEL", "model file written by train"}, data_files()},
      {},
      false};
  verb.flags = {
      repeatable(with_value("fail-under", "METRIC=NUMBER",
                            "exit with code 5 if this metric (larger is better) is below NUMBER")),
      repeatable(with_value("fail-over", "METRIC=NUMBER",
                            "exit with code 5 if this metric (smaller is better) is above NUMBER")),
      threshold(),
      with_value("by", "COLUMN", "also print metrics for each value of this column"),
      threads(),
      yes_or_no("json", "print one JSON document"),
  };
  add_reading(verb.flags);
  add_fields(verb.flags, "as in training");
  return verb;
}

Verb predict_verb() {
  Verb verb{
      "predict",
      "predict the rows of a data file",
      {"Predict each row of a data file: a class and the probability of each class, or a number in the target's unit.",
       "Columns are found by name, in any order, or by column number if the file has no names. The target "
       "column may be missing. In an MNIST folder, the test files are read.",
       "--output-columns takes prediction, probability (of all classes), probability_LABEL (of one class), warnings, "
       "row (the row number) and columns of the data, which are copied unchanged."},
      {"chainrule predict digits.safetensors new.csv > predictions.csv",
       "chainrule predict digits.safetensors new.csv --json -o predictions.jsonl",
       "chainrule predict houses.safetensors new.csv --id address --warnings",
       "chainrule predict loans.safetensors new.csv --output-columns customer,probability_yes",
       "cat new.csv | chainrule predict digits.safetensors -"},
      {{"MODEL", "model file written by train"}, data_files()},
      {},
      false};
  verb.flags = {
      lettered("o", with_value("output", "FILE", "where the predictions are written", "standard output")),
      with_value("id", "COLUMN", "copy this column of the data as the first output column, by name or column number"),
      repeatable(with_value("output-columns", "LIST", "output columns, in this order", "prediction,probability")),
      threshold(),
      yes_or_no("warnings", "add a column with warnings: values outside the training range, unseen categories"),
      yes_or_no("force", "replace an output file that exists"),
      threads(),
      yes_or_no("json", "print JSON lines, one per row, instead of CSV"),
  };
  add_reading(verb.flags);
  add_fields(verb.flags, "as in training");
  return verb;
}

Verb inspect_verb() {
  Verb verb{"inspect",
            "summarize a data file or a model file",
            {"Summarize a data file (columns, types, missing values, how training would use it; docs/tables.md) or a "
             "model file (layers, shapes, columns, labels, origin, metrics)."},
            {"chainrule inspect data/digits.csv", "chainrule inspect digits.safetensors --json"},
            {{"FILE", "data file, MNIST folder or model file; several CSV files with the same columns are one table",
              true, true}},
            {},
            false};
  verb.flags = {
      with_value("target", "COLUMN", "column to predict, by name or column number", "the last column"),
      with_value("ignore", "COLUMNS", "columns to leave out, as in train"),
      with_value("categorical", "COLUMNS", "numeric columns to treat as categories, as in train"),
      with_value("numeric", "COLUMNS", "columns to treat as numeric, as in train"),
      with_value("date", "COLUMNS", "columns to treat as dates or times, as in train"),
      with_value("weight", "COLUMN", "column with the weight of each row, as in train"),
      with_value("group", "COLUMN", "column that defines groups of rows, as in train"),
      with_value("time", "COLUMN", "column of times, as in train: the latest rows become validation and test rows"),
      yes_or_no("json", "print one JSON document"),
  };
  add_reading(verb.flags);
  add_fields(verb.flags, "");
  verb.flags.push_back(
      among({kDateOrders.begin(), kDateOrders.end()},
            with_value("date-order", "ORDER", "order of dates such as 01/02/03, as in train", "auto")));
  return verb;
}

Verb report_verb() {
  Verb verb{"report",
            "compare several runs on one HTML page",
            {"Write one self-contained HTML page that compares runs: metrics, learning curves, and the options that "
             "differ. The page of a single run is its report.html."},
            {"chainrule report runs/first runs/second -o compared.html", "chainrule report runs/*"},
            {{"RUN", "folder written by train --run", true, true}},
            {},
            false};
  verb.flags = {
      lettered("o", with_value("output", "FILE", "where the page is written", "report.html")),
      yes_or_no("force", "replace an output file that exists"),
  };
  return verb;
}

Verb diff_verb() {
  Verb verb{"diff",
            "compare two models or runs",
            {"Compare two models, or the models of two runs: program, data, options, columns and their scaling, each "
             "weight tensor, and the metrics on training, validation and test rows."},
            {"chainrule diff runs/first runs/second", "chainrule diff a.safetensors b.safetensors --json",
             "chainrule diff a.safetensors b.safetensors --expect-same"},
            {{"A", "model file, or folder written by train --run"}, {"B", "another model file or folder"}},
            {},
            false};
  verb.flags = {
      yes_or_no("expect-same", "exit with code 5 if anything differs"),
      yes_or_no("json", "print one JSON document"),
  };
  return verb;
}

// Training options that have no effect on a single step.
const std::vector<std::string> kIdleInAStep = {"epochs", "batch-size", "shuffle", "schedule", "stopping", "decision"};

Verb explain_verb() {
  Verb verb{
      "explain",
      "show every number of a training step with its formula",
      {"Show every number of a training step on chosen rows: inputs, z and a of each layer, losses, deltas, gradients, "
       "the update, and the objective before and after. Each number comes with its formula, the values in it, the "
       "float "
       "result of the training engine and the double-precision result.",
       "With a MODEL, the step continues its training with the same options. Without MODEL, it is the first step of a "
       "fresh network (preset fast, unless --preset names another). Layer 1 is the inputs; W2[3,1] is the weight from "
       "unit 1 of layer 2 to unit 3 of layer 3. If a difference exceeds its rounding error bound, the exit code is 5.",
       "With --health it diagnoses MODEL on all rows of DATA instead: statistics of each layer from a trial run of one "
       "epoch that does not change the model, then problems, the cause first, and options that were seen to heal it in "
       "trainings on these rows (docs/health.md)."},
      {"chainrule explain digits.safetensors data/digits.csv --row 17",
       "chainrule explain digits.safetensors data/digits.csv --parameter 'W2[3,1]'",
       "chainrule explain data/iris.csv --hidden 3 --activation sigmoid --optimizer sgd --steps 3",
       "chainrule explain digits.safetensors data/digits.csv --row 1-8 --layer 2 --unit 5 --json",
       "chainrule explain digits.safetensors data/digits.csv --html step.html",
       "chainrule explain --health digits.safetensors data/digits.csv"},
      {{"MODEL", "model file written by train; without it, a fresh network is used", false}, {"DATA", kDataHelp}},
      {},
      true,
      kIdleInAStep};
  verb.flags = {
      yes_or_no("health", "diagnose the model: statistics of each layer, problems and suggestions"),
      repeatable(with_value("row", "ROWS", "rows of the step, counted from 1: 17, 1-5 or 3,7", "1")),
      with_value("steps", "N", "number of steps, each on all these rows", "1"),
      with_value("layer", "N", "show only this layer, with the weights into it", "all"),
      with_value("unit", "N", "show only this unit", "all"),
      with_value("parameter", "NAME", "show how this parameter is updated, from the update back to the inputs"),
      with_value("most", "N", "maximum number of values to show per quantity", "10"),
      yes_or_no("json", "print one JSON document with everything (docs/formats.md)"),
      with_value("html", "FILE", "write one HTML page with everything"),
      yes_or_no("force", "replace an output file that exists"),
  };
  add_reading(verb.flags);
  return verb;
}

// Options that change neither the gradient nor the objective.
const std::vector<std::string> kIdleInAGradient = {
    "epochs",         "batch-size", "shuffle", "schedule", "stopping", "decision",  "optimizer", "learning-rate",
    "momentum",       "rho",        "beta1",   "beta2",    "epsilon",  "clip-norm", "max-norm",  "weight-multiplier",
    "bias-multiplier"};

Verb check_verb() {
  Verb verb{
      "check",
      "check the gradient against numerical derivatives",
      {"Check the gradient of a network on chosen rows. First, double-precision backpropagation is compared with "
       "numerical derivatives of the objective (complex step if all functions are smooth, else central differences; "
       "parameters next to a kink are counted and skipped). Then the float gradient of the training engine is compared "
       "with the double-precision one. Last, typical bugs are planted one at a time: the check must catch each one "
       "that has an effect on this network and these rows.",
       "Without MODEL, a fresh network is checked (preset fast, unless --preset names another). Large networks are "
       "checked on a sample of their parameters from all layers, weights and biases. W2[3,1] is the weight from unit 1 "
       "of layer 2 to unit 3 of layer 3. Dropout is switched off. If a check fails, the exit code is 5."},
      {"chainrule check digits.safetensors data/digits.csv",
       "chainrule check data/iris.csv --hidden 5,4 --activation tanh --weight-decay 0.01",
       "chainrule check digits.safetensors data/digits.csv --row 1-100 --most all --json"},
      {{"MODEL", "model file written by train; without it, a fresh network is used", false}, {"DATA", kDataHelp}},
      {},
      true,
      kIdleInAGradient};
  verb.flags = {
      repeatable(with_value("row", "ROWS", "rows of the batch, counted from 1: 17, 1-5 or 3,7", "1-32")),
      with_value("most", "N", "number of parameters to compare, sampled with --seed, or all", "2000"),
      yes_or_no("json", "print one JSON document (docs/formats.md)"),
  };
  add_reading(verb.flags);
  return verb;
}

Verb bench_verb() {
  Verb verb{"bench",
            "measure how fast this machine trains and predicts",
            {"Measure how fast this machine trains and predicts, compared with the peak performance of its processor. "
             "Workloads T1 to T6 train; I1 to I4 predict. The data are synthetic, with as many zeros as MNIST. The "
             "benchmark takes less than a minute."},
            {"chainrule bench", "chainrule bench --workload T3 --threads 1", "chainrule bench --json > before.json",
             "chainrule bench --compare before.json"},
            {},
            {},
            false};
  verb.flags = {
      repeatable(with_value("workload", "NAME", "measure only this workload: T1 ... T6, I1 ... I4", "all")),
      with_value("data", "FOLDER", "folder with the MNIST files, for the workloads with images of that size",
                 "synthetic"),
      with_value("compare", "FILE", "compare with an earlier --json output"),
      threads(),
      yes_or_no("json", "print one JSON document"),
  };
  return verb;
}

Verb help_verb() {
  Verb verb{"help",
            "explain a command",
            {"Explain a command, or list all commands."},
            {"chainrule help train", "chainrule help --man train | man -l -"},
            {{"COMMAND", "train, evaluate, predict ...", false}},
            {},
            false};
  verb.flags = {yes_or_no("man", "print the manual page instead, for man or groff"),
                yes_or_no("markdown", "print the page docs/cli.md, in Markdown")};
  return verb;
}

Verb completion_verb() {
  return {"completion",
          "print a script that completes commands in bash, zsh or fish",
          {"Print a script that completes commands, options and their values in a shell."},
          {"source <(chainrule completion bash)",
           "chainrule completion bash > ~/.local/share/bash-completion/completions/chainrule",
           "chainrule completion zsh > ~/.zfunc/_chainrule",
           "chainrule completion fish > ~/.config/fish/completions/chainrule.fish"},
          {{"SHELL", "bash, zsh or fish"}},
          {},
          false};
}

}  // namespace

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all = {train_verb(),   cv_verb(),      tune_verb(), replay_verb(),    evaluate_verb(),
                                        predict_verb(), inspect_verb(), diff_verb(), report_verb(),    explain_verb(),
                                        check_verb(),   bench_verb(),   help_verb(), completion_verb()};
  return all;
}

bool takes(const Verb& verb, const Option& option) {
  const auto idle = [&](const std::string& name) {
    return std::find(verb.idle.begin(), verb.idle.end(), name) != verb.idle.end();
  };
  return verb.takes_options && !idle(option.name) && !idle(option.group);
}

const Verb* find_verb(std::string_view name) {
  for (const Verb& verb : verbs())
    if (verb.name == name) return &verb;
  return nullptr;
}

const std::vector<Flag>& global_flags() {
  static const std::vector<Flag> flags = {
      lettered("h", yes_or_no("help", "print the help of the command and exit")),
      lettered("V", yes_or_no("version", "print the version and exit")),
      lettered("q", yes_or_no("quiet", "log errors only")),
      lettered("v", yes_or_no("verbose", "log more, e.g. a line per epoch")),
      among({"auto", "always", "never"},
            with_value("color", "WHEN", "colors on standard error: auto, always or never; auto respects NO_COLOR",
                       "auto")),
  };
  return flags;
}

// The verbs that train models: train, cv, tune, replay.

namespace {

Flag config() { return with_value("config", "FILE", "read options from a TOML file; the command line overrides it"); }

Flag max_memory() {
  return with_value("max-memory", "SIZE", "refuse to train if more memory is needed, e.g. 512M or 8G",
                    "the memory of the machine");
}

Flag report() { return with_value("report", "FILE", "write an HTML report of the result (docs/formats.md)"); }

}  // namespace

Verb train_verb() {
  Verb verb{"train",
            "train a network on a data file and write a model file",
            {"Train a network on a data file and write a model file with weights, columns, scaling and labels."},
            {"chainrule train data/digits.csv --target digit -o digits.safetensors",
             "chainrule train houses.csv --ignore id --epochs 200 --patience 20",
             "chainrule train patients.csv --group patient --test-split 0.2",
             "chainrule train fraud.csv --time date --class-weight balanced --threshold-metric f1",
             "chainrule train sales-2024-*.csv --target price",
             "chainrule train mnist/ --preset classic --hidden 30 --epochs 30 --lr 3 --batch-size 10",
             "chainrule train --preset classic --print-config > run.toml"},
            {data_files()},
            {},
            true};
  verb.flags = {
      lettered("o", with_value("output", "FILE", "where the model is written", "model.safetensors")),
      yes_or_no("force", "replace an output file that exists"),
      with_value(
          "run", "NAME",
          "write the model, metrics, configuration, TensorBoard events and report to runs/NAME instead; --run time "
          "names the folder after the current UTC time"),
      repeatable(with_value("validation", "FILE",
                            "use the rows of this file for validation instead of a part of DATA; may be repeated")),
      yes_or_no("find-learning-rate",
                "run a learning-rate range test first and use its result (docs/learning-rates.md)"),
      yes_or_no("find-layer-rates", "also find learning-rate multipliers for the weights and biases of each layer"),
      config(),
      yes_or_no("print-config", "print the effective options as TOML and exit"),
      with_value("log", "FILE", "write a JSON line per epoch during training (docs/formats.md)"),
      with_value("health-every", "N",
                 "also log a line with statistics of each layer every N steps; needs --log or --run", "never"),
      report(),
      max_memory(),
      threads(),
      yes_or_no("json", "print one JSON document on standard output at the end"),
  };
  add_reading(verb.flags);
  return verb;
}

Verb cv_verb() {
  Verb verb{
      "cv",
      "cross-validate: train and test on several splits of the rows",
      {"Divide the rows into folds, train a network for each fold on the other rows, and test it on the fold. Prints "
       "the mean, standard deviation and 95 % confidence interval of each metric. Takes the options of train "
       "(docs/rows.md).",
       "Folds are stratified by class. --test-split leaves rows out of all folds. --group keeps each group in one "
       "fold. With --time, each fold is tested with a "
       "model trained on all rows before it, and the earliest rows are never tested. Folds train in parallel; results "
       "are bit-identical for any number of "
       "threads.",
       "chainrule train DATA --test-fold 3/5 trains the model that was tested on fold 3 of 5."},
      {"chainrule cv data/iris.csv --folds 10", "chainrule cv houses.csv --target price --repeats 3 --json",
       "chainrule cv patients.csv --group patient --predictions out-of-fold.csv",
       "chainrule cv sales.csv --time date --ignore date"},
      {data_files()},
      {},
      true};
  verb.flags = {
      with_value("folds", "N", "number of folds", "5"),
      with_value("repeats", "N", "repetitions of the whole cross-validation; the second uses seed + 1, and so on", "1"),
      with_value("predictions", "FILE", "write the out-of-fold predictions as CSV, one per tested row"),
      with_value(
          "id", "COLUMN",
          "copy this column of the data as the first column of the --predictions file, by name or column number"),
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
      "search for better options; the winner is scored on data the search never used",
      {"Search the options of train by cross-validation (most trials on few folds, the best on all folds) and "
       "train a model with the winner. A fifth of the rows (--test-split) is set aside as test rows, which the search "
       "never uses. At the end, the winner and your options are scored on them. A trial wins only if it beats your "
       "options by more than the standard error of the difference (docs/tune.md).",
       "Options that you set stay fixed. The search varies the other important ones; --range changes or adds a range. "
       "Each result is written as soon as it is known, and --resume continues an interrupted search. Without "
       "--minutes, trials and winner are the same for any number of threads."},
      {"chainrule tune data/iris.csv --trials 20", "chainrule tune houses.csv --target price --minutes 10",
       "chainrule tune houses.csv --range learning_rate=0.001..0.1 --range 'hidden=64,64|256,256' --epochs 64",
       "chainrule tune patients.csv --group patient --score roc_auc --resume"},
      {data_files()},
      {},
      true};
  verb.flags = {
      with_value("trials", "N", "number of trials, in addition to one with your options", "30"),
      with_value("minutes", "M", "start no new training run after this many minutes", "no limit"),
      with_value("folds", "N", "number of folds", "5"),
      with_value("score", "METRIC", "metric to optimize", "log_loss (classification), rmse (regression)"),
      repeatable(with_value("range", "OPTION=VALUES", "values to try for an option: LOW..HIGH or VALUE|VALUE")),
      with_value("trials-file", "FILE", "where the trials are written as JSON lines", "trials.jsonl"),
      yes_or_no("resume", "continue an interrupted search"),
      report(),
      lettered("o", with_value("output", "FILE", "where the model is written", "model.safetensors")),
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
  Verb verb{
      "replay",
      "train again and compare the results bit by bit",
      {"Repeat the training of a run or a model, and compare weights and metrics bit by bit. The exit code is 0 if "
       "they are the same, else 5. The data must be the training data. If training was interrupted, the repetition "
       "ends after the same step.",
       "RUN is a folder written by train --run, which records where its data are. For a model file, also give DATA."},
      {"chainrule replay runs/first", "chainrule replay digits.safetensors data/digits.csv",
       "chainrule replay runs/first moved/digits.csv --json"},
      {{"RUN", "folder written by train --run, or a model file"}, data_files(false)},
      {},
      false};
  verb.flags = {
      repeatable(with_value("validation", "FILE", "the files given to train --validation", "the run's")),
      threads(),
      yes_or_no("json", "print one JSON document"),
  };
  add_reading(verb.flags);
  return verb;
}

}  // namespace chainrule::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line/verbs.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace chainrule::cli {

// What verbs are made of.

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
    "CSV (comma, semicolon, tab or pipe), IDX or NPY file, each plain or gzipped; a folder with MNIST's files; - is "
    "standard "
    "input";

// How a data file is read: the same for every verb that reads one.
inline void add_reading(std::vector<Flag>& flags) {
  Flag header = yes_or_no("header", "the first line of a CSV file holds names");
  header.negatable = true;
  header.fallback = "detected";
  flags.push_back(header);
  flags.push_back(among({"comma", "semicolon", "tab", "pipe"},
                        with_value("delimiter", "NAME", "what separates the fields of a CSV file", "detected")));
  flags.push_back(with_value("labels", "FILE", "labels of an IDX or NPY file", "found beside it"));
}

inline Flag threads() {
  return with_value("threads", "N", "threads that compute; no bit of a result depends on it",
                    "all that the process may use");
}

// Defined at the end of this file: the verbs that train.
Verb train_verb();
Verb cv_verb();
Verb tune_verb();
Verb replay_verb();
namespace {

// How its fields are read, for verbs that do not take the options of a training, which say the same.
void add_fields(std::vector<Flag>& flags, const std::string& fallback) {
  flags.push_back(with_value("missing", "TEXTS", "texts that count as missing, beside empty, NA, N/A, null, nan and ?",
                             fallback.empty() ? "none" : fallback));
  Flag comma = yes_or_no("decimal-comma", "numbers are written 3,14; fields between semicolons or tabs, or in quotes");
  comma.negatable = true;
  comma.fallback = fallback;
  flags.push_back(comma);
}

Flag threshold() {
  return with_value("threshold", "P", "of two classes, predict the second from this probability on", "the model's");
}

Verb evaluate_verb() {
  Verb verb{
      "evaluate",
      "measure a model on a data file",
      {"Measure a model on rows whose answers are known: each metric with a 95 % interval, and with what the best "
       "constant "
       "answer for these rows would reach (docs/metrics.md). Of an MNIST folder, the test files are taken.",
       "The very rows that trained the model are recognised, in the order in which they trained it; some of them, or "
       "all in another order, are not."},
      {"chainrule evaluate digits.safetensors data/digits.csv",
       "chainrule evaluate digits.safetensors new.csv --fail-under accuracy=0.97",
       "chainrule evaluate houses.safetensors new.csv --fail-over rmse=25000 --json",
       "chainrule evaluate houses.safetensors new.csv --by district"},
      {{"MODEL", "model file that train wrote"}, {"DATA", kDataHelp}},
      {},
      false};
  verb.flags = {
      repeatable(with_value("fail-under", "METRIC=NUMBER", "exit 5 when a metric that should be large is below")),
      repeatable(with_value("fail-over", "METRIC=NUMBER", "exit 5 when a metric that should be small is above")),
      threshold(),
      with_value("by", "COLUMN", "measure the rows of each value of this column on their own as well"),
      threads(),
      yes_or_no("json", "print one JSON document"),
  };
  add_reading(verb.flags);
  add_fields(verb.flags, "as in the training");
  return verb;
}

Verb predict_verb() {
  Verb verb{"predict",
            "answer the rows of a data file",
            {"Answer each row of a data file: a class and the probability of each class, or a number in the target's "
             "own unit.",
             "Columns are found by name, in any order; by place where there are no names. The data need no target "
             "column. Of an MNIST folder, the test files are taken.",
             "--output-columns takes any of prediction, probability (of all classes), probability_LABEL (of one), "
             "warnings, row (its number), and columns of the data, which come out as they are written there."},
            {"chainrule predict digits.safetensors new.csv > predictions.csv",
             "chainrule predict digits.safetensors new.csv --json -o predictions.jsonl",
             "chainrule predict houses.safetensors new.csv --id address --warnings",
             "chainrule predict loans.safetensors new.csv --output-columns customer,probability_yes",
             "cat new.csv | chainrule predict digits.safetensors -"},
            {{"MODEL", "model file that train wrote"}, {"DATA", kDataHelp}},
            {},
            false};
  verb.flags = {
      lettered("o", with_value("output", "FILE", "where the answers go", "standard output")),
      with_value("id", "COLUMN", "put this column of the data in front of the answers, by name or number"),
      repeatable(with_value("output-columns", "LIST", "what to write, in this order", "prediction,probability")),
      threshold(),
      yes_or_no("warnings", "add a column that says what of a row is unlike the training rows"),
      yes_or_no("force", "replace an output file that exists"),
      threads(),
      yes_or_no("json", "print JSON lines, one per row, instead of CSV"),
  };
  add_reading(verb.flags);
  add_fields(verb.flags, "as in the training");
  return verb;
}

Verb inspect_verb() {
  Verb verb{"inspect",
            "show what is in a data file or a model file",
            {"Show what is in a data file (columns, types, missing values, what training would do; docs/tables.md) or "
             "in a model file "
             "(layers, "
             "shapes, columns, labels, where it came from, metrics)."},
            {"chainrule inspect data/digits.csv", "chainrule inspect digits.safetensors --json"},
            {{"FILE", "data file, MNIST folder or model file"}},
            {},
            false};
  verb.flags = {
      with_value("target", "COLUMN", "column to predict, by name or number", "the last"),
      with_value("ignore", "COLUMNS", "columns to leave out, as in train"),
      with_value("categorical", "COLUMNS", "columns of numbers that are categories, as in train"),
      with_value("numeric", "COLUMNS", "columns that are numbers; a text among them counts as missing"),
      with_value("date", "COLUMNS", "columns of dates or times, as in train"),
      with_value("weight", "COLUMN", "column of weights of the rows, as in train"),
      with_value("group", "COLUMN", "column that makes groups of rows, as in train"),
      with_value("time", "COLUMN", "column of times to hold out by, as in train"),
      yes_or_no("json", "print one JSON document"),
  };
  add_reading(verb.flags);
  add_fields(verb.flags, "");
  return verb;
}

Verb report_verb() {
  Verb verb{"report",
            "several runs side by side on one page",
            {"Write one self-contained HTML page that shows runs side by side: figures, curves, and the options in "
             "which they "
             "differ. The page of a single run is its report.html."},
            {"chainrule report runs/first runs/second -o compared.html", "chainrule report runs/*"},
            {{"RUN", "folder that train --run made", true, true}},
            {},
            false};
  verb.flags = {
      lettered("o", with_value("output", "FILE", "where the page goes", "report.html")),
      yes_or_no("force", "replace an output file that exists"),
  };
  return verb;
}

Verb diff_verb() {
  Verb verb{"diff",
            "what differs between two models or runs",
            {"Compare two models, or the models of two runs: program, data, options, columns and their scales, each "
             "tensor of "
             "weights, and the figures of training, validation and test rows beside each other."},
            {"chainrule diff runs/first runs/second", "chainrule diff a.safetensors b.safetensors --json",
             "chainrule diff a.safetensors b.safetensors --expect-same"},
            {{"A", "model file, or folder that train --run made"}, {"B", "another"}},
            {},
            false};
  verb.flags = {
      yes_or_no("expect-same", "exit 5 where anything differs"),
      yes_or_no("json", "print one JSON document"),
  };
  return verb;
}

// Options of training that have no say in a single step.
const std::vector<std::string> kIdleInAStep = {"epochs", "batch-size", "shuffle", "schedule", "stopping", "decision"};

Verb explain_verb() {
  Verb verb{
      "explain",
      "show every number of a training step beside the formula that made it",
      {"Show every number of a training step on chosen rows: inputs, z and a of each layer, losses, deltas, "
       "gradients, the update, and the objective before and after; each with its formula, the numbers put into "
       "it, what the training engine made of it in float and what double arithmetic makes of it.",
       "MODEL goes on with the options that trained it; without MODEL the step is the first of a fresh network of "
       "preset fast, unless --preset names another. Layers count from 1, the inputs; W2[3,1] is the weight from "
       "unit 1 of layer 2 to unit 3 of layer 3. A difference that roundings do not account for ends with exit code 5.",
       "With --health it says instead how healthy MODEL is on all rows of DATA: statistics of each layer, from a "
       "rehearsal of an epoch that changes nothing, then what is wrong and what would help (docs/health.md)."},
      {"chainrule explain digits.safetensors data/digits.csv --row 17",
       "chainrule explain digits.safetensors data/digits.csv --parameter W2[3,1]",
       "chainrule explain data/iris.csv --hidden 3 --activation sigmoid --optimizer sgd --steps 3",
       "chainrule explain digits.safetensors data/digits.csv --row 1-8 --layer 2 --unit 5 --json",
       "chainrule explain digits.safetensors data/digits.csv --html step.html",
       "chainrule explain --health digits.safetensors data/digits.csv"},
      {{"MODEL", "model file that train wrote; without it, a fresh network", false}, {"DATA", kDataHelp}},
      {},
      true,
      kIdleInAStep};
  verb.flags = {
      yes_or_no("health", "statistics of each layer, and what is wrong"),
      repeatable(with_value("row", "ROWS", "the rows of the step, from 1: 17, 1-5 or 3,7", "1")),
      with_value("steps", "N", "steps to make, each of all these rows", "1"),
      with_value("layer", "N", "show this layer only, with the weights into it", "all"),
      with_value("unit", "N", "show this unit only", "all"),
      with_value("parameter", "NAME", "show the whole path of one number, from its update down to the inputs"),
      with_value("most", "N", "numbers of one quantity that are shown", "10"),
      yes_or_no("json", "print one JSON document with everything (docs/formats.md)"),
      with_value("html", "FILE", "write one page with everything, to look at in a browser"),
      yes_or_no("force", "replace an output file that exists"),
  };
  add_reading(verb.flags);
  return verb;
}

// Options that neither the gradient nor the objective can feel.
const std::vector<std::string> kIdleInAGradient = {
    "epochs",         "batch-size", "shuffle", "schedule", "stopping", "decision",  "optimizer", "learning-rate",
    "momentum",       "rho",        "beta1",   "beta2",    "epsilon",  "clip-norm", "max-norm",  "weight-multiplier",
    "bias-multiplier"};

Verb check_verb() {
  Verb verb{"check",
            "check the gradient by numerical derivatives, and that the check can fail",
            {"Check the gradient of a network on chosen rows: backpropagation in double arithmetic against numerical "
             "derivatives of the objective (complex step where all functions are smooth, else central differences; "
             "parameters beside a kink are counted and left out), then the training engine's float gradient against "
             "that in double, then, one at a time, mistakes that real code had: each must be caught, unless it has no "
             "effect on this network and these rows.",
             "Without MODEL, a fresh network of preset fast, unless --preset names another. Large networks are checked "
             "on a sample of their parameters, spread over all layers, weights and biases. W2[3,1] is the weight from "
             "unit 1 of layer 2 to unit 3 of layer 3. Dropout is left out. A check that fails ends with exit code 5."},
            {"chainrule check digits.safetensors data/digits.csv",
             "chainrule check data/iris.csv --hidden 5,4 --activation tanh --weight-decay 0.01",
             "chainrule check digits.safetensors data/digits.csv --row 1-100 --most all --json"},
            {{"MODEL", "model file that train wrote; without it, a fresh network", false}, {"DATA", kDataHelp}},
            {},
            true,
            kIdleInAGradient};
  verb.flags = {
      repeatable(with_value("row", "ROWS", "the rows of the batch, from 1: 17, 1-5 or 3,7", "1-32")),
      with_value("most", "N", "parameters to compare, chosen by --seed, or all", "2000"),
      yes_or_no("json", "print one JSON document (docs/formats.md)"),
  };
  add_reading(verb.flags);
  return verb;
}

Verb bench_verb() {
  Verb verb{"bench",
            "measure how fast this machine trains and predicts",
            {"Measure how fast this machine trains and predicts, beside the most that its processor could do. T1 to T6 "
             "train, I1 to I4 predict; the data are made up, with as many zeros as MNIST's. Takes under a minute."},
            {"chainrule bench", "chainrule bench --workload T3 --threads 1", "chainrule bench --json > before.json",
             "chainrule bench --compare before.json"},
            {},
            {},
            false};
  verb.flags = {
      repeatable(with_value("workload", "NAME", "measure this one only: T1 ... T6, I1 ... I4", "all")),
      with_value("data", "FOLDER", "MNIST's files, for the workloads of its shape", "made up"),
      with_value("compare", "FILE", "show an earlier --json beside it"),
      threads(),
      yes_or_no("json", "print one JSON document"),
  };
  return verb;
}

Verb help_verb() {
  Verb verb{"help",
            "explain a verb",
            {"Explain a verb, or list all of them."},
            {"chainrule help train", "chainrule help --man train | man -l -"},
            {{"VERB", "train, evaluate, predict ...", false}},
            {},
            false};
  verb.flags = {yes_or_no("man", "print the manual page instead, for man or groff"),
                yes_or_no("markdown", "print the page docs/cli.md")};
  return verb;
}

Verb completion_verb() {
  return {"completion",
          "print a script that completes commands in bash, zsh or fish",
          {"Print a script that completes verbs, options and their values in a shell."},
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
      lettered("h", yes_or_no("help", "explain the verb and stop")),
      lettered("V", yes_or_no("version", "print the version and stop")),
      lettered("q", yes_or_no("quiet", "say nothing but errors")),
      lettered("v", yes_or_no("verbose", "say more: a line for every epoch")),
      among(
          {"auto", "always", "never"},
          with_value("color", "WHEN", "colours on standard error: auto, always or never; NO_COLOR is heeded", "auto")),
  };
  return flags;
}

// The verbs that train models: train, cv, tune, replay.

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

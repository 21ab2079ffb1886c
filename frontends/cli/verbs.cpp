// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

#include <algorithm>

#include "cli/verb_parts.h"

namespace chainrule::cli {
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
            {"chainrule help train"},
            {{"VERB", "train, evaluate, predict ...", false}},
            {},
            false};
  verb.flags = {yes_or_no("markdown", "print the page docs/cli.md")};
  return verb;
}

Verb completion_verb() {
  return {"completion",
          "print a script that completes commands in bash",
          {"Print a script that completes verbs, options and their values in bash."},
          {"source <(chainrule completion bash)",
           "chainrule completion bash > ~/.local/share/bash-completion/completions/chainrule"},
          {{"SHELL", "bash"}},
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

}  // namespace chainrule::cli

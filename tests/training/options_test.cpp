// SPDX-License-Identifier: Apache-2.0
// The option table: covers FitOptions, round-trips, refuses values out of range, and merges sources.
#include "chainrule/training/options/option_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "chainrule/base/error.h"
#include "chainrule/base/text.h"
#include "chainrule/training/options/options.h"

namespace chainrule::options_test {
namespace {

using Source = std::vector<Assignment>;

Source source(std::initializer_list<std::pair<const char*, const char*>> assignments) {
  Source out;
  for (const auto& [name, value] : assignments) out.push_back({name, value, std::string("--") + name});
  return out;
}

// The error of set_option; "" if it accepts.
std::string refusal(const std::string& name, const std::string& value, FitOptions options = {}) {
  const auto before = option_values(options);
  try {
    set_option(options, name, value, "--" + name);
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::usage);
    EXPECT_EQ(option_values(options), before) << "a refused value changed something";
    return std::string(error.what()) + " | " + error.hint();
  }
  return "";
}

std::string refusal(const std::vector<Source>& sources) {
  try {
    options_from(sources);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(OptionTable, NamesAreUniqueAndEveryRowIsComplete) {
  std::set<std::string> names;
  for (const Option& option : option_table()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    for (const std::string& alias : option.aliases) EXPECT_TRUE(names.insert(alias).second) << alias;
    EXPECT_FALSE(option.help.empty()) << option.name;
    EXPECT_FALSE(option.group.empty()) << option.name;
    EXPECT_EQ(option.value.empty(), option.kind == OptionKind::flag) << option.name;
    EXPECT_EQ(find_option(option.key()), &option);
    EXPECT_TRUE(option.used_with.option.empty() || find_option(option.used_with.option) != nullptr) << option.name;
  }
  EXPECT_EQ(find_option("lr"), find_option("learning_rate"));
  EXPECT_EQ(find_option("learnin-rate"), nullptr);
}

TEST(OptionTable, EveryDefaultAndEveryChoiceReadsBack) {
  for (const Option& option : option_table()) {
    FitOptions options;
    if (!is_used(option, options) && !option.used_with.values.empty())
      set_option(options, option.used_with.option, option.used_with.values.front(), "here");
    EXPECT_EQ(option.set(options, default_value(option)), "") << option.name;
    EXPECT_EQ(option.get(options), default_value(option)) << option.name;
    for (const std::string& choice : option.choices) {
      EXPECT_EQ(option.set(options, choice), "") << option.name << " " << choice;
      EXPECT_EQ(option.get(options), choice) << option.name;
    }
  }
}

TEST(OptionTable, DefaultsAreThoseOfTheStruct) {
  EXPECT_EQ(option_values(FitOptions()), option_values(options_from({})));
  EXPECT_EQ(default_value(*find_option("hidden")), "128");
  EXPECT_EQ(default_value(*find_option("learning-rate")), number_text(FitOptions().train.learning_rate));
  EXPECT_EQ(default_value(*find_option("momentum")), "0.9");
}

TEST(SetOption, ReachesTheMember) {
  FitOptions o;
  set_option(o, "hidden", "64,32", "here");
  set_option(o, "batch_size", "all", "here");
  set_option(o, "ignore", "id,\"a,b\"", "here");
  set_option(o, "task", "number", "here");
  set_option(o, "activation", "leaky-relu", "here");
  set_option(o, "weight-multiplier", "1,0.5", "here");
  set_option(o, "seed", "18446744073709551615", "here");
  set_option(o, "loss", "huber", "here");
  set_option(o, "huber-delta", "2.5", "here");
  EXPECT_EQ(o.hidden, (std::vector<std::size_t>{64, 32}));
  EXPECT_EQ(o.train.batch_size, 0u);
  EXPECT_EQ(o.data.ignore, (std::vector<std::string>{"id", "a,b"}));
  EXPECT_EQ(o.data.task, static_cast<int>(Task::number));
  EXPECT_EQ(o.activation.kind, ActivationKind::leaky_relu);
  EXPECT_EQ(o.weight_multiplier, (std::vector<double>{1, 0.5}));
  EXPECT_EQ(o.train.seed, 18446744073709551615u);
  EXPECT_FALSE(o.automatic_loss);
  EXPECT_EQ(o.train.loss.huber_delta, 2.5);
  set_option(o, "hidden", "none", "here");
  EXPECT_TRUE(o.hidden.empty());
  set_option(o, "loss", "auto", "here");
  EXPECT_TRUE(o.automatic_loss);
}

TEST(SetOption, RefusesWhatIsOutOfRange) {
  const std::pair<const char*, const char*> wrong[] = {{"hidden", "1e9,1e9"},
                                                       {"hidden", "1000000000,1000000000"},
                                                       {"hidden", "0"},
                                                       {"hidden", "3,"},
                                                       {"hidden", "-1"},
                                                       {"hidden", " 3"},
                                                       {"hidden", "3,4 "},
                                                       {"weight-multiplier", ""},
                                                       {"weight-multiplier", "1, 2 "},
                                                       {"hidden", "64;32"},
                                                       {"epochs", "100000000000000000000"},
                                                       {"epochs", "0"},
                                                       {"epochs", "1.5"},
                                                       {"epochs", "-1"},
                                                       {"epochs", ""},
                                                       {"batch-size", "0"},
                                                       {"batch-size", "-4"},
                                                       {"learning-rate", "nan"},
                                                       {"learning-rate", "-0.1"},
                                                       {"learning-rate", "0"},
                                                       {"learning-rate", "inf"},
                                                       {"learning-rate", "1e999"},
                                                       {"learning-rate", "0.1x"},
                                                       {"learning-rate", " 0.1"},
                                                       {"learning-rate", "0,1"},
                                                       {"beta1", "1"},
                                                       {"dropout", "1"},
                                                       {"dropout", "-0.1"},
                                                       {"validation-split", "1"},
                                                       {"validation-rows", "last"},
                                                       {"validation-rows", "9-3"},
                                                       {"validation-rows", "0-3"},
                                                       {"shuffle", "maybe"},
                                                       {"seed", "-1"},
                                                       {"seed", "18446744073709551616"},
                                                       {"activation", "sigmoyd"},
                                                       {"optimizer", ""},
                                                       {"preset", "modern"},
                                                       {"metric", "acc"},
                                                       {"weight-decay", "-1"},
                                                       {"bias-multiplier", "1,x"}};
  for (const auto& [name, value] : wrong) EXPECT_NE(refusal(name, value), "") << name << " = " << value;
  // Controls: refusing everything would pass the above.
  for (const auto& [name, value] : {std::pair{"hidden", "1000000"},
                                    {"hidden", "64, 32"},
                                    {"weight-multiplier", "1, 2"},
                                    {"epochs", "1000000000"},
                                    {"batch-size", "1"},
                                    {"learning-rate", "1e-300"},
                                    {"dropout", "0.999"},
                                    {"validation-rows", "3-9"}})
    EXPECT_EQ(refusal(name, value), "") << name << " = " << value;
}

TEST(SetOption, ReportsOptionRangeValueAndTheNearestName) {
  EXPECT_EQ(refusal("learning-rate", "nan"), "--learning-rate: expected a number above 0, found \"nan\" | ");
  EXPECT_EQ(refusal("epochs", "0"), "--epochs: expected a whole number from 1 to 1000000000, found \"0\" | ");
  const std::string activation = refusal("activation", "sigmoyd");
  EXPECT_NE(activation.find("identity, relu"), std::string::npos) << activation;
  EXPECT_NE(activation.find("did you mean sigmoid?"), std::string::npos) << activation;
  const std::string unknown = refusal("learning-rat", "1");
  EXPECT_NE(unknown.find("unknown option \"learning-rat\""), std::string::npos) << unknown;
  EXPECT_NE(unknown.find("did you mean learning_rate?"), std::string::npos) << unknown;
  EXPECT_EQ(refusal("activation", "a\x1b[31m").find('\x1b'), std::string::npos);
}

TEST(SetOption, NumbersOfOtherOptimizersNameTheirOwners) {
  EXPECT_EQ(refusal("momentum", "0.5"),
            "--momentum: expected optimizer momentum or nesterov, found \"adam\" | it has no effect: leave it out");
  EXPECT_NE(refusal("huber-delta", "2"), "");
  FitOptions lowers;
  set_option(lowers, "plateau-patience", "3", "here");
  EXPECT_NE(refusal("plateau-factor", "1", lowers), "");
  EXPECT_NE(refusal("schedule-every", "2"), "");
  FitOptions inverse;
  set_option(inverse, "schedule", "inverse", "here");
  EXPECT_EQ(refusal("schedule-factor", "3", inverse), "");
  set_option(inverse, "schedule", "step", "here");
  EXPECT_NE(refusal("schedule-factor", "3", inverse), "");
}

TEST(OptionsFrom, OrderInsideASourceDoesNotMatter) {
  const FitOptions a = options_from({source({{"momentum", "0.5"}, {"optimizer", "nesterov"}})});
  const FitOptions b = options_from({source({{"optimizer", "nesterov"}, {"momentum", "0.5"}})});
  EXPECT_EQ(option_values(a), option_values(b));
  EXPECT_EQ(std::get<Nesterov>(a.train.optimizer).momentum, 0.5);
  const FitOptions late_preset = options_from({source({{"hidden", "7"}, {"preset", "classic"}})});
  EXPECT_EQ(late_preset.hidden, std::vector<std::size_t>{7});
  EXPECT_EQ(late_preset.activation.kind, ActivationKind::sigmoid);
}

// An unused option is allowed with its default value: a printed configuration stays valid after an edit.
TEST(OptionsFrom, DefaultsOfWhatIsNotUsedAreAccepted) {
  const std::pair<const char*, const char*> edits[] = {
      {"optimizer", "momentum"}, {"optimizer", "sgd"},       {"schedule", "step"},  {"schedule", "constant"},
      {"loss", "huber"},         {"weight_decay", "0"},      {"preset", "classic"}, {"validation_rows", "last:10"},
      {"plateau_patience", "0"}, {"loss", "absolute_error"}, {"optimizer", "adamw"}};
  for (const Source& start :
       {source({}), source({{"weight-decay", "0.1"}, {"plateau-patience", "3"}}), source({{"preset", "classic"}})})
    for (const auto& [name, value] : edits) {
      Source printed;
      for (const auto& [key, text] : option_values(options_from({start})))
        printed.push_back({key, key == name ? value : text, key, key == name});
      EXPECT_EQ(refusal({printed}), "") << name << " = " << value;
      EXPECT_EQ(find_option(name)->get(options_from({printed})), value);
    }
  EXPECT_EQ(refusal({Source{{"momentum", "0.90", "here", false}}}), "") << "the default, written otherwise";
  EXPECT_NE(refusal({Source{{"momentum", "0.8", "here", false}}}), "") << "an edited line";
  EXPECT_NE(refusal("momentum", "0.9"), "") << "the default, requested";
  EXPECT_NE(refusal("momentum", "0.8"), "");
  EXPECT_NE(refusal("momentum", "x"), "");
}

TEST(IsRequested, KnowsWhatWasSetByNameAndWhatDiffersFromThePreset) {
  FitOptions options;
  apply_preset(options, "tabular");
  for (const Option& option : option_table()) EXPECT_FALSE(is_requested(options, option.name)) << option.name;
  set_option(options, "label-smoothing", "0.03", "here");  // the preset's own value
  options.train.epochs = 7;
  options.train.batch_size = 256;  // the preset's own value, which leaves no trace
  EXPECT_TRUE(is_requested(options, "label_smoothing"));
  EXPECT_TRUE(is_requested(options, "epochs"));
  EXPECT_FALSE(is_requested(options, "batch_size"));
  apply_preset(options, "fast");
  EXPECT_FALSE(is_requested(options, "label-smoothing")) << "a preset replaces what it sets";
  EXPECT_FALSE(is_requested(options, "epochs"));
  set_option(options, "seed", "1", "here");
  apply_preset(options, "tabular");
  EXPECT_TRUE(is_requested(options, "seed")) << "no preset sets it";
  EXPECT_THROW(is_requested(options, "sead"), Error);
}

TEST(IsRequested, RecordedValuesAreNot) {
  const FitOptions options = options_from(
      {source({{"preset", "tabular"}, {"epochs", "64"}}), Source{{"label-smoothing", "0.03", "file:2", false}}});
  EXPECT_TRUE(is_requested(options, "epochs"));
  EXPECT_FALSE(is_requested(options, "label_smoothing"));
  EXPECT_TRUE(is_requested(options_from({Source{{"epochs", "64", "file:1", false}}}), "epochs")) << "an edited line";
}

TEST(OptionsFrom, WhatHasNoEffectIsRefused) {
  EXPECT_EQ(refusal({source({{"decay-multiplier", "0.5"}})}),
            "--decay-multiplier: expected weight-decay other than 0, found \"0\"");
  EXPECT_EQ(refusal({source({{"decay-multiplier", "0.5"}, {"weight-decay", "0.1"}})}), "");
  EXPECT_EQ(refusal({source({{"plateau-factor", "0.5"}})}),
            "--plateau-factor: expected plateau-patience other than 0, found \"0\"");
  EXPECT_EQ(refusal({source({{"plateau-factor", "0.5"}, {"plateau-patience", "2"}})}), "");
  EXPECT_EQ(refusal({source({{"validation-split", "0.2"}, {"validation-rows", "last:10"}})}),
            "--validation-split: expected no validation-rows, found \"last:10\"");
  const Source file = source({{"validation-split", "0.2"}});
  EXPECT_EQ(refusal({file, source({{"validation-rows", "last:10"}})}), "") << "the stronger source decides";
}

TEST(OptionsFrom, RpropBringsWhatItNeeds) {
  const FitOptions rprop = options_from({source({{"optimizer", "rprop"}})});
  EXPECT_EQ(rprop.train.batch_size, 0u);
  EXPECT_EQ(rprop.train.schedule.kind, ScheduleKind::constant);
  Source printed;
  for (const auto& [key, text] : option_values(rprop)) printed.push_back({key, text, key});
  EXPECT_EQ(option_values(options_from({printed})), option_values(rprop));
  EXPECT_EQ(refusal({source({{"optimizer", "rprop"}, {"batch-size", "32"}})}),
            "--batch-size: expected all with optimizer rprop, found \"32\"");
  EXPECT_EQ(refusal({source({{"schedule", "cosine"}, {"optimizer", "rprop"}})}),
            "--schedule: expected constant with optimizer rprop, found \"cosine\"");
  EXPECT_EQ(refusal({source({{"schedule", "constant"}, {"optimizer", "rprop"}, {"batch-size", "all"}})}), "");
  // An optimizer from an overriding source replaces the earlier one with all its settings.
  const Source file = source({{"schedule", "cosine"}, {"batch-size", "32"}});
  EXPECT_EQ(options_from({file, source({{"optimizer", "rprop"}})}).train.batch_size, 0u);
  const FitOptions adam = options_from({source({{"optimizer", "rprop"}}), source({{"optimizer", "adam"}})});
  EXPECT_EQ(adam.train.batch_size, FitOptions().train.batch_size);
}

TEST(OptionsFrom, LaterSourcesAreStronger) {
  const Source file = source({{"epochs", "5"}, {"optimizer", "momentum"}, {"momentum", "0.5"}, {"preset", "classic"}});
  const FitOptions both = options_from({file, source({{"epochs", "7"}})});
  EXPECT_EQ(both.train.epochs, 7u);
  EXPECT_EQ(std::get<Momentum>(both.train.optimizer).momentum, 0.5);
  // Another optimizer on the command line voids the file's momentum silently; a contradiction within one source is an
  // error.
  const FitOptions other = options_from({file, source({{"optimizer", "adam"}})});
  EXPECT_TRUE(std::holds_alternative<Adam>(other.train.optimizer));
  EXPECT_NE(refusal({file, source({{"optimizer", "adam"}, {"momentum", "0.5"}})}), "");
  EXPECT_NE(refusal({source({{"optimizer", "adam"}, {"momentum", "0.5"}})}), "");
  EXPECT_EQ(options_from({file, source({{"preset", "default"}})}).preset(), "fast");
}

TEST(OptionValues, BringBackTheSameOptions) {
  const std::vector<Source> assignments = {
      source({}), source({{"preset", "classic"}}),
      source({{"optimizer", "rmsprop"}, {"rho", "0.7"}, {"epsilon", "1e-7"}, {"lr", "0.1"}, {"hidden", "none"}}),
      source({{"schedule", "cosine"},
              {"schedule-final", "0.3"},
              {"weight-multiplier", "1,0.1"},
              {"ignore", "a,\"\"\"\""}}),
      source(
          {{"target", "a b"}, {"loss", "huber"}, {"huber-delta", "0.1"}, {"shuffle", "false"}, {"batch-size", "all"}})};
  for (const Source& assignment : assignments) {
    const auto values = option_values(options_from({assignment}));
    Source again;
    for (const auto& [key, value] : values) again.push_back({key, value, key});
    std::reverse(again.begin(), again.end());
    EXPECT_EQ(option_values(options_from({again})), values);
  }
}

TEST(OptionValues, LeaveOutWhatIsNotUsed) {
  const auto values = option_values(FitOptions());
  const auto has = [&](const std::string& key) {
    return std::any_of(values.begin(), values.end(), [&](const auto& pair) { return pair.first == key; });
  };
  EXPECT_TRUE(has("beta1"));
  EXPECT_FALSE(has("momentum"));
  EXPECT_FALSE(has("huber_delta"));
}

TEST(Lists, SplitIsTheInverseOfJoin) {
  const std::vector<std::vector<std::string>> lists = {
      {}, {"a"}, {""}, {"", ""}, {"a,b", "c\"d", " e "}, {"\"", ",", "x"}};
  for (const auto& list : lists) EXPECT_EQ(split_list(join_list(list)), list);
}

TEST(Numbers, FillTheirWholeText) {
  double value = 0;
  EXPECT_TRUE(number_from_text("1e-3", value));
  EXPECT_EQ(value, 1e-3);
  for (const char* const text : {"", " 1", "1 ", "nan", "inf", "-inf", "1e999", "0x10", "1,5", "1.5.2", "abc"})
    EXPECT_FALSE(number_from_text(text, value)) << text;
  EXPECT_EQ(value, 1e-3);
  for (const double number : {0.1, 1e-8, 3.0, 1.0 / 3, 1e300, -2.5e-5}) {
    EXPECT_TRUE(number_from_text(number_text(number), value));
    EXPECT_EQ(value, number);
  }
}

}  // namespace
}  // namespace chainrule::options_test

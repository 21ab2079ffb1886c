// SPDX-License-Identifier: Apache-2.0
// One failed training of each kind: the diagnosis names the cause first, and its advice heals. The other ones are in
// slow_remedies_test.
#include "chainrule/training/diagnosis/remedies.h"

#include <gtest/gtest.h>

#include "tests/support/sick_nets.h"

namespace chainrule::remedies_test {
namespace {

TEST(Remedies, NameTheCauseAndHeal) {
  for (const testing::Trained& one : testing::sick_nets())
    if (one.is_quick) testing::expect_diagnosed_and_healed(one);
}

TEST(Remedies, BlameNothingInHealthyNetworks) {
  for (const testing::Trained& one : testing::healthy_nets())
    if (one.is_quick) testing::expect_healthy(one);
}

TEST(Remedies, NeedAConfiguration) {
  const testing::Trained one{"a high rate", "iris", "learning_rate=2"};
  const Table table = testing::table_for(one);
  Model model = fit(table, testing::options_for(one)).model;
  EXPECT_GT(diagnose(model, table).trainings, 0u);
  model.provenance.configuration.clear();
  const Diagnosis found = diagnose(model, table);
  EXPECT_EQ(found.trainings, 0u) << "nobody knows how it was trained";
  EXPECT_FALSE(found.findings.empty());
}

TEST(Remedies, DoNotBlameOptionsForOtherWeights) {
  const testing::Trained one{"relu", "iris", "activation=relu hidden=16,16"};
  const Table table = testing::table_for(one);
  Model model = fit(table, testing::options_for(one)).model;
  for (float& b : model.network.parameters.biases(1)) b = -100;
  const std::vector<Finding> findings = diagnose(model, table).findings;
  ASSERT_GE(findings.size(), 2u);
  EXPECT_EQ(findings[0].kind, FindingKind::training_differs);
  EXPECT_TRUE(findings[0].remedies.empty());
  EXPECT_EQ(findings[1].kind, FindingKind::dead) << "what is wrong is still said";
}

TEST(Remedies, StopWhenTold) {
  const testing::Trained one{"a high rate", "iris", "learning_rate=2"};
  const Table table = testing::table_for(one);
  const Model model = fit(table, testing::options_for(one)).model;
  DiagnosisOptions how;
  how.should_stop = [] { return true; };
  const Diagnosis found = diagnose(model, table, how);
  EXPECT_EQ(found.trainings, 0u);
  EXPECT_TRUE(std::isnan(found.findings.at(0).after_remedy));
}

TEST(Remedies, APresetReplacesTheOptionsOfNetworkAndTraining) {
  const testing::Trained one{"options", "xor", "hidden=8 activation=relu test_split=0.2 scaling=none target=kind"};
  const Table table = testing::table_for(one);
  const Model model = fit(table, testing::options_for(one)).model;
  const FitOptions same = options_with(model, {}), other = options_with(model, {{"preset", "tabular"}});
  EXPECT_EQ(same.hidden, std::vector<std::size_t>{8});
  FitOptions tabular;
  apply_preset(tabular, "tabular");
  EXPECT_EQ(other.hidden, tabular.hidden);
  EXPECT_EQ(other.data.scaling, tabular.data.scaling);
  EXPECT_EQ(other.test_split, 0.2) << "which rows are held out stays";
  EXPECT_EQ(other.data.target, "kind");
}

}  // namespace
}  // namespace chainrule::remedies_test

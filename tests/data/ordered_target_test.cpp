// SPDX-License-Identifier: Apache-2.0
// Counts and ratings are told from codes of classes, for seeds 1 to 100.
#include "chainrule/data/columns/ordered_target.h"

#include <array>
#include <cmath>
#include <numbers>

#include "chainrule/base/random.h"
#include "tests/support/tables.h"

namespace chainrule::testing::ordered_target_test {
namespace {

using Numbers = std::vector<double>;

struct Chance {
  std::uint64_t seed;
  std::uint32_t drawn = 0;
  double uniform() { return random_uniform({seed, Purpose::shuffle, 3, 1}, drawn++); }
  double normal() { return std::sqrt(-2 * std::log(uniform() + 1e-12)) * std::cos(2 * std::numbers::pi * uniform()); }
  double poisson(double mean) {
    double count = 0;
    for (double product = uniform(); product > std::exp(-mean); product *= uniform()) ++count;
    return count;
  }
};

bool warns(const std::vector<Numbers>& inputs, const Numbers& target, const EncoderOptions& options = {}) {
  std::vector<Column> columns;
  const auto add = [&](const std::string& name, const Numbers& numbers, bool is_target) {
    Texts texts;
    for (const double number : numbers) texts.push_back(fmt::format("{}", number));
    columns.push_back(column(name, texts, is_target));
  };
  for (const Numbers& input : inputs) add("x" + std::to_string(columns.size()), input, false);
  add("y", target, kKept);
  Notes notes;
  plan_encoder(table_of(columns, target.size()), options, notes);
  for (const Note& note : notes)
    if (note.text.text().find("each number is a class of its own") != std::string::npos) return true;
  return false;
}

struct Drawn {
  std::vector<Numbers> inputs = std::vector<Numbers>(3);
  Numbers target;
};

// Visits: 0 to 9, more of them for larger inputs.
Drawn visits(std::uint64_t seed) {
  Chance chance{seed};
  Drawn out;
  while (out.target.size() < 400) {
    std::array<double, 3> x{chance.normal(), chance.normal(), chance.normal()};
    for (std::size_t j = 0; j < 3; ++j) out.inputs[j].push_back(x[j]);
    out.target.push_back(std::min(9.0, chance.poisson(std::exp(0.5 + 0.6 * x[0] - 0.3 * x[1]))));
  }
  return out;
}

Drawn ratings(std::uint64_t seed) {
  Chance chance{seed};
  Drawn out;
  while (out.target.size() < 400) {
    std::array<double, 3> x{chance.normal(), chance.normal(), chance.normal()};
    for (std::size_t j = 0; j < 3; ++j) out.inputs[j].push_back(x[j]);
    out.target.push_back(std::clamp(std::round(3 + x[0] + 0.5 * x[2] + chance.normal()), 1.0, 5.0));
  }
  return out;
}

// Each class has a center of its own, so their numbers are in no order.
Drawn kinds(std::uint64_t seed, std::size_t classes) {
  Chance chance{seed};
  Numbers centers(3 * classes);
  for (double& center : centers) center = 2 * chance.normal();
  Drawn out;
  while (out.target.size() < 400) {
    const auto k = static_cast<std::size_t>(chance.uniform() * static_cast<double>(classes));
    for (std::size_t j = 0; j < 3; ++j) out.inputs[j].push_back(centers[3 * k + j] + chance.normal());
    out.target.push_back(static_cast<double>(k));
  }
  return out;
}

TEST(OrderedTarget, CountsAndRatingsAreNamedCodesAreNot) {
  int counts = 0, rated = 0, ten = 0, three = 0, chance = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Drawn visit = visits(seed), rating = ratings(seed), tens = kinds(seed, 10), threes = kinds(seed, 3);
    counts += warns(visit.inputs, visit.target) ? 1 : 0;
    rated += warns(rating.inputs, rating.target) ? 1 : 0;
    ten += warns(tens.inputs, tens.target) ? 1 : 0;
    three += warns(threes.inputs, threes.target) ? 1 : 0;
    chance += warns(visit.inputs, tens.target) ? 1 : 0;
  }
  EXPECT_EQ(counts, 100);
  EXPECT_EQ(rated, 100);
  EXPECT_LE(ten, 1) << "by chance, the classes may lie in a row";
  EXPECT_EQ(three, 0);
  EXPECT_EQ(chance, 0) << "inputs that say nothing of the target";
}

TEST(OrderedTarget, NumbersWithFewRowsEachAreNamed) {
  const auto of = [](std::size_t classes, std::size_t rows) {
    Chance chance{7};
    Drawn out;
    for (std::size_t row = 0; row < rows; ++row) {
      for (Numbers& input : out.inputs) input.push_back(chance.normal());
      out.target.push_back(static_cast<double>(row % classes));
    }
    return warns(out.inputs, out.target);
  };
  EXPECT_TRUE(of(15, 29));
  EXPECT_FALSE(of(5, 25));
  EXPECT_FALSE(of(4, 12)) << "few numbers are usual for classes";
}

TEST(OrderedTarget, ARequestedTaskIsNotQuestioned) {
  const Drawn visit = visits(1);
  EXPECT_FALSE(warns(visit.inputs, visit.target, {.task = static_cast<int>(Task::classes)}));
  EXPECT_FALSE(warns(visit.inputs, visit.target, {.task = static_cast<int>(Task::number)}));
}

}  // namespace
}  // namespace chainrule::testing::ordered_target_test

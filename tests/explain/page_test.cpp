// SPDX-License-Identifier: Apache-2.0
// The page's formulas in a browser, for every optimizer and loss, with all features of a step: each can be selected,
// and the displayed factors give the displayed result.
#include "tests/support/browser.h"
#include "tests/support/library.h"
#include "tests/support/made_steps.h"

namespace chainrule::page_test {
namespace {

using testing::Made;

// Every number recomputed; the panel of the first and the last of each quantity.
constexpr const char* kLook = R"((() => {
  const found = { checked: 0, differing: [], odd: [] };
  for (const step of explained.steps) for (const tensor of step.tensors) {
    tableView.show(tensor);
    for (let k = 0; k < tensor.size; ++k) {
      const entry = Entry.at(tensor, k), made = derivationOf(entry), check = made.count === 0 ? null : recomputed(entry, made);
      found.checked += check !== null;
      if (check !== null && !check.agrees) found.differing.push([entry.key, check.value, entry.engine, entry.bound]);
      if (k > 0 && k < tensor.size - 1) continue;
      const panel = html('div', {}, ...panelOf(entry));
      if (/NaN|undefined|null|\{\}|not finite/.test(panel.textContent) || panel.querySelector('merror')) found.odd.push([entry.key, panel.textContent]);
    }
  }
  for (let k = 0; k < 60; ++k) page.go(page.index + 1);
  found.end = find('stage-name').textContent;
  return found; })())";

TEST(Page, EveryOptimizerAndLossIsSetAndGivesItsResults) {
  if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  Browser browser;
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("chainrule-page-" + std::to_string(getpid()) + ".html");
  const std::vector<std::string> activations = activation_names();
  std::uint64_t seed = 0;
  for (const std::string& optimizer : optimizer_names())
    for (const Loss& loss : testing::all_losses()) {
      ++seed;
      Made made(activation_from_name(activations[seed % activations.size()]), loss, optimizer_from_name(optimizer),
                seed);
      if (seed % 2 == 0) made.add_everything();
      std::ofstream(path, std::ios::binary) << formats::explanation_html(made.explain(2));
      browser.open(path);
      const json found = browser.value(kLook);
      const std::string what = optimizer + ' ' + std::string(loss_name(loss)) + " seed " + std::to_string(seed);
      EXPECT_EQ(found["differing"], json::array()) << what;
      EXPECT_EQ(found["odd"], json::array()) << what;
      EXPECT_EQ(found["end"], "Update") << what;
      EXPECT_GT(found["checked"], 10) << what;
      EXPECT_TRUE(browser.complaints.empty()) << what << ": " << browser.complaints[0];
    }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace chainrule::page_test

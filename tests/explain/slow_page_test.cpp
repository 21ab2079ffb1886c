// SPDX-License-Identifier: Apache-2.0
// The time until the page of a step is drawn, in a browser on this machine.
#include <algorithm>
#include <iostream>

#include "tests/support/browser.h"
#include "tests/support/library.h"

namespace chainrule::slow_page_test {
namespace {

std::string page_of(const std::vector<std::size_t>& sizes) {
  Architecture architecture;
  architecture.inputs = sizes[0];
  for (std::size_t l = 1; l < sizes.size(); ++l) {
    Layer layer;
    layer.outputs = sizes[l];
    layer.activation = l + 1 < sizes.size() ? ActivationKind::tanh : ActivationKind::identity;
    architecture.layers.push_back(layer);
  }
  Network network(architecture);
  initialize(network, WeightScheme::automatic, BiasScheme::uniform, 7);
  ReferenceBatch batch{MatrixOf<double>(1, sizes.front()), MatrixOf<double>(1, sizes.back()), {}};
  for (std::size_t k = 0; k < sizes.front(); ++k) batch.inputs.flat()[k] = double(k % 17) / 16;
  batch.targets.flat()[0] = 1;
  TrainOptions options;
  options.loss = sizes.back() == 1 ? LossKind::half_squared_error : LossKind::softmax_cross_entropy;
  options.optimizer = Adam{};
  options.weight_decay = 0.01;
  Explanation explanation = explain_steps(architecture, reference_parameters(network), batch, options);
  explanation.rows = {1};
  return formats::explanation_html(explanation);
}

TEST(SlowPage, TheFirstViewIsThereWithinASecond) {
  if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  Browser browser;
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "chainrule-first-view.html";
  for (const std::vector<std::size_t>& sizes : {std::vector<std::size_t>{2, 3, 1}, std::vector<std::size_t>{64, 32, 10},
                                                std::vector<std::size_t>{784, 30, 10}}) {
    const std::string page = page_of(sizes);
    std::ofstream(path, std::ios::binary) << page;
    std::vector<double> times;
    for (int k = 0; k < 5; ++k) {
      browser.open(path);
      times.push_back(browser.value(kFirstView));
    }
    std::ranges::sort(times);
    std::cout << sizes[0] << '-' << sizes[1] << '-' << sizes[2] << ": " << page.size() << " bytes, first view after "
              << times[2] << " ms (" << times.front() << " to " << times.back() << ")\n";
    EXPECT_LT(times[2], 1000);
    EXPECT_LT(page.size(), 3'000'000u);
    EXPECT_TRUE(browser.complaints.empty());
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace chainrule::slow_page_test

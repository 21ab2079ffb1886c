// SPDX-License-Identifier: Apache-2.0
// Trains a model from a file, saves it, loads it and predicts: three species of iris by the size of petals and sepals.
#include <chainrule/chainrule.h>

#include <cstdio>

int main() {
  const chainrule::Table table = chainrule::formats::load_table("data/iris.csv");
  chainrule::FitOptions options;
  options.hidden = {16};
  options.train.learning_rate = 0.02;
  options.validation_split = 0.2;
  const chainrule::FitResult result = chainrule::fit(table, options);
  chainrule::formats::save_model(result.model, "build/iris.safetensors", true);

  const chainrule::Model model = chainrule::formats::load_model("build/iris.safetensors");
  std::printf("%s\n", chainrule::describe(model.network.architecture).c_str());
  std::printf("accuracy on validation rows: %.2f\n", chainrule::find_metric(result.validation, "accuracy")->value);

  chainrule::MatrixOf<double> flower(1, 4), scores(1, 3);
  flower(0, 0) = 5.9, flower(0, 1) = 3.0, flower(0, 2) = 4.2, flower(0, 3) = 1.5;  // centimeters
  chainrule::Predictor(model).predict(flower.view(), scores.view());
  for (std::size_t k = 0; k < 3; ++k)
    std::printf("%-10s %3.0f %%\n", model.encoder.labels[k].c_str(), 100 * scores(0, k));
}

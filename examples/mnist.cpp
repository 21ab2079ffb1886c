// SPDX-License-Identifier: Apache-2.0
// Trains on the handwritten digits of MNIST (four IDX files) and prints the accuracy on the test images. The argument
// is the folder with the files, by default mnist in $CHAINRULE_DATA. The files are not part of this project.
#include <chainrule/chainrule.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

using namespace chainrule;

namespace {

std::filesystem::path mnist_folder(int count, char** arguments) {
  if (count > 1) return arguments[1];
  const char* const data = std::getenv("CHAINRULE_DATA");
  return data != nullptr ? std::filesystem::path(data) / "mnist" : std::filesystem::path();
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path folder = mnist_folder(count, arguments);
  if (!std::filesystem::is_directory(folder)) {
    std::printf("skipped: expected the MNIST files in the given folder or in $CHAINRULE_DATA/mnist\n");
    return 0;
  }
  formats::LoadOptions test;
  test.part = formats::Part::test;
  const Table test_images = formats::load_table(folder.string(), test);

  FitOptions options;
  options.hidden = {64};
  options.train.epochs = 5;
  const FitResult result = fit(formats::load_table(folder.string()), options, {}, &test_images);
  std::printf("%s\n", describe(result.model.network.architecture).c_str());
  std::printf("accuracy on the test images: %.4f\n", find_metric(result.validation, "accuracy")->value);
}

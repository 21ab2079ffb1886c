// SPDX-License-Identifier: Apache-2.0
// Uses several parts of the library: activations, a network's forward pass, and the errors of malformed files.
#include <chainrule/chainrule.h>
#include "chainrule/engine/inference.h"
#include "chainrule/model/formats/safetensors.h"

int main() {
  chainrule::Architecture architecture;
  architecture.inputs = 2;
  architecture.layers.resize(1);
  architecture.layers[0].outputs = 1;
  architecture.layers[0].activation = chainrule::activation_from_name("sigmoid");
  chainrule::Network network(architecture);
  chainrule::initialize(network, chainrule::WeightScheme::normal, chainrule::BiasScheme::normal, 1);

  chainrule::Matrix inputs(1, 2), outputs(1, 1);
  chainrule::NetworkPredictor predictor(network, 1);
  predictor.predict(inputs.view(), outputs.view());
  if (!(outputs(0, 0) > 0 && outputs(0, 0) < 1)) return 1;

  try {
    chainrule::formats::load_model("no-such-file.safetensors");
  } catch (const chainrule::Error& error) {
    return error.category() == chainrule::ErrorCategory::input ? 0 : 2;
  }
  return 3;
}

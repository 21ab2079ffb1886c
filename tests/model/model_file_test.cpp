// SPDX-License-Identifier: Apache-2.0
// Model files that we write: their content, that they are read back unchanged, and that every damage is detected. Files
// of other programs are in model_file_hostile_test.cpp.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "chainrule/base/checks.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/model/formats/safetensors.h"
#include "tests/support/data_files.h"
#include "tests/support/model_samples.h"

namespace chainrule::model_file_test {
namespace {

using formats::load_model;
using formats::save_model;
using model_samples::read_bytes;

class ModelFile : public data_files::DataFiles {
 protected:
  std::string saved(const Model& model) const {
    const std::string file = path("m.safetensors");
    save_model(model, file, true);
    return read_bytes(file);
  }
  // "" if the file is read, else the error.
  std::string problem_of(const std::string& file) const {
    try {
      load_model(file);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), ErrorCategory::input) << error.what();
      EXPECT_EQ(std::string(error.what()).rfind(file + ": ", 0), 0u) << error.what();
      EXPECT_LT(std::string(error.what()).size(), 600u) << error.what();
      return error.what();
    }
  }
  // Changes one byte in place: writing thousands of files would take minutes.
  void put_byte(const std::string& file, std::size_t at, int value) const {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(value));
  }
  std::size_t head_size(const std::string& bytes) const {
    std::size_t size = 0;
    for (std::size_t k = 8; k-- > 0;) size = size << 8 | static_cast<unsigned char>(bytes[k]);
    return size;
  }
  std::size_t entries() const {
    const std::filesystem::directory_iterator folder(path(""));
    return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
  }
};

void expect_equal(const Encoder& a, const Encoder& b) {
  ASSERT_EQ(a.inputs.size(), b.inputs.size());
  for (std::size_t j = 0; j < a.inputs.size(); ++j) {
    EXPECT_EQ(a.inputs[j].name, b.inputs[j].name);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(a.inputs[j].shift), std::bit_cast<std::uint64_t>(b.inputs[j].shift));
    EXPECT_EQ(a.inputs[j].scale, b.inputs[j].scale);
    EXPECT_EQ(a.inputs[j].constant, b.inputs[j].constant);
    EXPECT_EQ(a.inputs[j].fill, b.inputs[j].fill);
    EXPECT_EQ(a.inputs[j].may_miss, b.inputs[j].may_miss);
    EXPECT_EQ(a.inputs[j].categorical, b.inputs[j].categorical);
    EXPECT_EQ(a.inputs[j].categories, b.inputs[j].categories);
    EXPECT_EQ(a.inputs[j].boolean, b.inputs[j].boolean);
    EXPECT_EQ(a.inputs[j].date, b.inputs[j].date);
    EXPECT_EQ(a.inputs[j].cycles, b.inputs[j].cycles);
    EXPECT_EQ(a.inputs[j].clipped, b.inputs[j].clipped);
    EXPECT_EQ(a.inputs[j].landmarks, b.inputs[j].landmarks);
    EXPECT_EQ(a.inputs[j].scores, b.inputs[j].scores);
    EXPECT_EQ(a.inputs[j].minimum, b.inputs[j].minimum);
    EXPECT_EQ(a.inputs[j].maximum, b.inputs[j].maximum);
  }
  EXPECT_EQ(a.match_by_name, b.match_by_name);
  EXPECT_EQ(a.image_height, b.image_height);
  EXPECT_EQ(a.image_width, b.image_width);
  EXPECT_EQ(a.task, b.task);
  EXPECT_EQ(a.target, b.target);
  EXPECT_EQ(a.target_column, b.target_column);
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.weight_column, b.weight_column);
  EXPECT_EQ(a.class_weights, b.class_weights);
  EXPECT_EQ(a.training_columns, b.training_columns);
  EXPECT_EQ(a.input_columns, b.input_columns);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.target_shift, b.target_shift);
  EXPECT_EQ(a.target_scale, b.target_scale);
  EXPECT_EQ(a.min_prediction, b.min_prediction);
  EXPECT_EQ(a.max_prediction, b.max_prediction);
}

void expect_equal(const Network& a, const Network& b) {
  EXPECT_EQ(a.architecture.inputs, b.architecture.inputs);
  EXPECT_EQ(a.architecture.input_dropout, b.architecture.input_dropout);
  ASSERT_EQ(a.architecture.depth(), b.architecture.depth());
  for (std::size_t l = 0; l < a.architecture.depth(); ++l) {
    const Layer &x = a.architecture.layers[l], &y = b.architecture.layers[l];
    EXPECT_EQ(x.outputs, y.outputs);
    EXPECT_EQ(x.activation.kind, y.activation.kind);
    EXPECT_EQ(x.dropout, y.dropout);
    EXPECT_EQ(x.weight_multiplier, y.weight_multiplier);
    EXPECT_EQ(x.bias_multiplier, y.bias_multiplier);
    EXPECT_EQ(x.decay_multiplier, y.decay_multiplier);
    EXPECT_EQ(x.max_norm, y.max_norm);
  }
  EXPECT_TRUE(in_rows(a.parameters) == in_rows(b.parameters));
}

void expect_equal(const Metrics& a, const Metrics& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    EXPECT_EQ(a[k].name, b[k].name);
    EXPECT_EQ(a[k].value, b[k].value);
  }
}

void expect_equal(const Provenance& a, const Provenance& b) {
  EXPECT_EQ(a.program, b.program);
  EXPECT_EQ(a.configuration, b.configuration);
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.data_fingerprint, b.data_fingerprint);
  EXPECT_EQ(a.stop, b.stop);
  EXPECT_EQ(a.epochs, b.epochs);
  EXPECT_EQ(a.best_epoch, b.best_epoch);
  EXPECT_EQ(a.steps, b.steps);
  expect_equal(a.training, b.training);
  expect_equal(a.validation, b.validation);
  EXPECT_EQ(a.test.rows, b.test.rows);
  ASSERT_EQ(a.test.metrics.size(), b.test.metrics.size());
  for (std::size_t k = 0; k < a.test.metrics.size(); ++k) {
    const Estimate &x = a.test.metrics[k], &y = b.test.metrics[k];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(std::vector({x.value, x.low, x.high, x.baseline}), std::vector({y.value, y.low, y.high, y.baseline}));
  }
}

TEST_F(ModelFile, ComesBackAsItWas) {
  for (const Model& model :
       {model_samples::classes_model(), model_samples::number_model(), model_samples::image_model(),
        model_samples::mixed_model(), model_samples::dated_model()}) {
    const std::string bytes = saved(model);
    const Model loaded = load_model(path("m.safetensors"));
    expect_equal(model.encoder, loaded.encoder);
    expect_equal(model.network, loaded.network);
    expect_equal(model.provenance, loaded.provenance);
    EXPECT_EQ(model.threshold, loaded.threshold);
    EXPECT_EQ(loaded.loss.kind, model.loss.kind);
    EXPECT_EQ(loaded.loss.huber_delta, model.loss.huber_delta);
    EXPECT_EQ(loaded.loss.label_smoothing, model.loss.label_smoothing);
    EXPECT_EQ(saved(loaded), bytes);
  }
}

TEST_F(ModelFile, KeepsEveryActivationAndLoss) {
  Model model = model_samples::number_model();
  for (std::size_t k = 0; k < std::max(activation_names().size(), loss_names().size()); ++k) {
    const std::string& activation = activation_names()[k % activation_names().size()];
    const std::string& loss = loss_names()[k % loss_names().size()];
    model.network.architecture.layers[0].activation = activation_from_name(activation);
    model.loss.kind = loss_from_name(loss);
    saved(model);
    const Model loaded = load_model(path("m.safetensors"));
    EXPECT_EQ(activation_name(loaded.network.architecture.layers[0].activation), activation);
    EXPECT_EQ(loss_name(loaded.loss), loss);
  }
}

TEST_F(ModelFile, KeepsAMetricThatIsNoNumber) {
  Model model = model_samples::number_model();
  model.provenance.training = {{"r2", std::numeric_limits<double>::quiet_NaN()}};
  const std::string bytes = saved(model);
  const Model loaded = load_model(path("m.safetensors"));
  EXPECT_TRUE(std::isnan(loaded.provenance.training.at(0).value));
  EXPECT_EQ(saved(loaded), bytes);
}

// Reads with another JSON reader, using only the format's description.
TEST_F(ModelFile, FollowsTheFormat) {
  const Model model = model_samples::classes_model();
  const std::string bytes = saved(model);
  const std::size_t data = 8 + head_size(bytes);
  EXPECT_EQ(data % 8, 0u);
  ASSERT_EQ(bytes[8], '{');
  const auto head = nlohmann::json::parse(bytes.substr(8, data - 8));
  EXPECT_EQ(head.size(), 5u);
  const auto& weight = head.at("2.weight");
  EXPECT_EQ(weight.at("dtype"), "F32");
  EXPECT_EQ(weight.at("shape"), nlohmann::json::parse("[2, 4]"));
  EXPECT_EQ(weight.at("data_offsets"), nlohmann::json::parse("[48, 80]"));
  EXPECT_EQ(head.at("0.bias").at("shape"), nlohmann::json::parse("[4]"));
  EXPECT_EQ(head.at("2.bias").at("data_offsets"), nlohmann::json::parse("[96, 104]"));
  EXPECT_EQ(bytes.size(), data + 104);
  std::uint32_t bits = 0;
  for (std::size_t k = 4; k-- > 0;) bits = bits << 8 | static_cast<unsigned char>(bytes[data + 48 + k]);
  EXPECT_EQ(std::bit_cast<float>(bits), model.network.parameters.weights(1)(0, 0));
  const auto& metadata = head.at("__metadata__");
  for (const auto& [key, value] : metadata.items()) EXPECT_TRUE(value.is_string()) << key;
  EXPECT_EQ(metadata.at("weights_sha256"), weights_sha256(model.network));
  EXPECT_EQ(nlohmann::json::parse(std::string(metadata.at("columns"))).at("scale").at(0), 0.30000000000000004);
  EXPECT_EQ(nlohmann::json::parse(std::string(metadata.at("labels"))), nlohmann::json({"yes\n", "no\x01"}));
  EXPECT_EQ(metadata.at("seed"), "18446744073709551615");
}

TEST_F(ModelFile, SameModelSameBytes) {
  save_model(model_samples::classes_model(), path("a"));
  save_model(model_samples::classes_model(), path("b"));
  EXPECT_EQ(read_bytes(path("a")), read_bytes(path("b")));
}

TEST_F(ModelFile, IsRefusedWhereverItIsCutOff) {
  const std::string bytes = saved(model_samples::classes_model());
  const std::string file = write("cut", bytes + '\0');
  EXPECT_NE(problem_of(file), "");
  std::filesystem::resize_file(file, bytes.size());
  EXPECT_EQ(problem_of(file), "");
  for (std::size_t size = bytes.size(); size-- > 0;) {
    std::filesystem::resize_file(file, size);
    EXPECT_NE(problem_of(file), "") << size;
  }
}

TEST_F(ModelFile, ChangedHeadIsRefusedOrMeansTheSame) {
  const std::string bytes = saved(model_samples::classes_model());
  const std::string file = write("changed", bytes);
  const std::size_t data = 8 + head_size(bytes);
  std::size_t read = 0;
  for (std::size_t at = 0; at < data; ++at) {
    for (const int change : {1 << at % 8, 1 << (at + 3) % 8, ' ' ^ '\n', '[' ^ '{'}) {
      put_byte(file, at, bytes[at] ^ change);
      if (!problem_of(file).empty()) continue;
      ++read;
      EXPECT_EQ(saved(load_model(file)), bytes) << at << ' ' << change;
    }
    put_byte(file, at, bytes[at]);
  }
  EXPECT_EQ(problem_of(file), "");
  EXPECT_LT(read, 8u);  // a line end instead of padding
}

TEST_F(ModelFile, ChangedWeightsAreFound) {
  const std::string bytes = saved(model_samples::classes_model());
  const std::string file = write("changed", bytes);
  for (std::size_t at = 8 + head_size(bytes); at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      put_byte(file, at, bytes[at] ^ 1 << bit);
      const std::string problem = problem_of(file);
      EXPECT_TRUE(problem.find("damaged") != std::string::npos || problem.find("finite") != std::string::npos) << at;
    }
    put_byte(file, at, bytes[at]);
  }
  EXPECT_EQ(problem_of(file), "");
}

TEST_F(ModelFile, RefusesToWriteWhatItCouldNotRead) {
  const auto refused = [&](ErrorCategory category, const std::string& text, auto spoil) {
    Model model = model_samples::classes_model();
    spoil(model);
    try {
      save_model(model, path("new"));
      ADD_FAILURE() << "saved: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), category) << error.what();
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
    EXPECT_EQ(entries(), 0u);
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  refused(ErrorCategory::input, "tensor \"2.weight\": element 5",
          [&](Model& m) { m.network.parameters.weights(1)(1, 1) = nan; });
  refused(ErrorCategory::input, "input 2", [](Model& m) { m.encoder.inputs[1].scale = 0; });
  refused(ErrorCategory::input, "label", [](Model& m) { m.encoder.labels[1] = "caf\xE9"; });
  refused(ErrorCategory::usage, "custom activation", [](Model& m) {
    m.network.architecture.layers[0].activation =
        Activation({"mine", [](double z) { return z; }, [](double) { return 1.0; }});
  });
  refused(ErrorCategory::usage, "custom loss", [](Model& m) {
    m.loss = Loss(CustomLoss{"mine", [](auto, auto) { return 0.0; }, [](auto, auto, auto) {}});
  });
}

TEST_F(ModelFile, ReplacesAFileOnlyWithTheOption) {
  const std::string file = write("m.safetensors", "precious");
  const Model model = model_samples::number_model();
  try {
    save_model(model, file);
    ADD_FAILURE() << "replaced";
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::usage) << error.what();
  }
  EXPECT_EQ(read_bytes(file), "precious");
  EXPECT_EQ(entries(), 1u);
  save_model(model, file, true);
  expect_equal(load_model(file).network, model.network);
  EXPECT_EQ(entries(), 1u);
}

TEST_F(ModelFile, LargeModelComesBack) {  // more than one block of the reader and writer
  Model model;
  model.network = Network(Architecture{600, 0, {Layer{300, ActivationKind::relu}, Layer{2, ActivationKind::identity}}});
  model_samples::fill(model.network);
  model.loss = LossKind::softmax_cross_entropy;
  for (std::size_t j = 1; j <= 600; ++j) {
    model.encoder.inputs.push_back({"column " + std::to_string(j), 0.1 * static_cast<double>(j), 1});
    model.encoder.input_columns.push_back(j);
  }
  model.encoder.training_columns = model.encoder.target_column = 601;
  model.encoder.labels = {"a", "b"};
  const std::string bytes = saved(model);
  const Model loaded = load_model(path("m.safetensors"));
  expect_equal(model.network, loaded.network);
  expect_equal(model.encoder, loaded.encoder);
  const std::size_t far = bytes.size() - 400 * 4;
  put_byte(path("m.safetensors"), far, bytes[far] ^ 1);
  EXPECT_NE(problem_of(path("m.safetensors")), "");
}

}  // namespace
}  // namespace chainrule::model_file_test

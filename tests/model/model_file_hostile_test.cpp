// SPDX-License-Identifier: Apache-2.0
// Invalid model files, broken or malicious: each is refused with a reason, and what the format allows is read.
#include <sys/stat.h>

#include <ctime>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "chainrule/base/sha256.h"
#include "chainrule/model/formats/safetensors.h"
#include "tests/support/data_files.h"
#include "tests/support/model_samples.h"

namespace chainrule::model_file_hostile_test {
namespace {

using Head = nlohmann::ordered_json;
using model_samples::read_bytes;

class HostileModelFile : public data_files::DataFiles {
 protected:
  void SetUp() override {
    DataFiles::SetUp();
    formats::save_model(model_samples::classes_model(), path("good.safetensors"));
    const std::string bytes = read_bytes(path("good.safetensors"));
    std::size_t size = 0;
    for (std::size_t k = 8; k-- > 0;) size = size << 8 | static_cast<unsigned char>(bytes[k]);
    head_ = Head::parse(bytes.substr(8, size));
    data_ = bytes.substr(8 + size);
  }

  static std::string file_of(const std::string& head, const std::string& data) {
    return data_files::little(head.size(), 8) + head + data;
  }
  // The checksum of the metadata, as model_metadata.cpp computes it.
  static void sign(Head& head) {
    std::map<std::string, std::string> sorted;
    for (const auto& [key, value] : head["__metadata__"].items())
      if (value.is_string()) sorted[key] = value;
    std::string all;
    for (const auto& [key, value] : sorted)
      if (key != "metadata_sha256") all += key + '\0' + value + '\0';
    Sha256 sum;
    sum.add(std::as_bytes(std::span(all)));
    head["__metadata__"]["metadata_sha256"] = sum.hex();
  }

  // "accepted", or the message without the file's name.
  std::string verdict(const std::string& bytes) const {
    const std::string file = write("tried.safetensors", bytes);
    return verdict_on(file);
  }
  std::string verdict_on(const std::string& file) const {
    try {
      formats::load_model(file);
    } catch (const Error& error) {
      const std::string text = error.what();
      EXPECT_EQ(error.category(), ErrorCategory::input) << text;
      EXPECT_EQ(text.rfind(file + ": ", 0), 0u) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
      EXPECT_LT(text.size(), 600u) << text;
      return text.substr(std::min(text.size(), file.size() + 2));
    }
    return "accepted";
  }
  void expect(const std::string& bytes, const std::string& expected) const {
    const std::string found = verdict(bytes);
    EXPECT_NE(found.find(expected), std::string::npos) << "expected: " << expected << "\nfound:  " << found;
  }
  void expect_head(const std::function<void(Head&)>& change, const std::string& expected) const {
    Head head = head_;
    change(head);
    sign(head);
    expect(file_of(head.dump(), data_), expected);
  }
  void expect_metadata(const std::string& key, const std::string& value, const std::string& expected) const {
    expect_head([&](Head& head) { head["__metadata__"][key] = value; }, expected);
  }
  // One piece of a metadata text replaced by another.
  void expect_edit(const std::string& key, const std::string& from, const std::string& to,
                   const std::string& expected) const {
    std::string text = head_["__metadata__"][key];
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    expect_metadata(key, text.replace(at, from.size(), to), expected);
  }

  Head head_;
  std::string data_;
};

TEST_F(HostileModelFile, WhatTheFormatAllowsIsRead) {
  const std::string head = head_.dump();
  EXPECT_EQ(verdict(file_of(head, data_)), "accepted");
  EXPECT_EQ(verdict(file_of(head_.dump(2) + "   \n", data_)), "accepted");
  Head sorted = nlohmann::json::parse(head);
  EXPECT_EQ(verdict(file_of(sorted.dump(), data_)), "accepted");
  // The tensors in another order in the data, as other programs may write them.
  const auto bytes_of = [&](const std::string& name) {
    const std::size_t begin = head_[name]["data_offsets"][0], end = head_[name]["data_offsets"][1];
    return data_.substr(begin, end - begin);
  };
  Head moved = head_;
  std::string data;
  for (const std::string name : {"2.bias", "0.weight", "2.weight", "0.bias"}) {
    const std::string bytes = bytes_of(name);
    moved[name]["data_offsets"] = {data.size(), data.size() + bytes.size()};
    data += bytes;
  }
  EXPECT_EQ(verdict(file_of(moved.dump(), data)), "accepted");
  expect_edit("layers", "\"tanh\"", "\"sigmoid\"", "accepted");
  expect_edit("labels", "yes", "ja", "accepted");
}

TEST_F(HostileModelFile, HeadThatIsNone) {
  const std::string head = head_.dump();
  expect("", "expected a model file (.safetensors), found an empty file");
  expect("\x01", "found 1 bytes");
  expect(data_files::little(0, 8) + "{}", "length of the head: expected 2 to 100000000 bytes, found 0");
  expect(data_files::little(100'000'001, 8) + head,
         "length of the head: expected 2 to 100000000 bytes, found 100000001");
  expect(data_files::little(~0ULL, 8) + head, "found 18446744073709551615");
  expect(data_files::little(head.size() + data_.size() + 1, 8) + head + data_, "length of the head: expected at most");
  expect(file_of(" " + head, data_), "head: expected '{' as first byte, found \" \"");
  expect(file_of("\xEF\xBB\xBF" + head, data_), "head: expected '{' as first byte");
  expect(file_of("[" + head + "]", data_), "head: expected '{' as first byte");
  expect(file_of("{\"a\":", data_), "head: not valid JSON at byte");
  expect(file_of(head + "{}", data_), "head: not valid JSON at byte");
  expect(file_of(head + std::string("\0x", 2), data_), "head: zero byte at byte " + std::to_string(head.size() + 1));
  expect(file_of("{\"caf\xE9\":1}", data_), "head: not valid JSON at byte");
  expect(file_of("{\"\\ud800\":1}", data_), "head: not valid JSON at byte");
  expect(file_of("{\"a\":1e999}", data_), "head: not valid JSON at byte");
  expect(file_of("{}", ""), "not a model of chainrule");
  expect(file_of("{\"__metadata__\":[]}", ""), "__metadata__: expected an object, found a list of 0");
  expect(file_of("{\"__metadata__\":{\"format\":1}}", ""), "metadata \"format\": expected a text, found 1");
}

TEST_F(HostileModelFile, EndlessHeads) {
  const std::clock_t start = std::clock();
  const std::size_t much = 1'000'000;
  expect(file_of("{\"a\":" + std::string(much, '['), ""), "head: expected at most 4 levels, found more");
  std::string nested = "{";
  while (nested.size() < much) nested += "\"a\":{";
  expect(file_of(nested, ""), "head: expected at most 4 levels, found more");
  std::string list = "{\"a\":[0";
  while (list.size() < much) list += ",0";
  expect(file_of(list + "]}", ""), "head: expected at most 200000 values, found more");
  std::string keys = "{";
  for (int k = 0; k < 150'000; ++k) (keys += '"') += std::to_string(k) + "\":0,";
  expect(file_of(keys + "\"7\":0}", ""), "head: key \"7\" occurs twice");
  expect(file_of("{\"" + std::string(much, 'a') + "\":0}", ""), "aaa...\": expected an object, found 0");
  std::string labels = "[\"\"";
  while (labels.size() < much) labels += ",\"\"";
  expect_metadata("labels", labels + "]", "metadata \"labels\": expected at most 3 values, found more");
  expect_metadata("columns", labels + "]", "metadata \"columns\": expected at most 6092 values, found more");
  EXPECT_LT(std::clock() - start, 30 * CLOCKS_PER_SEC);  // under 1 s without sanitizers
}

TEST_F(HostileModelFile, KeysTwice) {
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string head = head_.dump();
    head.replace(head.find(from), from.size(), to);
    return file_of(head, data_);
  };
  expect(with("\"2.bias\":", "\"0.bias\":"), "head: key \"0.bias\" occurs twice");
  expect(with("\"dtype\":\"F32\"", "\"dtype\":\"F32\",\"dtype\":\"F32\""), "head: key \"dtype\" occurs twice");
  expect(with("\"seed\":", "\"task\":\"number\",\"seed\":"), "head: key \"task\" occurs twice");
  expect_edit("target", "{", "{\"shift\":0,", "metadata \"target\": key \"shift\" occurs twice");
}

TEST_F(HostileModelFile, TensorsThatCannotBe) {
  const auto tensor = [&](const std::string& name, const std::string& key, Head value, const std::string& expected) {
    expect_head([&](Head& head) { head[name][key] = value; }, "tensor \"" + name + "\": " + expected);
  };
  tensor("0.weight", "dtype", "F33", "dtype: expected F32, found \"F33\"");
  tensor("0.weight", "dtype", "I32", "dtype: expected F32, found I32");
  tensor("0.weight", "dtype", "F16", "data_offsets: expected 24 bytes for F16 [4, 3], found 48");
  tensor("0.weight", "dtype", 32, "dtype: expected a text, found 32");
  tensor("0.weight", "shape", {-4, -3}, "shape: expected a whole number, found -4");
  tensor("0.weight", "shape", {4.0, 3}, "shape: expected a whole number, found 4");
  tensor("0.weight", "shape", "4x3", "shape: expected a list, found \"4x3\"");
  tensor("0.weight", "shape", {3, 4}, "shape: expected [4, 3], found [3, 4]");
  tensor("0.weight", "shape", {12}, "shape: expected [4, 3], found [12]");
  tensor("0.weight", "shape", {1U << 31, 1U << 31, 4, 3}, "shape: ");
  tensor("0.weight", "shape", {~0ULL, ~0ULL}, "shape: ");
  tensor("0.weight", "shape", {0, ~0ULL}, "data_offsets: expected 0 bytes");
  tensor("0.weight", "data_offsets", {48, 0}, "data_offsets: expected a begin up to the end 0, found 48");
  tensor("0.weight", "data_offsets", {0}, "data_offsets: expected 2 numbers, found 1");
  tensor("0.weight", "data_offsets", {0, 52}, "data_offsets: expected 48 bytes for F32 [4, 3], found 52");
  tensor("0.bias", "data_offsets", {76, 92}, "data_offsets: overlap before it: expected begin 80, found 76");
  tensor("2.bias", "data_offsets", {100, 108}, "data_offsets: hole before it: expected begin 96, found 100");
  tensor("2.bias", "data_offsets", {~0ULL - 8, ~0ULL}, "data_offsets: hole before it");
  tensor("2.bias", "more", 1, "unknown key \"more\"");
  expect_head([](Head& head) { head["2.bias"].erase("dtype"); }, "tensor \"2.bias\": missing key \"dtype\"");
  expect_head([](Head& head) { head["\x1B[31m"] = 1; }, "tensor \"\\x1b[31m\": expected an object, found 1");
  expect(file_of(head_.dump(), data_ + "1234"), "data: expected 104 bytes, found 108");
  expect(file_of(head_.dump(), data_.substr(4)),
         "tensor \"2.bias\": data_offsets: expected an end up to the 100 bytes");
}

TEST_F(HostileModelFile, TensorsThatFitNoLayer) {
  expect_head([](Head& head) { head["1.bias"] = head["2.bias"], head.erase("2.bias"); }, "tensor \"2.bias\": missing");
  expect_head(
      [](Head& head) {
        head["x"] = {{"dtype", "F32"}, {"shape", {0}}, {"data_offsets", {0, 0}}};
      },
      "tensor \"x\": belongs to none of the 2 layers");
  expect_edit("layers", "\"outputs\":4", "\"outputs\":16000000",
              "metadata \"layers\"[1]: inputs: expected 16000000, the outputs of the layer below, found 4");
  expect_edit("layers", "\"inputs\":3", "\"inputs\":16777216",
              "tensor \"0.weight\": shape: expected [4, 16777216], found [4, 3]");
  expect_edit("layers", "\"inputs\":3", "\"inputs\":18446744073709551615", "inputs: expected 1 to 16777216");
  std::string data = data_;
  data.replace(48 + 4 * 5, 4, std::string("\x00\x00\xC0\x7F", 4));
  expect(file_of(head_.dump(), data), "tensor \"2.weight\": element 5: expected a finite number, found nan");
  data.replace(48 + 4 * 5, 4, std::string("\x00\x00\x80\xFF", 4));
  expect(file_of(head_.dump(), data), "tensor \"2.weight\": element 5: expected a finite number, found -inf");
  data.replace(48 + 4 * 5, 4, std::string("\x00\x00\x80\x3F", 4));
  expect(file_of(head_.dump(), data), "the weights are damaged: SHA-256: expected \"");
}

TEST_F(HostileModelFile, DatesThatCannotBe) {
  formats::save_model(model_samples::dated_model(), path("dated.safetensors"));
  const std::string bytes = read_bytes(path("dated.safetensors"));
  std::size_t size = 0;
  for (std::size_t k = 8; k-- > 0;) size = size << 8 | static_cast<unsigned char>(bytes[k]);
  head_ = Head::parse(bytes.substr(8, size));
  data_ = bytes.substr(8 + size);
  const std::string dates = "[\"day_first\",\"time of day\",\"day of year\"]";
  expect_edit("columns", dates, dates, "accepted");
  expect_edit("columns", dates, "[]", "dates[0]: expected the format of the dates, found an empty list");
  expect_edit("columns", dates, "1", "dates[0]");
  expect_edit("columns", "\"day_first\"", "\"year_last\"", "dates[0][0]: expected a known name, found \"year_last\"");
  expect_edit("columns", "\"day of year\"", "\"day of month\"", "dates[0][2]: expected a known name");
  expect_edit("columns", "\"day of year\"", "\"time of day\"", "cycles of input 1");
  expect_edit("columns", ",\"day of year\"", "", "inputs");
}

TEST_F(HostileModelFile, FilesOfEarlierVersionsAreRead) {
  Head head = head_;
  Head& metadata = head["__metadata__"];
  const auto less = [&](const std::string& key, const std::vector<std::string>& gone) {
    Head object = Head::parse(metadata[key].get<std::string>());
    for (const std::string& name : gone) object.erase(name);
    metadata[key] = object.dump();
  };
  metadata["format_version"] = "4";
  less("columns", {"notations"});
  less("target", {"notation"});
  sign(head);
  EXPECT_EQ(verdict(file_of(head.dump(), data_)), "accepted");
  metadata["format_version"] = "3";
  less("decision", {"least", "most"});
  sign(head);
  EXPECT_EQ(verdict(file_of(head.dump(), data_)), "accepted");
  EXPECT_EQ(formats::load_model(path("tried.safetensors")).encoder.max_prediction,
            std::numeric_limits<double>::infinity());
  metadata["format_version"] = "2";
  metadata.erase("decision");
  less("columns", {"least", "most", "boolean", "dates", "clipped", "landmarks", "scores"});
  less("metrics", {"test", "test_rows"});
  sign(head);
  EXPECT_EQ(verdict(file_of(head.dump(), data_)), "accepted");
  const Model model = formats::load_model(path("tried.safetensors"));
  EXPECT_EQ(model.encoder.inputs[0].maximum, std::numeric_limits<double>::infinity());
  EXPECT_FALSE(model.threshold);
  EXPECT_EQ(model.provenance.test.rows, 0u);
  metadata["format_version"] = "1";
  less("columns", {"fill", "may_miss", "categories"});
  sign(head);
  EXPECT_EQ(verdict(file_of(head.dump(), data_)), "accepted");
}

TEST_F(HostileModelFile, DecisionsAndScoresThatCannotBe) {
  expect_metadata("decision", "{\"threshold\":1,\"class_weights\":[],\"least\":null,\"most\":null}",
                  "threshold: expected a number in (0, 1), found 1");
  expect_metadata("decision", "{\"threshold\":null,\"class_weights\":[1],\"least\":null,\"most\":null}",
                  "class weights: expected 2, found 1");
  expect_metadata("decision", "{\"threshold\":null,\"class_weights\":[1,-1],\"least\":null,\"most\":null}",
                  "class weight: expected a finite number from 0 up, found -1");
  expect_metadata("decision", "{\"threshold\":null,\"class_weights\":[],\"least\":\"a\",\"most\":null}",
                  "metadata \"decision\": least: expected a number, found");
  expect_metadata("decision", "{\"threshold\":\"0.3\",\"class_weights\":[],\"least\":null,\"most\":null}",
                  "metadata \"decision\": threshold: expected a number, found");
  expect_metadata("metrics", "{\"training\":{},\"validation\":{},\"test_rows\":1,\"test\":{\"accuracy\":[1]}}",
                  "metadata \"metrics\": test: \"accuracy\": expected 4 numbers, found 1");
}

TEST_F(HostileModelFile, MetadataThatCannotBe) {
  for (const auto& [key, value] : head_["__metadata__"].items()) {
    if (key == "format" || key == "metadata_sha256") continue;
    expect_head([&k = key](Head& head) { head["__metadata__"].erase(k); }, "metadata \"" + key + "\": missing");
    expect_head([&k = key](Head& head) { head["__metadata__"][k] = 1; },
                "metadata \"" + key + "\": expected a text, found 1");
  }
  expect_metadata("sead", "1", "metadata: unknown key \"sead\"");
  expect_metadata("format", "pt",
                  "not a model of chainrule: metadata \"format\": expected \"chainrule\", found \"pt\"");
  expect_metadata("format_version", "6", "written by a newer version: expected at most 5, found 6");
  for (const std::string version : {"1.0", "01", "+1", "-1", "", "1 ", "99999999999999999999"})
    expect_metadata("format_version", version,
                    "metadata \"format_version\": expected a whole number, found \"" + version);
  expect_metadata("format_version", "0", "metadata \"format_version\": expected 1 to 5, found 0");
  expect_metadata("seed", "-1", "metadata \"seed\": expected a whole number, found \"-1\"");
  expect_metadata("layers", "[]", "metadata \"layers\": expected at least 1, found 0");
  expect_metadata("layers", "{", "metadata \"layers\": not valid JSON at byte");
  expect_metadata("input_dropout", "1", "input_dropout: expected a fraction in [0, 1)");
  expect_metadata("task", "guess", "metadata \"task\": expected \"classes\" or \"number\", found \"guess\"");
  expect_metadata("labels", "[\"a\",\"a\"]", "label 2: \"a\" occurs twice");
  expect_metadata("labels", "[\"a\"]", "outputs of the network: expected 1, found 2");
  expect_metadata("labels", "[\"a\",1]", "metadata \"labels\"[1]: expected a text, found 1");
  expect_metadata("images", "{\"height\":3,\"width\":1}", "inputs: expected images or columns, found both");
  expect_metadata("images", "{\"height\":4294967296,\"width\":4294967296}", "does not fit in memory");
  expect_metadata("weights_sha256", std::string(5000, 'x'), "the weights are damaged: SHA-256: expected \"xxx");
  expect_edit("layers", "\"tanh\"", "\"tahn\"", "metadata \"layers\"[0]: activation: expected one of identity, relu");
  expect_edit("layers", "\"dropout\":0.25", "\"dropout\":\"0.25\"",
              "metadata \"layers\"[0]: dropout: expected a number");
  expect_edit("layers", "\"dropout\":0.25", "\"dropout\":-1", "dropout of layer 1: expected a fraction in [0, 1)");
  expect_edit("layers", "\"outputs\":4", "\"outputs\":0", "expected 0, the outputs of the layer below, found 4");
  expect_edit("loss", "softmax_cross_entropy", "hinge", "metadata \"loss\": loss: expected one of half_squared_error");
  expect_edit("loss", "\"softmax\"", "\"sigmoid\"", "metadata \"loss\": link: expected \"softmax\", found \"sigmoid\"");
  expect_edit("loss", "\"huber_delta\":1", "\"huber_delta\":0", "huber_delta: expected a finite number above 0");
  expect_edit("columns", "false,false,true", "false,true", "constant: expected 3 values, found 2");
  expect_edit("columns", "1e-17", "-1e-17", "scale of input 2 \"größ\": expected a finite number above 0");
  expect_edit("columns", "1e-17", "1e999", "metadata \"columns\": not valid JSON at byte");
  expect_edit("columns", "[1,3,4]", "[1,3]", "column numbers of the inputs: expected 3, found 2");
  expect_edit("columns", "[1,3,4]", "[1,3,6]", "column number of input 3: expected 1 to 5, found 6");
  expect_edit("columns", "[1,3,4]", "[1,3,0]", "column number of input 3: expected 1 to 5, found 0");
  expect_edit("columns", "[1,3,4]", "[1,3,2]", "column number of input 3: column 2 occurs twice");
  expect_edit("metrics", "0.25", "\"low\"",
              "metadata \"metrics\": validation: \"loss\": expected a number, found \"low\"");
  Head head = head_;
  head["__metadata__"]["program"] = "somebody else";
  expect(file_of(head.dump(), data_), "metadata \"metadata_sha256\": the metadata is damaged: expected \"");
}

TEST_F(HostileModelFile, OtherFiles) {
  expect("a,b,c\n1,2,3\n", "expected a model file (.safetensors), found a text, such as CSV");
  expect("a,b\n", "found a text, such as CSV");
  expect("<!doctype html><html>", "found a text, such as CSV");
  expect(std::string("PK\x03\x04\x14\0\0\0\0\0", 10), "found a zip archive");
  expect(data_files::gzip("a,b\n1,2\n"), "found a gzip file");
  expect(std::string("\x80\x02}q\0.aaaaaaa", 13), "found a Python pickle");
  expect(data_files::idx({2, 4, 4}, std::string(32, 'a')), "found an IDX file of images or labels");
  expect(file_of("{\"w\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}", "1234"),
         "a safetensors file, but not a model of chainrule: metadata \"format\": expected \"chainrule\", found none");
  EXPECT_EQ(verdict_on(path("nothing")), "cannot be read: No such file or directory");
  EXPECT_EQ(verdict_on(path("")), "cannot be read: it is a folder");
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(verdict_on(path("pipe")), "cannot be read: it is not a regular file");
  EXPECT_EQ(verdict_on("/dev/zero"), "cannot be read: it is not a regular file");
  EXPECT_THROW(formats::load_model(""), Error);
}

}  // namespace
}  // namespace chainrule::model_file_hostile_test

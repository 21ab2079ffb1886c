// SPDX-License-Identifier: Apache-2.0
// A model as a .safetensors file:
//
//   8 bytes   length n of the head, unsigned, little-endian
//   n bytes   the head, JSON in UTF-8: an object that begins with '{' and may end in spaces, so that the data begin at
//             a multiple of 8; {"__metadata__": {NAME: TEXT, ...},
//                               TENSOR: {"dtype": "F32", "shape": [3, 4], "data_offsets": [BEGIN, END]}, ...}
//   the data  little-endian floats, row by row; a tensor has the bytes from BEGIN up to END, counted from the end of
//             the head; every byte belongs to exactly one tensor
//
// Tensors: "0.weight" (outputs x inputs), "0.bias" (outputs), "2.weight" ... like a torch.nn.Sequential with
// activations at the odd indices. metadata.cpp describes the metadata. The data are written in the order of the flat
// block of parameters (all weights, then all biases) and read in any order.
#include "chainrule/model/formats/safetensors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <tuple>

#include "chainrule/base/atomic_file.h"
#include "chainrule/base/checks.h"
#include "chainrule/base/system_error.h"
#include "chainrule/base/text.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/model/formats/json.h"
#include "chainrule/model/formats/metadata.h"
#include "chainrule/model/model.h"

namespace chainrule::formats {
namespace {

// A regular file of known size, or bytes in memory, with random access.
class PlainFile {
 public:
  /// Throws Error (input) with the system's reason, and if it is not a regular file.
  explicit PlainFile(const std::string& path);
  /// A view of bytes that the caller keeps.
  PlainFile(std::span<const std::byte> bytes, const std::string& name)
      : name_(location(name)), bytes_(bytes), size_(bytes.size()) {}

  /// For messages.
  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }  ///< in bytes, when the file was opened
  /// Fills `bytes` from offset `from`. Throws Error (input) if the file ends before.
  void read(std::uint64_t from, std::span<char> bytes) const;

 private:
  struct Closer {
    void operator()(std::FILE* file) const;
  };
  std::string name_;
  std::unique_ptr<std::FILE, Closer> file_;  // null: bytes_ are read
  std::span<const std::byte> bytes_;
  std::uint64_t size_ = 0;
};

// O_NONBLOCK: does not wait for a writer if the file is a pipe.
std::FILE* open_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  return descriptor < 0 ? nullptr : fdopen(descriptor, "rb");
}

}  // namespace

void PlainFile::Closer::operator()(std::FILE* file) const { std::fclose(file); }

PlainFile::PlainFile(const std::string& path) : name_(location(path)) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorCategory::input, name_ + ": cannot be read: " + what);
  };
  if (path.empty() || path.find('\0') != std::string::npos) fail("expected a file name, found " + in_quotes(path));
  file_.reset(open_file(path));
  struct stat status {};
  if (!file_ || fstat(fileno(file_.get()), &status) != 0) fail(reason_of(errno));
  if (!S_ISREG(status.st_mode)) fail(S_ISDIR(status.st_mode) ? "it is a folder" : "it is not a regular file");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

void PlainFile::read(std::uint64_t from, std::span<char> bytes) const {
  const auto read_some = [&]() -> ssize_t {
    if (file_) return pread(fileno(file_.get()), bytes.data(), bytes.size(), static_cast<off_t>(from));
    const std::span<const std::byte> rest = bytes_.subspan(std::min<std::uint64_t>(from, bytes_.size()));
    const std::size_t count = std::min(rest.size(), bytes.size());
    std::ranges::copy(rest.first(count), std::as_writable_bytes(bytes).begin());
    return static_cast<ssize_t>(count);
  };
  while (!bytes.empty()) {
    const ssize_t count = read_some();
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(ErrorCategory::input, name_ + ": cannot be read: " + reason_of(errno));
    if (count == 0)
      throw Error(ErrorCategory::input,
                  name_ + ": expected " + std::to_string(from + bytes.size()) + " bytes, found " + std::to_string(from),
                  "the file became shorter");
    from += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}
namespace {

constexpr std::uint64_t kMaxHeadBytes = 100'000'000;  // the limit of the safetensors library
constexpr std::size_t kMaxHeadValues = 200'000;       // 8 per tensor
constexpr std::size_t kBlockFloats = std::size_t{1} << 16;

struct Tensor {
  std::string name, dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  // bytes of the data
};

struct Head {
  Metadata metadata;
  std::vector<Tensor> tensors;  // in the order of the data
  std::uint64_t data = 0;       // where the data begin in the file
};

struct Dtype {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array<Dtype, 15> kDtypes{{{"BOOL", 1},
                                         {"U8", 1},
                                         {"I8", 1},
                                         {"F8_E5M2", 1},
                                         {"F8_E4M3", 1},
                                         {"I16", 2},
                                         {"U16", 2},
                                         {"F16", 2},
                                         {"BF16", 2},
                                         {"I32", 4},
                                         {"U32", 4},
                                         {"F32", 4},
                                         {"F64", 8},
                                         {"I64", 8},
                                         {"U64", 8}}};

[[noreturn]] void refuse_file(const std::string& what, std::string hint = {}) {
  throw Error(ErrorCategory::input, what, std::move(hint));
}

std::string in(const std::string& file, const std::string& tensor) { return file + ": tensor " + in_quotes(tensor); }

std::string text_of_shape(std::span<const std::uint64_t> shape) {
  std::string text = "[";
  for (const std::uint64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + ']';
}

// ---- the bytes of floats ------------------------------------------------------------------------------------------

void put(std::span<const float> values, std::span<char> bytes) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(values[k]);
    for (std::size_t byte = 0; byte < 4; ++byte) bytes[4 * k + byte] = static_cast<char>(bits >> (8 * byte));
  }
}

void get(std::span<const char> bytes, std::span<float> values) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    std::uint32_t bits = 0;
    for (std::size_t byte = 0; byte < 4; ++byte)
      bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[4 * k + byte])) << (8 * byte);
    values[k] = std::bit_cast<float>(bits);
  }
}

// ---- writing ------------------------------------------------------------------------------------------------------

std::string shape_json(const Segment& segment) {
  if (segment.kind == Segment::Kind::biases) return json_list({std::to_string(segment.columns)});
  return json_list({std::to_string(segment.rows), std::to_string(segment.columns)});
}

// The length and the head itself.
std::string head_bytes(const Model& model) {
  std::vector<std::pair<std::string, std::string>> metadata, fields;
  for (const auto& [key, value] : to_metadata(model)) metadata.emplace_back(key, json_text(value, key));
  fields.emplace_back("__metadata__", json_object(metadata));
  std::size_t end = 0;
  for (const Segment& segment : model.network.parameters.segments()) {
    const std::size_t begin = end;
    end += 4 * segment.rows * segment.columns;
    fields.emplace_back(segment.name,
                        json_object({{"dtype", "\"F32\""},
                                     {"shape", shape_json(segment)},
                                     {"data_offsets", json_list({std::to_string(begin), std::to_string(end)})}}));
  }
  std::string head = json_object(fields);
  head.resize((head.size() + 7) / 8 * 8, ' ');
  std::string length(8, '\0');
  for (std::size_t byte = 0; byte < 8; ++byte) length[byte] = static_cast<char>(head.size() >> (8 * byte));
  return length + head;
}

// ---- reading: the head --------------------------------------------------------------------------------------------

struct Signature {
  std::string_view bytes, what;
};
using namespace std::string_view_literals;
constexpr std::array<Signature, 11> kSignatures{{{"PK\x03\x04"sv, "a zip archive, such as PyTorch or NumPy write"},
                                                 {"\x1F\x8B"sv, "a gzip file"},
                                                 {"\x80\x02"sv, "a Python pickle"},
                                                 {"\x80\x03"sv, "a Python pickle"},
                                                 {"\x80\x04"sv, "a Python pickle"},
                                                 {"\x80\x05"sv, "a Python pickle"},
                                                 {"\x93NUMPY"sv, "a NumPy array"},
                                                 {"\x89HDF"sv, "an HDF5 file"},
                                                 {"\x89PNG"sv, "an image"},
                                                 {"GGUF"sv, "a GGUF file"},
                                                 {"\0\0\x08"sv, "an IDX file of images or labels"}}};

// Names the format of a file that is not a model; "" if it is unknown.
std::string other_format(std::string_view start) {
  for (const Signature& signature : kSignatures)
    if (start.starts_with(signature.bytes)) return std::string(signature.what);
  // An ONNX model begins with its version (field 1, a number) and its producer or another field.
  const std::string_view fields = "\x12\x1A\x22\x28\x32\x3A\x42";
  if (start.size() > 2 && start[0] == 8 && start[1] > 0 && start[1] < 0x20 && fields.find(start[2]) != fields.npos)
    return "an ONNX model";
  const auto is_text = [](char c) {
    const unsigned byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte < 0xF8) || c == '\n' || c == '\r' || c == '\t';
  };
  return std::all_of(start.begin(), start.end(), is_text) ? "a text, such as CSV" : "";
}

std::uint64_t read_head_length(const PlainFile& in) {
  std::string start(std::min<std::uint64_t>(in.size(), 9), '\0');
  in.read(0, start);
  const std::string expected = in.name() + ": expected a model file (.safetensors), found ";
  if (start.empty()) refuse_file(expected + "an empty file");
  // Nine bytes: the length and the first byte of the head. In a text file, all bytes of the length are printable: no
  // head is that long.
  std::uint64_t length = 0;
  for (std::size_t byte = std::min<std::size_t>(start.size(), 8); byte-- > 0;)
    length = length << 8 | static_cast<unsigned char>(start[byte]);
  const bool ours = start.size() == 9 && length >= 2 && length <= kMaxHeadBytes && start[8] == '{';
  const std::string other = ours ? "" : other_format(start);
  if (!other.empty()) refuse_file(expected + other, "name the model first, then the data");
  if (start.size() < 9) refuse_file(expected + std::to_string(start.size()) + " bytes", "the file is cut off");
  if (length > kMaxHeadBytes || length < 2)
    refuse_file(in.name() + ": length of the head: expected 2 to " + std::to_string(kMaxHeadBytes) + " bytes, found " +
                std::to_string(length));
  if (length > in.size() - 8)
    refuse_file(in.name() + ": length of the head: expected at most the " + std::to_string(in.size() - 8) +
                    " bytes that follow, found " + std::to_string(length),
                "the file is cut off");
  if (!ours) refuse_file(in.name() + ": head: expected '{' as first byte, found " + in_quotes(start.substr(8)));
  return length;
}

Metadata read_metadata(Json json, const std::string& file) {
  Metadata metadata;
  object_of(json, file + ": __metadata__");
  for (auto& [key, value] : std::get<Json::Object>(json.value)) {
    text_of(value, file + ": metadata " + in_quotes(key));
    metadata.emplace(std::move(key), std::move(std::get<std::string>(value.value)));
  }
  return metadata;
}

Tensor read_tensor(const std::string& name, const Json& json, const std::string& file) {
  const Fields fields(json, {"dtype", "shape", "data_offsets"}, in(file, name));
  Tensor tensor{name, fields.text("dtype"), {}, 0, 0};
  for (const Json& size : fields.list("shape")) tensor.shape.push_back(whole_of(size, fields.where("shape")));
  const Json::List& offsets = fields.list("data_offsets");
  if (offsets.size() != 2)
    refuse_file(fields.where("data_offsets") + ": expected 2 numbers, found " + std::to_string(offsets.size()));
  tensor.begin = whole_of(offsets[0], fields.where("data_offsets"));
  tensor.end = whole_of(offsets[1], fields.where("data_offsets"));
  if (tensor.begin > tensor.end)
    refuse_file(fields.where("data_offsets") + ": expected a begin up to the end " + std::to_string(tensor.end) +
                ", found " + std::to_string(tensor.begin));
  return tensor;
}

void check_size(const Tensor& tensor, const std::string& file) {
  const auto dtype =
      std::find_if(kDtypes.begin(), kDtypes.end(), [&](const Dtype& d) { return d.name == tensor.dtype; });
  if (dtype == kDtypes.end())
    refuse_file(in(file, tensor.name) + ": dtype: expected F32, found " + in_quotes(tensor.dtype));
  std::size_t bytes = dtype->bytes;
  for (const std::uint64_t size : tensor.shape) bytes = checked_product(bytes, size, in(file, tensor.name) + ": shape");
  if (bytes != tensor.end - tensor.begin)
    refuse_file(in(file, tensor.name) + ": data_offsets: expected " + std::to_string(bytes) + " bytes for " +
                tensor.dtype + ' ' + text_of_shape(tensor.shape) + ", found " +
                std::to_string(tensor.end - tensor.begin));
}

// Every byte of the data belongs to exactly one tensor.
void check_layout(const std::vector<Tensor>& tensors, std::uint64_t data_bytes, const std::string& file) {
  std::uint64_t next = 0;
  for (const Tensor& tensor : tensors) {
    if (tensor.begin != next)
      refuse_file(in(file, tensor.name) + ": data_offsets: " + (tensor.begin < next ? "overlap" : "hole") +
                  " before it: expected begin " + std::to_string(next) + ", found " + std::to_string(tensor.begin));
    if (tensor.end > data_bytes)
      refuse_file(in(file, tensor.name) + ": data_offsets: expected an end up to the " + std::to_string(data_bytes) +
                      " bytes of data, found " + std::to_string(tensor.end),
                  "the file is cut off");
    next = tensor.end;
  }
  if (next != data_bytes)
    refuse_file(file + ": data: expected " + std::to_string(next) + " bytes, found " + std::to_string(data_bytes));
}

Head read_head(const PlainFile& in) {
  std::string text(read_head_length(in), '\0');
  in.read(8, text);
  Json json = read_json(text, kMaxHeadValues, in.name() + ": head");
  Head head;
  head.data = 8 + text.size();
  object_of(json, in.name() + ": head");
  for (auto& [name, value] : std::get<Json::Object>(json.value)) {
    if (name == "__metadata__")
      head.metadata = read_metadata(std::move(value), in.name());
    else
      head.tensors.push_back(read_tensor(name, value, in.name()));
  }
  std::sort(head.tensors.begin(), head.tensors.end(), [](const Tensor& a, const Tensor& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  for (const Tensor& tensor : head.tensors) check_size(tensor, in.name());
  check_layout(head.tensors, in.size() - head.data, in.name());
  return head;
}

// ---- reading: the tensors -----------------------------------------------------------------------------------------

const Tensor& take_tensor(std::map<std::string, const Tensor*>& tensors, const std::string& name,
                          const std::vector<std::uint64_t>& shape, const std::string& file) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) refuse_file(in(file, name) + ": missing");
  const Tensor& tensor = *found->second;
  if (tensor.dtype != "F32") refuse_file(in(file, name) + ": dtype: expected F32, found " + tensor.dtype);
  if (tensor.shape != shape)
    refuse_file(in(file, name) + ": shape: expected " + text_of_shape(shape) + ", found " +
                text_of_shape(tensor.shape));
  tensors.erase(found);
  return tensor;
}

// Checks that the file has exactly the tensors of these layers, before memory for them is allocated.
void check_tensors(const Head& head, const Architecture& architecture, const std::string& file) {
  std::map<std::string, const Tensor*> tensors;
  for (const Tensor& tensor : head.tensors) tensors.emplace(tensor.name, &tensor);
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const std::size_t outputs = architecture.layers[l].outputs;
    const std::string number = std::to_string(2 * l);
    take_tensor(tensors, number + ".weight", {outputs, architecture.layer_inputs(l)}, file);
    take_tensor(tensors, number + ".bias", {outputs}, file);
  }
  if (!tensors.empty())
    refuse_file(in(file, tensors.begin()->first) + ": belongs to none of the " + std::to_string(architecture.depth()) +
                " layers");
}

void read_values(const PlainFile& file, std::uint64_t from, const std::string& name, std::span<float> values) {
  std::string block;
  for (std::size_t first = 0; first < values.size(); first += kBlockFloats) {
    const std::span<float> part = values.subspan(first, std::min(kBlockFloats, values.size() - first));
    block.resize(4 * part.size());
    file.read(from + 4 * first, block);
    get(block, part);
    const auto bad = std::find_if(part.begin(), part.end(), [](float value) { return !std::isfinite(value); });
    if (bad != part.end())
      refuse_file(in(file.name(), name) + ": element " +
                  std::to_string(first + static_cast<std::size_t>(bad - part.begin())) +
                  ": expected a finite number, found " + std::to_string(*bad));
  }
}

void read_parameters(const PlainFile& file, const Head& head, Parameters& parameters) {
  std::map<std::string_view, const Tensor*> tensors;
  for (const Tensor& tensor : head.tensors) tensors.emplace(tensor.name, &tensor);
  for (const Segment& segment : parameters.segments()) {
    std::vector<float> values(segment.rows * segment.columns);
    read_values(file, head.data + tensors.at(segment.name)->begin, segment.name, values);
    set_rows(parameters, segment, values);
  }
}

// Validates the model and returns its head; messages begin with `name`.
std::string checked_head(const Model& model, const std::string& name) {
  validate(model);
  const std::string head = head_bytes(model);
  if (head.size() - 8 > kMaxHeadBytes)
    throw Error(ErrorCategory::output,
                name + ": head: expected at most " + std::to_string(kMaxHeadBytes) + " bytes, found " +
                    std::to_string(head.size() - 8),
                "the names of columns and labels are too many or too long for this format");
  return head;
}

// Calls write(bytes) for the values of all tensors, in order.
template <class Write>
void write_parameters(const Model& model, const Write& write) {
  std::string block;
  for (const Segment& segment : model.network.parameters.segments()) {
    const std::vector<float> values = in_rows(model.network.parameters, segment);
    for (std::span<const float> rest = values; !rest.empty();) {
      const std::span<const float> part = rest.first(std::min(rest.size(), kBlockFloats));
      block.resize(4 * part.size());
      put(part, block);
      write(block);
      rest = rest.subspan(part.size());
    }
  }
}

Model read_model(const PlainFile& file) {
  const Head head = read_head(file);
  const Architecture architecture = architecture_from(head.metadata, file.name());
  check_tensors(head, architecture, file.name());
  Model model = model_from(head.metadata, architecture, file.name());
  read_parameters(file, head, model.network.parameters);
  const std::string sum = weights_sha256(model.network), expected = head.metadata.at("weights_sha256");
  if (sum != expected)
    refuse_file(file.name() + ": the weights are damaged: SHA-256: expected " + in_quotes(expected, 64) + ", found " +
                in_quotes(sum, 64));
  return model;
}

}  // namespace

void save_model(const Model& model, const std::string& path, bool overwrite) {
  const std::string head = checked_head(model, location(path));
  AtomicFile file(path, overwrite, head.size() + 4 * parameter_count(model.network.architecture));
  file.write(head);
  write_parameters(model, [&](const std::string& block) { file.write(block); });
  file.commit();
}

void save_model(const Model& model, std::ostream& stream) {
  const auto write = [&](const std::string& bytes) {
    if (!stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size())))
      throw Error(ErrorCategory::output, "model: cannot write to the stream");
  };
  write(checked_head(model, "model"));
  write_parameters(model, write);
}

Model load_model(const std::string& path) { return read_model(PlainFile(path)); }

Model load_model(std::span<const std::byte> bytes, const std::string& name) {
  return read_model(PlainFile(bytes, name));
}

namespace {

// 0 for a name that is not among them.
template <std::size_t N>
std::size_t place_of(const std::string& name, const std::array<std::string_view, N>& names) {
  const auto at = std::ranges::find(names, name);
  return at == names.end() ? 0 : static_cast<std::size_t>(at - names.begin());
}

}  // namespace

LoadOptions load_options_for(const Model& model) {
  LoadOptions options;
  options.trained = &model.encoder;
  for (const auto& [key, value] : model.provenance.configuration) {
    if (key == "missing") options.missing = split_list(value);
    if (key == "numeric") options.numeric = split_list(value);
    if (key == "decimal_comma") options.decimal_comma = value == "true";
    if (key == "default_missing") options.default_missing = value == "true";
    if (key == "thousands") options.thousands = kThousands[place_of(value, kThousandsNames)];
    if (key == "date_order") options.date_order = static_cast<DateOrder>(place_of(value, kDateOrders));
  }
  return options;
}

}  // namespace chainrule::formats

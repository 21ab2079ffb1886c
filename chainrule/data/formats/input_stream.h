// SPDX-License-Identifier: Apache-2.0
// Reads the bytes of an input file in order, and unpacks gzip. Internal to formats/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/formats/text_decoder.h"

struct z_stream_s;

namespace chainrule::formats {

struct FileCloser {
  void operator()(std::FILE* file) const;
};
struct InflateEnder {
  void operator()(z_stream_s* stream) const;
};

/// Reads a file, or standard input for "-". Detects gzip by its content. Every function throws Error (input) with the
/// name of the file when reading fails: the system's reason, a gzip file that is cut or damaged, or bytes after its
/// end. Memory: two blocks of 64 KiB, and the bytes that peek() returned.
class InputStream {
 public:
  static constexpr std::size_t kBlock = 64 * 1024;

  explicit InputStream(const std::string& path);

  /// Decodes the content that was not taken from this encoding to UTF-8, as TextDecoder does.
  void decode_from(const std::string& encoding);

  /// The path as given, or "<stdin>".
  const std::string& name() const { return name_; }
  /// The next bytes, without taking them: at least `count`, fewer only at the end of the content. Valid until the next
  /// call.
  std::string_view peek(std::size_t count);
  /// Takes `count` bytes; fewer only at the end of the content.
  std::size_t read(void* out, std::size_t count);
  /// Bytes not yet taken; known only for plain files on disk.
  std::optional<std::uint64_t> bytes_left() const;
  bool is_gzip() const { return inflate_ != nullptr; }
  /// Bytes of the file read so far, and bytes of content unpacked from them.
  std::uint64_t packed_bytes() const { return packed_; }
  std::uint64_t unpacked_bytes() const { return unpacked_; }

 private:
  std::size_t read_file(void* out, std::size_t count);
  std::size_t read_content(unsigned char* out, std::size_t count);
  std::size_t read_stored(unsigned char* out, std::size_t count);
  std::size_t inflate_some(unsigned char* out, std::size_t count);
  bool refill();
  void end_of_member();
  [[noreturn]] void refuse_encoding() const;
  [[noreturn]] void fail(const std::string& what) const;

  std::string name_;
  std::unique_ptr<std::FILE, FileCloser> file_;
  std::unique_ptr<z_stream_s, InflateEnder> inflate_;
  std::vector<unsigned char> raw_;     // a block of the file as stored
  std::size_t raw_next_ = 0;           // plain files: where the unread part of raw_ begins
  std::vector<unsigned char> ahead_;   // content that peek() returned and no call has taken
  std::size_t ahead_next_ = 0;         // where this part begins
  std::optional<std::uint64_t> size_;  // of a plain file on disk
  std::uint64_t packed_ = 0, unpacked_ = 0, taken_ = 0;
  std::unique_ptr<TextDecoder> decoder_;
  std::string decoded_;           // by it, and not taken
  std::size_t decoded_next_ = 0;  // where this part begins
  bool ended_ = false;            // the last gzip member has ended
};

/// The remaining content, which must be exactly `declared` bytes. `what` names them in the Error (input). Memory grows
/// with the bytes actually present, not with `declared`.
std::vector<std::uint8_t> read_declared(InputStream& in, std::size_t declared, std::string_view what);

}  // namespace chainrule::formats

// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/input_stream.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/base/system_error.h"

namespace chainrule::formats {
namespace {

std::FILE* open_file(const std::string& path) {
  if (path != "-") return std::fopen(path.c_str(), "rbe");
  const int copy = dup(STDIN_FILENO);
  return copy < 0 ? nullptr : fdopen(copy, "rb");
}

bool begins_as_gzip(const std::vector<unsigned char>& raw) {
  return raw.size() >= 2 && raw[0] == 0x1F && raw[1] == 0x8B;
}

}  // namespace

void FileCloser::operator()(std::FILE* file) const { std::fclose(file); }

void InflateEnder::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

InputStream::InputStream(const std::string& path) : name_(path == "-" ? "<stdin>" : path), file_(open_file(path)) {
  if (!file_) fail("cannot open: " + reason_of(errno));
  std::setvbuf(file_.get(), nullptr, _IONBF, 0);
  struct stat status {};
  if (fstat(fileno(file_.get()), &status) != 0) fail("cannot read: " + reason_of(errno));
  if (S_ISDIR(status.st_mode)) fail("cannot read: " + reason_of(EISDIR));
  raw_.resize(kBlock);
  raw_.resize(read_file(raw_.data(), kBlock));
  if (!begins_as_gzip(raw_)) {
    if (S_ISREG(status.st_mode) && path != "-" && status.st_size > 0)
      size_ = static_cast<std::uint64_t>(status.st_size);
    return;
  }
  auto stream = std::make_unique<z_stream>();
  constexpr int kGzipOnly = 16;
  if (inflateInit2(stream.get(), MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
  inflate_.reset(stream.release());
  inflate_->next_in = raw_.data();
  inflate_->avail_in = static_cast<uInt>(raw_.size());
}

std::string_view InputStream::peek(std::size_t count) {
  if (ahead_.size() - ahead_next_ < count) {
    ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(ahead_next_));
    ahead_next_ = 0;
    const std::size_t had = ahead_.size();
    ahead_.resize(count);
    ahead_.resize(had + read_content(ahead_.data() + had, count - had));
  }
  return {reinterpret_cast<const char*>(ahead_.data()) + ahead_next_, ahead_.size() - ahead_next_};
}

std::size_t InputStream::read(void* out, std::size_t count) {
  auto* const bytes = static_cast<unsigned char*>(out);
  const std::size_t seen = std::min(count, ahead_.size() - ahead_next_);
  std::copy_n(ahead_.begin() + static_cast<std::ptrdiff_t>(ahead_next_), seen, bytes);
  ahead_next_ += seen;
  const std::size_t got = seen == count ? count : seen + read_content(bytes + seen, count - seen);
  taken_ += got;
  return got;
}

std::optional<std::uint64_t> InputStream::bytes_left() const {
  if (!size_) return std::nullopt;
  return *size_ - std::min(*size_, taken_);
}

std::size_t InputStream::read_file(void* out, std::size_t count) {
  const std::size_t got = std::fread(out, 1, count, file_.get());
  if (got < count && std::ferror(file_.get())) fail("cannot read: " + reason_of(errno));
  return got;
}

void InputStream::decode_from(const std::string& encoding) {
  decoder_ = std::make_unique<TextDecoder>(encoding);
  const std::vector<unsigned char> seen(ahead_.begin() + static_cast<std::ptrdiff_t>(ahead_next_), ahead_.end());
  ahead_.clear();
  ahead_next_ = 0;
  size_ = std::nullopt;  // the length of the text is not known
  if (!decoder_->decode({reinterpret_cast<const char*>(seen.data()), seen.size()}, false, decoded_)) refuse_encoding();
}

void InputStream::refuse_encoding() const {
  fail("text: expected the encoding that was given, found other bytes near byte " + std::to_string(packed_));
}

std::size_t InputStream::read_content(unsigned char* out, std::size_t count) {
  if (!decoder_) return read_stored(out, count);
  std::vector<unsigned char> block(kBlock);
  for (bool more = true; more && decoded_.size() - decoded_next_ < count;) {
    decoded_.erase(0, std::exchange(decoded_next_, 0));
    const std::size_t got = read_stored(block.data(), block.size());
    more = got == block.size();
    if (!decoder_->decode({reinterpret_cast<const char*>(block.data()), got}, !more, decoded_)) refuse_encoding();
  }
  const std::size_t got = std::min(count, decoded_.size() - decoded_next_);
  std::copy_n(decoded_.begin() + static_cast<std::ptrdiff_t>(decoded_next_), got, out);
  decoded_next_ += got;
  return got;
}

std::size_t InputStream::read_stored(unsigned char* out, std::size_t count) {
  std::size_t got = 0;
  if (is_gzip()) {
    while (got < count && !ended_) got += inflate_some(out + got, count - got);
  } else {
    got = std::min(count, raw_.size() - raw_next_);
    std::copy_n(raw_.begin() + static_cast<std::ptrdiff_t>(raw_next_), got, out);
    raw_next_ += got;
    if (got < count) got += read_file(out + got, count - got);
    packed_ += got;
  }
  unpacked_ += got;
  return got;
}

bool InputStream::refill() {
  raw_.resize(kBlock);
  raw_.resize(read_file(raw_.data(), kBlock));
  inflate_->next_in = raw_.data();
  inflate_->avail_in = static_cast<uInt>(raw_.size());
  return !raw_.empty();
}

std::size_t InputStream::inflate_some(unsigned char* out, std::size_t count) {
  if (inflate_->avail_in == 0 && !refill())
    fail("gzip: expected the end of the compressed data, found the end of the file after " + std::to_string(packed_) +
         " bytes (the file is cut)");
  const uInt capacity = static_cast<uInt>(std::min<std::size_t>(count, 1U << 30));
  const uInt had = inflate_->avail_in;
  inflate_->next_out = out;
  inflate_->avail_out = capacity;
  const int status = inflate(inflate_.get(), Z_NO_FLUSH);
  packed_ += had - inflate_->avail_in;
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
    fail("gzip: expected intact data, found damage near byte " + std::to_string(packed_) + " (" +
         (inflate_->msg != nullptr ? inflate_->msg : "no reason known") + ")");
  if (status == Z_STREAM_END) end_of_member();
  return capacity - inflate_->avail_out;
}

// RFC 1952, 2.2: a file may hold several members one after the other. Anything else after a member is refused.
void InputStream::end_of_member() {
  if (inflate_->avail_in == 0 && !refill()) {
    ended_ = true;
    return;
  }
  if (*inflate_->next_in != 0x1F)
    fail("gzip: expected the end of the file after byte " + std::to_string(packed_) + ", found more bytes");
  if (inflateReset(inflate_.get()) != Z_OK) throw std::bad_alloc();
}

void InputStream::fail(const std::string& what) const {
  throw Error(ErrorCategory::input, location(name_) + ": " + what);
}

std::vector<std::uint8_t> read_declared(InputStream& in, std::size_t declared, std::string_view what) {
  const auto refuse = [&](const std::string& found) {
    throw Error(ErrorCategory::input, location(in.name()) + ": " + std::string(what) + ": expected " +
                                          std::to_string(declared) + " bytes, found " + found);
  };
  if (const auto left = in.bytes_left(); left && *left != declared) refuse(std::to_string(*left));
  std::vector<std::uint8_t> bytes;
  while (bytes.size() < declared) {
    const std::size_t had = bytes.size();
    const std::size_t requested = std::min(declared - had, std::max(InputStream::kBlock, had));
    bytes.reserve(had + requested);
    bytes.resize(had + requested);
    const std::size_t got = in.read(bytes.data() + had, requested);
    bytes.resize(had + got);
    if (got < requested) refuse(std::to_string(bytes.size()));
  }
  if (!in.peek(1).empty()) refuse("more");
  return bytes;
}

}  // namespace chainrule::formats

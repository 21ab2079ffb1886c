// SPDX-License-Identifier: Apache-2.0
// Row-major matrices: MatrixOf<T> owns aligned memory, ViewOf<T> refers to memory of another owner. One example per
// row.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)
namespace chainrule {

/// rows * columns. Throws Error (input) if so many numbers of `bytes` bytes each cannot fit in memory.
std::size_t checked_numbers(std::size_t rows, std::size_t columns, std::size_t bytes);

/// Memory that starts on a cache line, so that vector loads at the start of a block never cross one. Blocks of 2 MB and
/// more request large pages, since the weights of a wide layer cover more small pages than the processor's TLB holds.
void* allocate_numbers(std::size_t bytes);
void free_numbers(void* memory, std::size_t bytes);

template <class T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) {}
  T* allocate(std::size_t n) {
    if (n > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(allocate_numbers(n * sizeof(T)));
  }
  void deallocate(T* p, std::size_t n) { free_numbers(p, n * sizeof(T)); }
  template <class U>
  bool operator==(const AlignedAllocator<U>&) const {
    return true;
  }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

/// A (rows x columns) view of row-major memory of another owner; copying the view copies no numbers.
template <class T>
class ViewOf {
 public:
  ViewOf() = default;
  ViewOf(T* data, std::size_t rows, std::size_t columns) : data_(data), rows_(rows), columns_(columns) {}
  /// A view of constants from a view of variables.
  template <class U>
  requires std::is_same_v<const U, T> ViewOf(ViewOf<U> other) : ViewOf(other.data(), other.rows(), other.columns()) {}

  T* data() const { return data_; }
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  std::size_t size() const { return rows_ * columns_; }
  T& operator()(std::size_t row, std::size_t column) const {
    assert(row < rows_ && column < columns_);
    return data_[row * columns_ + column];
  }
  std::span<T> row(std::size_t row) const {
    assert(row < rows_);
    return {data_ + row * columns_, columns_};
  }
  /// Rows [first, first + count).
  ViewOf rows(std::size_t first, std::size_t count) const {
    assert(first + count <= rows_);
    return {data_ + first * columns_, count, columns_};
  }
  /// All numbers, row after row.
  std::span<T> flat() const { return {data_, size()}; }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0, columns_ = 0;
};

/// A (rows x columns) matrix that owns its memory; initially zeros. A moved-from matrix is empty (0 x 0).
template <class T>
class MatrixOf {
 public:
  MatrixOf() = default;
  /// Throws Error (input) if rows * columns numbers cannot fit in memory.
  MatrixOf(std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns), values_(checked_numbers(rows, columns, sizeof(T))) {}
  MatrixOf(const MatrixOf&) = default;
  MatrixOf(MatrixOf&& other) noexcept
      : rows_(std::exchange(other.rows_, 0)),
        columns_(std::exchange(other.columns_, 0)),
        values_(std::move(other.values_)) {}
  MatrixOf& operator=(const MatrixOf&) = default;
  MatrixOf& operator=(MatrixOf&& other) noexcept {
    rows_ = std::exchange(other.rows_, 0);
    columns_ = std::exchange(other.columns_, 0);
    values_ = std::move(other.values_);
    return *this;
  }

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  ViewOf<T> view() { return {values_.data(), rows_, columns_}; }
  ViewOf<const T> view() const { return {values_.data(), rows_, columns_}; }
  /// The first `count` rows.
  ViewOf<T> top(std::size_t count) { return view().rows(0, count); }
  ViewOf<const T> top(std::size_t count) const { return view().rows(0, count); }
  T& operator()(std::size_t row, std::size_t column) { return view()(row, column); }
  const T& operator()(std::size_t row, std::size_t column) const { return view()(row, column); }
  std::span<T> row(std::size_t row) { return view().row(row); }
  std::span<const T> row(std::size_t row) const { return view().row(row); }
  std::span<T> flat() { return view().flat(); }
  std::span<const T> flat() const { return view().flat(); }

 private:
  std::size_t rows_ = 0, columns_ = 0;
  AlignedVector<T> values_;
};

/// Immutable bytes with several owners: a file's images are in memory once, however many objects use them.
class SharedBytes {
 public:
  SharedBytes() = default;
  SharedBytes(std::vector<std::uint8_t> bytes)
      : bytes_(std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes))) {}
  std::span<const std::uint8_t> view() const {
    return bytes_ == nullptr ? std::span<const std::uint8_t>() : std::span<const std::uint8_t>(*bytes_);
  }
  std::size_t size() const { return view().size(); }
  bool empty() const { return view().empty(); }
  friend bool operator==(const SharedBytes& a, const SharedBytes& b) { return std::ranges::equal(a.view(), b.view()); }

 private:
  std::shared_ptr<const std::vector<std::uint8_t>> bytes_;
};

using Matrix = MatrixOf<float>;
using MatrixView = ViewOf<float>;
using ConstMatrixView = ViewOf<const float>;

}  // namespace chainrule
#pragma GCC visibility pop

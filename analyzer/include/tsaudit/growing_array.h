// SPDX-License-Identifier: Apache-2.0
// Columns of plot data that grow while somebody looks at them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>

#include "tsaudit/huge_pages.h"

namespace tsaudit {

/// The elements that a GrowingArray had when it was asked. They stay as they are; copies are the same
/// elements.
template <class T>
class SharedArray {
 public:
  SharedArray() = default;
  SharedArray(std::shared_ptr<const T[]> data, size_t size) : data_(std::move(data)), size_(size) {}
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T* begin() const { return data_.get(); }
  const T* end() const { return data_.get() + size_; }
  const T& operator[](size_t index) const { return data_[static_cast<std::ptrdiff_t>(index)]; }
  const T& front() const { return (*this)[0]; }
  const T& back() const { return (*this)[size_ - 1]; }

 private:
  std::shared_ptr<const T[]> data_;
  size_t size_ = 0;
};

/// One thread appends. What it has shared may be read in others meanwhile: appending writes behind it, or to
/// other memory. Throws std::bad_alloc.
template <class T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  size_t size() const { return size_; }
  const T* end() const { return data_.get() + size_; }
  const T& operator[](size_t index) const { return data_.get()[index]; }
  /// Room for so many. The first time no more than that; later some in reserve, which costs addresses and no
  /// memory.
  void reserve(size_t size) {
    if (size <= capacity_) return;
    const size_t capacity = size_ == 0 ? size : std::max(size, capacity_ * kGrowth);
    std::shared_ptr<T[]> data = allocate(capacity * sizeof(T));
    if (size_ != 0) std::memcpy(data.get(), data_.get(), size_ * sizeof(T));
    data_ = std::move(data);
    capacity_ = capacity;
  }
  void push_back(const T& value) {
    if (size_ == capacity_) [[unlikely]]
      reserve(std::max<size_t>(kFirst, size_ + 1));
    data_.get()[size_++] = value;
  }
  SharedArray<T> share() const { return {data_, size_}; }

 private:
  static constexpr size_t kGrowth = 16, kFirst = 16;
  static std::shared_ptr<T[]> allocate(size_t bytes) {
    const bool large = bytes >= kHugePage / 2;
    const size_t offset = large ? next_offset() : 0;
    void* const memory = large ? allocate_huge(offset + bytes) : std::malloc(bytes);
    if (!memory) throw std::bad_alloc();
    return {reinterpret_cast<T*>(static_cast<char*>(memory) + offset), [memory](T*) { std::free(memory); }};
  }
  /// Columns are written side by side. Did all begin at the same place of a page, they would push each other
  /// out of the cache.
  static size_t next_offset() {
    constexpr size_t kPlaces = 32, kLinesApart = 9;
    static std::atomic<size_t> count = 0;
    return count.fetch_add(1, std::memory_order_relaxed) % kPlaces * kLinesApart * kCacheLine;
  }
  std::shared_ptr<T[]> data_;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace tsaudit

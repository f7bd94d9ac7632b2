// SPDX-License-Identifier: GPL-3.0-or-later
// A list that grows to many million elements, none of which ever moves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <future>
#include <memory>
#include <new>
#include <system_error>

#include "tsaudit/huge_pages.h"

namespace tsaudit::gui {

/// One thread appends. Another may read an element once it knows, by its own means, that it is there. Throws
/// std::bad_alloc.
template <class T, size_t kChunks>
class StableArray {
 public:
  StableArray() : chunks_(std::make_unique<std::array<T*, kChunks>>()) {}
  StableArray(const StableArray&) = delete;
  ~StableArray() {
    for (size_t i = 0; i < size_; ++i) (*this)[i].~T();
    for (T* chunk : *chunks_) std::free(chunk);
  }

  static constexpr size_t kChunkBytes = 2 * kHugePage;
  static constexpr size_t kChunk = kChunkBytes / sizeof(T);
  static constexpr size_t max_size() { return kChunk * kChunks; }
  size_t size() const { return size_; }
  T& operator[](size_t index) { return (*chunks_)[index / kChunk][index % kChunk]; }
  const T& operator[](size_t index) const { return (*chunks_)[index / kChunk][index % kChunk]; }
  /// Appends what `make` returns, made where it stays.
  template <class Make>
  T& append(Make&& make) {
    if (end_ == chunk_end_) [[unlikely]]
      add_chunk();
    T* const at = ::new (end_) T(make());
    ++end_;
    ++size_;
    return *at;
  }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  using Memory = std::unique_ptr<void, Free>;

  static Memory cleared_chunk() {
    Memory chunk(allocate_huge(kChunkBytes));
    madvise(chunk.get(), kChunkBytes, MADV_POPULATE_WRITE);
    return chunk;
  }
  /// The system takes as long to clear memory as it takes to fill it: of a long list that is done ahead, in
  /// another thread.
  void add_chunk() {
    if (size_ == max_size()) throw std::bad_alloc();
    Memory chunk = ahead_.valid() ? ahead_.get() : Memory(allocate_huge(kChunkBytes));
    try {
      if (size_ > 0) ahead_ = std::async(std::launch::async, cleared_chunk);
    } catch (const std::system_error&) {
      // No thread is to be had: the next chunk is made when it is needed.
    }
    end_ = (*chunks_)[size_ / kChunk] = static_cast<T*>(chunk.release());
    chunk_end_ = end_ + kChunk;
  }

  std::unique_ptr<std::array<T*, kChunks>> chunks_;
  // What each append changes is apart from what others look up with each element: a cache line that held both
  // would go to and fro between the processors.
  alignas(kCacheLine) size_t size_ = 0;
  T *end_ = nullptr, *chunk_end_ = nullptr;  ///< of what is there, and of what fits
  std::future<Memory> ahead_;
};

}  // namespace tsaudit::gui

// SPDX-License-Identifier: Apache-2.0
// Memory for tables that are read at random: with 4 KiB pages every access would miss the TLB as well.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace tsaudit {

inline constexpr size_t kHugePage = size_t{2} << 20;
inline constexpr size_t kWorthIt = kHugePage - 4096;   ///< a block that nearly fills one

/// Allocator for std::vector: asks for huge pages when the block is worth one. Where there are none, the hint does
/// nothing.
template <class T>
struct HugePageAllocator {
  using value_type = T;
  HugePageAllocator() = default;
  template <class U>
  HugePageAllocator(const HugePageAllocator<U>&) {}

  T* allocate(size_t count) {
    T* memory = allocate_unhinted(count);
    if (count * sizeof(T) >= kWorthIt) madvise(static_cast<void*>(memory), count * sizeof(T), MADV_HUGEPAGE);
    return memory;
  }
  /// Costs only those of its pages that are used.
  T* allocate_unhinted(size_t count) {
    const size_t bytes = count * sizeof(T);
    if (bytes < kWorthIt) return static_cast<T*>(::operator new(bytes, std::align_val_t{alignof(T)}));
    void* memory = std::aligned_alloc(kHugePage, (bytes + kHugePage - 1) / kHugePage * kHugePage);
    if (!memory) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t count) {
    if (count * sizeof(T) < kWorthIt) ::operator delete(memory, std::align_val_t{alignof(T)});
    else std::free(memory);
  }
  friend bool operator==(HugePageAllocator, HugePageAllocator) { return true; }
};

}  // namespace tsaudit

// SPDX-License-Identifier: Apache-2.0
// Memory for millions of elements: to get small pages takes longer than to fill them.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace tsaudit {

inline constexpr size_t kHugePage = 2 << 20;
inline constexpr size_t kCacheLine = 64;

/// At least `bytes`, in huge pages where the system has some; for std::free(). Throws std::bad_alloc.
inline void* allocate_huge(size_t bytes) {
  const size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* const memory = std::aligned_alloc(kHugePage, whole);
  if (!memory) throw std::bad_alloc();
  madvise(memory, whole, MADV_HUGEPAGE);
  return memory;
}

}  // namespace tsaudit

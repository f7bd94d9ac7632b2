// SPDX-License-Identifier: Apache-2.0
// Choices that a seed repeats.
#pragma once

#include <cstdint>
#include <random>

namespace lab {

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  uint32_t any() { return static_cast<uint32_t>(engine_()); }
  /// first <= result <= last
  uint32_t between(uint32_t first, uint32_t last) {
    return first + static_cast<uint32_t>(engine_() % (last - first + 1ull));
  }
  bool chance(uint32_t percent) { return between(1, 100) <= percent; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace lab

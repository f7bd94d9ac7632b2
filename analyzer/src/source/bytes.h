// SPDX-License-Identifier: Apache-2.0
// Numbers out of capture files, which come in either byte order and at any alignment.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace tsaudit::source {

using ByteOrder = std::endian;

inline uint16_t swap_bytes(uint16_t v) { return __builtin_bswap16(v); }
inline uint32_t swap_bytes(uint32_t v) { return __builtin_bswap32(v); }
inline uint64_t swap_bytes(uint64_t v) { return __builtin_bswap64(v); }

template <class T>
T load(const uint8_t* p, ByteOrder order) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return order == ByteOrder::native ? value : swap_bytes(value);
}
inline uint16_t load16(const uint8_t* p, ByteOrder order) { return load<uint16_t>(p, order); }
inline uint32_t load32(const uint8_t* p, ByteOrder order) { return load<uint32_t>(p, order); }
inline uint64_t load64(const uint8_t* p, ByteOrder order) { return load<uint64_t>(p, order); }

}  // namespace tsaudit::source

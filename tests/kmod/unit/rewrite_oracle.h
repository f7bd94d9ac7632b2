// SPDX-License-Identifier: Apache-2.0
//
// What the module's rewriting of a TCP header must do, told a second time in another way: a list of
// options is made of the whole header, and checksums are summed from nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

extern "C" {
#include "tsoff_rewrite.h"
}

namespace tsoffset_test {

using Bytes = std::vector<uint8_t>;

struct Outcome {
  tsoff_verdict verdict;
  Bytes header;
};

// RFC 1071 over `bytes`, as a sum that is not yet complemented.
uint16_t internet_sum(std::span<const uint8_t> bytes);

// RFC 1624, equation 3: what the kernel's csum_replace4() makes of the field.
uint16_t replaced(uint16_t field, uint32_t from, uint32_t to);

Outcome expected(const Bytes& header, tsoff_direction direction, uint32_t offset);

// Runs the module's function on `header`, in a buffer that ends where the header does, and applies the
// change to its checksum as the kernel does.
Outcome actual(const Bytes& header, tsoff_direction direction, uint32_t offset);

// Empty if both agree in every byte, and the checksum stays as valid as it was. `header` has 20 bytes or
// more.
std::string disagreement(const Bytes& header, tsoff_direction direction, uint32_t offset);

}  // namespace tsoffset_test

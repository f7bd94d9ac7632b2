// SPDX-License-Identifier: Apache-2.0
// Any bytes as a capture: the readers must stay within them, come to an end, and give the same packets in
// whatever pieces the bytes come.
#include "unit/source/any_cut.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tsaudit::source;
  const std::span bytes(data, size);
  const Outcome whole = read_in_pieces(bytes, size);
  for (const size_t first : {size_t{1}, 1 + size % 61}) {
    if (read_in_pieces(bytes, first) != whole) std::abort();
  }
  return 0;
}

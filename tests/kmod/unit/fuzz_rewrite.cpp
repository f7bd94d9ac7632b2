// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer: one byte of direction, four of offset, then the header.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "rewrite_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 5 + 20) return -1;
  uint32_t offset;
  std::memcpy(&offset, data + 1, sizeof offset);
  const tsoffset_test::Bytes header(data + 5, data + size);
  const std::string wrong =
      tsoffset_test::disagreement(header, data[0] & 1 ? TSOFF_DIR_IN : TSOFF_DIR_OUT, offset);
  if (!wrong.empty()) {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    std::abort();
  }
  return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// What a folder of CRIU's images knows of TCP connections (files.img and tcp-stream-*.img, CRIU 3.0 and
// newer).
#pragma once

#include <string>
#include <vector>

#include "entry.h"

namespace tsoffset {

struct DumpedConnection {
  Address local, remote;
  // The socket's clock when it was dumped: no segment that it sent carries a later one. Without a value if
  // the connection has timestamps and the image does not tell the clock.
  std::optional<uint32_t> timestamp;
};

// The TCP connections that negotiated timestamps, in the order of the image. Throws UsageError with file,
// byte and reason if an image is not as it should be.
std::vector<DumpedConnection> read_dump(const std::string& folder);

// Adds one tick to odd timestamps, in the images themselves, and returns how many there were. An odd one of a
// kernel before 6.7 would make the clock tick in microseconds when a later kernel restores it. Throws as
// above.
size_t make_timestamps_even(const std::string& folder);

}  // namespace tsoffset

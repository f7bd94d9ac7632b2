// SPDX-License-Identifier: Apache-2.0
// A segment, reduced to what identifies it and what must not change on its way.
#pragma once

#include <cstdint>
#include <string>

#include "tsaudit/segment.h"

namespace tsaudit::verify {

enum Point : unsigned { kInside = 0, kOutside = 1 };
constexpr Point other(Point point) { return point == kInside ? kOutside : kInside; }

/// a - b, saturated: a damaged capture may state any two times. Its absolute value exists.
constexpr int64_t minus(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_sub_overflow(a, b, &result)) return a < b ? -INT64_MAX : INT64_MAX;
  return result == INT64_MIN ? -INT64_MAX : result;
}

/// Hash of data that can be put together from the hashes of its parts: a polynomial modulo 2^61 - 1.
/// One large segment on one side can so be compared with the several that it became on the other.
struct DataHash {
  uint64_t value = 0;
  void add(const uint8_t* bytes, size_t size);
  /// The hash of this data followed by `size` bytes whose hash is `next`.
  DataHash followed_by(DataHash next, uint64_t size) const;
  friend bool operator==(DataHash, DataHash) = default;
};

struct Item {
  TimeNs time_ns = 0;
  uint64_t frame = 0;
  DataHash data, options,
      ip_header;  ///< options without the values of TSopt; IP header without id, TTL, lengths
  SeqNum seq, ack;
  uint32_t length = 0;
  TsVal tsval, tsecr;
  uint16_t window = 0, urgent = 0, ip_id = 0;
  uint8_t flags = 0, ttl = 0;
  bool has_ts = false, has_ip_id = false, data_known = false, options_known = false;
  Checksum checksum = Checksum::unknown;
  SeqNum end() const { return seq + length; }  ///< of its data
};

/// `segment` must come from decode(), while its packet is alive.
Item make_item(const Segment& segment);

/// What differs of two segments that are the same one, in words; empty: nothing that must not.
/// The parts of a regrouped segment differ in flags, data and IP ID by nature: these are left out.
std::string differences(const Item& a, const Item& b, bool regrouped);

}  // namespace tsaudit::verify

// SPDX-License-Identifier: Apache-2.0
#include "verify/item.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace tsaudit::verify {
namespace {

constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;
constexpr uint64_t kBase = 0x9e3779b97f4a7c1 % kPrime;
constexpr size_t kTcpHeader = 20;

uint64_t multiply(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  const uint64_t sum = static_cast<uint64_t>(product & kPrime) + static_cast<uint64_t>(product >> 61);
  return sum >= kPrime ? sum - kPrime : sum;
}

uint64_t power(uint64_t exponent) {
  uint64_t result = 1;
  for (uint64_t base = kBase; exponent != 0; exponent >>= 1, base = multiply(base, base))
    if (exponent & 1) result = multiply(result, base);
  return result;
}

/// The option list with zeros for the values of every TSopt.
DataHash hash_options(const uint8_t* options, size_t size) {
  uint8_t masked[40];
  size = std::min(size, sizeof masked);
  std::memcpy(masked, options, size);
  for (size_t at = 0; at < size && masked[at] != 0;) {
    if (masked[at] == 1) {
      ++at;
      continue;
    }
    if (at + 1 >= size || masked[at + 1] < 2) break;
    const size_t length = masked[at + 1];
    if (masked[at] == 8 && length == 10 && at + length <= size) std::memset(masked + at + 2, 0, 8);
    at += length;
  }
  DataHash hash;
  hash.add(masked, size);
  return hash;
}

/// Version, DSCP and ECN, flow label, fragment flags, protocol, options and extension headers. Addresses are
/// compared by pairing, lengths by the data.
DataHash hash_ip_header(const Segment& segment) {
  DataHash hash;
  if (segment.src.v6) {
    hash.add(segment.ip, 4);
    hash.add(segment.ip + 6, 1);
    hash.add(segment.ip + 40, static_cast<size_t>(segment.tcp - segment.ip) - 40);
  } else {
    hash.add(segment.ip, 2);
    hash.add(segment.ip + 6, 2);
    hash.add(segment.ip + 9, 1);
    hash.add(segment.ip + 20, (segment.ip[0] & 0x0fu) * 4 - 20);
  }
  return hash;
}

}  // namespace

void DataHash::add(const uint8_t* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    const uint64_t sum = multiply(value, kBase) + bytes[i] + 1;
    value = sum >= kPrime ? sum - kPrime : sum;
  }
}

DataHash DataHash::followed_by(DataHash next, uint64_t size) const {
  const uint64_t sum = multiply(value, power(size)) + next.value;
  return {sum >= kPrime ? sum - kPrime : sum};
}

Item make_item(const Segment& segment) {
  Item item{.time_ns = segment.time_ns,
            .frame = segment.frame,
            .data = {},
            .options = {},
            .ip_header = hash_ip_header(segment),
            .seq = segment.seq,
            .ack = segment.ack,
            .length = segment.payload,
            .tsval = segment.tsval,
            .tsecr = segment.tsecr,
            .window = segment.window,
            .ip_id = segment.ip_id,
            .flags = segment.flags,
            .ttl = segment.ttl,
            .has_ts = segment.has_ts(),
            .has_ip_id = !segment.src.v6 && segment.ip_id != 0,
            .checksum = verify_checksums(segment)};
  const size_t captured = std::min(segment.tcp_captured, segment.tcp_length);
  if (captured < kTcpHeader) return item;
  item.urgent = static_cast<uint16_t>(segment.tcp[18] << 8 | segment.tcp[19]);
  const size_t header = (segment.tcp[12] >> 4) * size_t{4};
  if (header < kTcpHeader || captured < header) return item;
  item.options_known = true;
  item.options = hash_options(segment.tcp + kTcpHeader, header - kTcpHeader);
  item.data_known = captured == segment.tcp_length;
  if (item.data_known) item.data.add(segment.tcp + header, captured - header);
  return item;
}

std::string differences(const Item& a, const Item& b, bool regrouped) {
  std::string text;
  const auto add = [&](std::string_view what) {
    if (!text.empty()) text += ", ";
    text += what;
  };
  if (a.ip_header != b.ip_header) add("IP header");
  if (a.window != b.window) add(fmt::format("window ({} inside, {} outside)", a.window, b.window));
  if (a.options_known && b.options_known && a.options != b.options) add("TCP options");
  if (a.has_ts != b.has_ts) add(a.has_ts ? "TSopt (only inside)" : "TSopt (only outside)");
  if (regrouped) return text;
  if (a.flags != b.flags) add(fmt::format("flags ({:#04x} inside, {:#04x} outside)", a.flags, b.flags));
  if (a.urgent != b.urgent) add("urgent pointer");
  if (a.ip_id != b.ip_id) add(fmt::format("IP ID ({} inside, {} outside)", a.ip_id, b.ip_id));
  if (a.data_known && b.data_known && a.data != b.data) add("data");
  return text;
}

}  // namespace tsaudit::verify

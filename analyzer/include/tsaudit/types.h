// SPDX-License-Identifier: Apache-2.0
// Words that every stage shares: time, mod-2^32 numbers, addresses.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tsaudit {

/// Nanoseconds since the Unix epoch, as the capture states them. Never a double.
using TimeNs = int64_t;
inline constexpr TimeNs kSecond = 1'000'000'000;
inline constexpr TimeNs kMillisecond = 1'000'000;

/// A number on the mod-2^32 circle (RFC 9293 section 3.4, RFC 7323 section 5.2). The tag keeps
/// sequence numbers and timestamps from being mixed up. There is deliberately no operator<.
template <class Tag>
struct Serial32 {
  uint32_t raw = 0;
  friend constexpr bool operator==(Serial32, Serial32) = default;
  friend constexpr Serial32 operator+(Serial32 a, uint32_t n) { return {a.raw + n}; }
  friend constexpr Serial32 operator-(Serial32 a, uint32_t n) { return {a.raw - n}; }
};

using SeqNum = Serial32<struct SeqTag>;  ///< TCP sequence or acknowledgment number, bytes
using TsVal = Serial32<struct TsTag>;    ///< TSval, TSecr or TS.Recent, ticks of the sender's clock

/// How far `to` lies ahead of `from`, -2^31 .. 2^31-1.
template <class Tag>
constexpr int32_t distance(Serial32<Tag> from, Serial32<Tag> to) {
  return static_cast<int32_t>(to.raw - from.raw);
}
/// As the kernel's before() and after() (include/net/tcp.h): at a distance of exactly 2^31 both hold.
template <class Tag>
constexpr bool before(Serial32<Tag> a, Serial32<Tag> b) {
  return distance(b, a) < 0;
}
template <class Tag>
constexpr bool after(Serial32<Tag> a, Serial32<Tag> b) {
  return before(b, a);
}

/// IPv4 or IPv6 address as two machine words, so that comparing and hashing cost two instructions.
/// IPv4 keeps its four bytes in the low half of `lo`, `hi` is 0.
struct IpAddress {
  uint64_t hi = 0;
  uint64_t lo = 0;
  bool v6 = false;
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
};
std::string to_string(const IpAddress& address);
/// Accepts dotted IPv4 and RFC 4291 IPv6 text. False when `text` is neither.
bool parse_ip(std::string_view text, IpAddress& out);

struct Endpoint {
  IpAddress address;
  uint16_t port = 0;
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};
/// "10.0.0.1:443" or "[2001:db8::1]:443".
std::string to_string(const Endpoint& endpoint);

using MacAddress = uint64_t;  ///< EUI-48 in the low 48 bits; 0: the link layer showed none
std::string mac_to_string(MacAddress mac);

}  // namespace tsaudit

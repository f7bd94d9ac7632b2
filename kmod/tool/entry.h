// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "uapi/tsoffset.h"

namespace tsoffset {

// The command line, or a line of a saved table, is not as it should be.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Address {
  int family = AF_INET;
  std::array<uint8_t, 16> bytes{};  // the first 4 of them for IPv4
  uint16_t port = 0;                // host order

  size_t size() const { return family == AF_INET ? 4 : 16; }
  bool operator==(const Address&) const = default;
};

// "10.0.0.1:443" or "[2001:db8::1]:443". An IPv4-mapped address becomes what is on the wire: IPv4.
Address parse_address(std::string_view text);
std::string to_string(const Address& address);

struct Entry {
  Address local, remote;
  std::optional<uint32_t> offset;
  std::optional<uint32_t> last_tsval;  // instead of the offset, which the kernel then computes
  std::optional<uint8_t> mode;
  std::optional<uint32_t> timeout;
  std::optional<uint32_t> rate_was, rate_now;
  // From the kernel:
  uint32_t state = 0;
  std::optional<uint32_t> tsval;
  uint64_t packets_out = 0, packets_in = 0;
  uint32_t idle = 0;
};

// A number of 32 bits: "+5", "-5" and "4294967291" (the same as the former), "0x10".
uint32_t parse_number(std::string_view text, const char* what);

// [inet|inet6] [local] ADDRESS:PORT [remote] ADDRESS:PORT. Takes these words from the front of `words`.
Entry parse_connection(std::vector<std::string>& words);

// [offset] N | auto, and [last-tsval N] [mode wire|socket] [timeout S] [rate-was HZ] [rate-now HZ] in any
// order, each of them with or without "--" in front. Of an offset and a last TSval the one that is preferred
// is kept.
void parse_settings(std::vector<std::string> words, Entry& entry, bool prefer_tsval = false);

// A connection and then its settings.
Entry parse_entry(std::vector<std::string> words, bool prefer_tsval = false);

// What parse_entry() reads: a line of `tsoffset save`.
std::string to_line(const Entry& entry);

std::string to_text(const Entry& entry);
std::string to_json(const Entry& entry);

}  // namespace tsoffset

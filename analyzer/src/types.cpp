// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/types.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>

namespace tsaudit {
namespace {

uint64_t load_be64(const uint8_t* p) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | p[i];
  return value;
}
void store_be64(uint64_t value, uint8_t* p) {
  for (int i = 7; i >= 0; --i, value >>= 8) p[i] = static_cast<uint8_t>(value);
}

}  // namespace

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN];
  uint8_t bytes[16];
  if (address.v6) {
    store_be64(address.hi, bytes);
    store_be64(address.lo, bytes + 8);
    inet_ntop(AF_INET6, bytes, text, sizeof text);
  } else {
    store_be64(address.lo, bytes);
    inet_ntop(AF_INET, bytes + 4, text, sizeof text);
  }
  return text;
}

bool parse_ip(std::string_view text, IpAddress& out) {
  const std::string terminated(text);
  uint8_t bytes[16] = {};
  if (inet_pton(AF_INET, terminated.c_str(), bytes + 4) == 1) {
    out = {0, load_be64(bytes), false};
    return true;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), bytes) == 1) {
    out = {load_be64(bytes), load_be64(bytes + 8), true};
    return true;
  }
  return false;
}

std::string to_string(const Endpoint& endpoint) {
  const std::string address = to_string(endpoint.address);
  return endpoint.address.v6 ? fmt::format("[{}]:{}", address, endpoint.port)
                             : fmt::format("{}:{}", address, endpoint.port);
}

std::string mac_to_string(MacAddress mac) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac >> 40 & 0xff, mac >> 32 & 0xff,
                     mac >> 24 & 0xff, mac >> 16 & 0xff, mac >> 8 & 0xff, mac & 0xff);
}

}  // namespace tsaudit

// SPDX-License-Identifier: Apache-2.0
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace lab {

Octets octets(const IpAddress& address) {
  Octets out{{}, address.v6 ? 16u : 4u};
  for (size_t i = 0; i < out.size; ++i) {
    const uint64_t word = address.v6 && i < 8 ? address.hi : address.lo;
    const size_t from_end = address.v6 ? 7 - i % 8 : 3 - i;
    out.bytes[i] = static_cast<uint8_t>(word >> (8 * from_end));
  }
  return out;
}

IpAddress address_from(const uint8_t* bytes, bool v6) {
  IpAddress address;
  address.v6 = v6;
  for (size_t i = 0; i < (v6 ? 16u : 4u); ++i) {
    uint64_t& word = v6 && i < 8 ? address.hi : address.lo;
    word = word << 8 | bytes[i];
  }
  return address;
}

SocketAddress socket_address(const Endpoint& endpoint) {
  SocketAddress out;
  const Octets address = octets(endpoint.address);
  if (endpoint.address.v6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    std::memcpy(&in.sin6_addr, address.bytes.data(), 16);
    std::memcpy(&out.storage, &in, sizeof in);
    out.length = sizeof in;
  } else {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, address.bytes.data(), 4);
    std::memcpy(&out.storage, &in, sizeof in);
    out.length = sizeof in;
  }
  return out;
}

Endpoint endpoint_from(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, &address.storage, sizeof in);
    return {address_from(in.sin6_addr.s6_addr, true), ntohs(in.sin6_port)};
  }
  sockaddr_in in;
  std::memcpy(&in, &address.storage, sizeof in);
  return {address_from(reinterpret_cast<const uint8_t*>(&in.sin_addr), false), ntohs(in.sin_port)};
}

}  // namespace lab

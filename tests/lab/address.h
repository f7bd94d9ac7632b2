// SPDX-License-Identifier: Apache-2.0
// Addresses as the kernel's interfaces want them.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "tsaudit/types.h"

namespace lab {

using tsaudit::Endpoint;
using tsaudit::IpAddress;
using tsaudit::MacAddress;

/// An address in network byte order.
struct Octets {
  std::array<uint8_t, 16> bytes{};
  size_t size = 0;  ///< 4 or 16
};
Octets octets(const IpAddress& address);
IpAddress address_from(const uint8_t* bytes, bool v6);

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};
SocketAddress socket_address(const Endpoint& endpoint);
Endpoint endpoint_from(const SocketAddress& address);

}  // namespace lab

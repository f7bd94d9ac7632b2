// SPDX-License-Identifier: Apache-2.0
// The few rtnetlink and ethtool requests that build the lab's network. By hand instead of by `ip`, because an
// emulated machine has no iproute2 and because iproute2 6.1 cannot say "features tcp_usec_ts".
#pragma once

#include <cstdint>
#include <string>

#include "netns.h"
#include "tsaudit/types.h"

namespace lab {

using tsaudit::IpAddress;
using tsaudit::MacAddress;

struct LinkEnd {
  const Namespace& ns;
  std::string device;
  MacAddress mac;
};
/// A virtual cable, both ends up.
void add_veth(const LinkEnd& a, const LinkEnd& b);
/// A bridge, up, that forwards at once and does not snoop.
void add_bridge(const Namespace& ns, const std::string& device);
void add_to_bridge(const Namespace& ns, const std::string& device, const std::string& bridge);
/// A tunnel over `lower`, from the address `local`, that forwards by its own table alone.
struct VxlanEnd {
  const Namespace& ns;
  std::string device;
  MacAddress mac;
  std::string lower;
  IpAddress local;
};
void add_vxlan(const VxlanEnd& end, uint32_t vni);
/// Frames for `mac` (0: for anybody unknown) go to the tunnel's end at `remote`.
void add_vxlan_route(const Namespace& ns, const std::string& device, MacAddress mac, const IpAddress& remote);
void set_up(const Namespace& ns, const std::string& device, bool up = true);
void set_mtu(const Namespace& ns, const std::string& device, uint32_t bytes);

/// With a connected route of `prefix` bits, without duplicate address detection.
void add_address(const Namespace& ns, const std::string& device, const IpAddress& address, int prefix);
void delete_address(const Namespace& ns, const std::string& device, const IpAddress& address, int prefix);
/// A permanent neighbour entry: the lab does not test ARP.
void set_neighbour(const Namespace& ns, const std::string& device, const IpAddress& address, MacAddress mac);
/// A host route whose connections have timestamps of 1 us (`ip route ... features tcp_usec_ts`, Linux 6.7+).
void add_usec_route(const Namespace& ns, const std::string& device, const IpAddress& destination);

/// ETHTOOL_S<feature>, for example ETHTOOL_STSO. False: the device cannot.
bool set_offload(const Namespace& ns, const std::string& device, uint32_t ethtool_command, bool on);

}  // namespace lab

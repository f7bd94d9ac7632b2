// SPDX-License-Identifier: Apache-2.0
#include "rtnl.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "address.h"

namespace lab {
namespace {

constexpr uint32_t kFeatureUsecTs = 1u << 4;  // RTAX_FEATURE_TCP_USEC_TS, newer than our headers

/// One netlink message under construction. Attributes nest by begin() and end().
class Message {
 public:
  template <class Header>
  Message(uint16_t type, uint16_t flags, const Header& header) {
    nlmsghdr start{};
    start.nlmsg_type = type;
    start.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    put_header(start);
    put_header(header);
  }
  void put(uint16_t type, const void* data, size_t size) {
    const rtattr attribute{static_cast<uint16_t>(RTA_LENGTH(size)), type};
    append(&attribute, sizeof attribute);
    append(data, size);
  }
  template <class T>
  void put(uint16_t type, const T& value) {
    put(type, &value, sizeof value);
  }
  void put(uint16_t type, const std::string& text) { put(type, text.c_str(), text.size() + 1); }
  void put(uint16_t type, const IpAddress& address);
  void put_mac(uint16_t type, MacAddress mac);
  /// The fixed part that some nested attributes begin with.
  template <class Header>
  void put_header(const Header& header) {
    append(&header, sizeof header);
  }
  size_t begin(uint16_t type) {
    const size_t at = bytes_.size();
    put(type, nullptr, 0);
    return at;
  }
  void end(size_t at) {
    const auto length = static_cast<uint16_t>(bytes_.size() - at);
    std::memcpy(&bytes_[at], &length, sizeof length);
  }
  void send(const Namespace& ns, const std::string& what);

 private:
  void append(const void* data, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    if (size) bytes_.insert(bytes_.end(), bytes, bytes + size);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }
  std::vector<uint8_t> bytes_;
};

void Message::put(uint16_t type, const IpAddress& address) {
  const Octets data = octets(address);
  put(type, data.bytes.data(), data.size);
}

void Message::put_mac(uint16_t type, MacAddress mac) {
  uint8_t bytes[6];
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(mac >> (8 * (5 - i)));
  put(type, bytes, sizeof bytes);
}

void Message::send(const Namespace& ns, const std::string& what) {
  const auto inside = ns.enter();
  const UniqueFd fd(must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink socket"));
  const auto length = static_cast<uint32_t>(bytes_.size());
  std::memcpy(bytes_.data(), &length, sizeof length);
  must(::send(fd.get(), bytes_.data(), bytes_.size(), 0), what);
  alignas(nlmsghdr) char answer[8192];
  must(recv(fd.get(), answer, sizeof answer, 0), what);
  const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(reinterpret_cast<nlmsghdr*>(answer)));
  if (error->error) throw SystemError(what + " in " + ns.name(), -error->error);
}

int index_of(const Namespace& ns, const std::string& device) {
  const auto inside = ns.enter();
  const unsigned index = if_nametoindex(device.c_str());
  if (!index) throw SystemError("no device " + device + " in " + ns.name());
  return static_cast<int>(index);
}

ifaddrmsg address_header(const Namespace& ns, const std::string& device, const IpAddress& address,
                         int prefix) {
  ifaddrmsg header{};
  header.ifa_family = address.v6 ? AF_INET6 : AF_INET;
  header.ifa_prefixlen = static_cast<uint8_t>(prefix);
  header.ifa_index = static_cast<uint32_t>(index_of(ns, device));
  return header;
}

}  // namespace

void add_veth(const LinkEnd& a, const LinkEnd& b) {
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  message.put(IFLA_IFNAME, a.device);
  message.put_mac(IFLA_ADDRESS, a.mac);
  const size_t info = message.begin(IFLA_LINKINFO);
  message.put(IFLA_INFO_KIND, std::string("veth"));
  const size_t data = message.begin(IFLA_INFO_DATA);
  const ifinfomsg no_index{};
  const size_t peer = message.begin(VETH_INFO_PEER);
  message.put_header(no_index);
  message.put(IFLA_IFNAME, b.device);
  message.put_mac(IFLA_ADDRESS, b.mac);
  message.put(IFLA_NET_NS_FD, static_cast<uint32_t>(b.ns.fd()));
  message.end(peer);
  message.end(data);
  message.end(info);
  message.send(a.ns, "add veth " + a.device);
  set_up(a.ns, a.device);
  set_up(b.ns, b.device);
}

void add_bridge(const Namespace& ns, const std::string& device) {
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  message.put(IFLA_IFNAME, device);
  const size_t info = message.begin(IFLA_LINKINFO);
  message.put(IFLA_INFO_KIND, std::string("bridge"));
  const size_t data = message.begin(IFLA_INFO_DATA);
  message.put(IFLA_BR_MCAST_SNOOPING, uint8_t{0});
  message.put(IFLA_BR_FORWARD_DELAY, uint32_t{0});
  message.end(data);
  message.end(info);
  message.send(ns, "add bridge " + device);
  set_up(ns, device);
}

void add_to_bridge(const Namespace& ns, const std::string& device, const std::string& bridge) {
  ifinfomsg header{};
  header.ifi_index = index_of(ns, device);
  Message message(RTM_NEWLINK, 0, header);
  message.put(IFLA_MASTER, index_of(ns, bridge));
  message.send(ns, "enslave " + device);
}

void add_vxlan(const VxlanEnd& end, uint32_t vni) {
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  message.put(IFLA_IFNAME, end.device);
  message.put_mac(IFLA_ADDRESS, end.mac);
  const size_t info = message.begin(IFLA_LINKINFO);
  message.put(IFLA_INFO_KIND, std::string("vxlan"));
  const size_t data = message.begin(IFLA_INFO_DATA);
  message.put(IFLA_VXLAN_ID, vni);
  message.put(IFLA_VXLAN_LINK, index_of(end.ns, end.lower));
  message.put(IFLA_VXLAN_LOCAL, end.local);
  message.put(IFLA_VXLAN_PORT, htons(4789));
  message.put(IFLA_VXLAN_LEARNING, uint8_t{0});
  message.end(data);
  message.end(info);
  message.send(end.ns, "add vxlan " + end.device);
  set_up(end.ns, end.device);
}

void add_vxlan_route(const Namespace& ns, const std::string& device, MacAddress mac,
                     const IpAddress& remote) {
  ndmsg header{};
  header.ndm_family = AF_BRIDGE;
  header.ndm_ifindex = index_of(ns, device);
  header.ndm_state = NUD_PERMANENT;
  header.ndm_flags = NTF_SELF;
  Message message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND, header);
  message.put_mac(NDA_LLADDR, mac);
  message.put(NDA_DST, remote);
  message.send(ns, "vxlan route to " + to_string(remote));
}

void set_up(const Namespace& ns, const std::string& device, bool up) {
  ifinfomsg header{};
  header.ifi_index = index_of(ns, device);
  header.ifi_change = IFF_UP;
  if (up) header.ifi_flags = IFF_UP;
  Message(RTM_NEWLINK, 0, header).send(ns, "set up " + device);
}

void set_mtu(const Namespace& ns, const std::string& device, uint32_t bytes) {
  ifinfomsg header{};
  header.ifi_index = index_of(ns, device);
  Message message(RTM_NEWLINK, 0, header);
  message.put(IFLA_MTU, bytes);
  message.send(ns, "set MTU of " + device);
}

void add_address(const Namespace& ns, const std::string& device, const IpAddress& address, int prefix) {
  Message message(RTM_NEWADDR, NLM_F_CREATE, address_header(ns, device, address, prefix));
  message.put(IFA_LOCAL, address);
  message.put(IFA_ADDRESS, address);
  message.put(IFA_FLAGS, uint32_t{IFA_F_NODAD});
  message.send(ns, "add address " + to_string(address));
}

void delete_address(const Namespace& ns, const std::string& device, const IpAddress& address, int prefix) {
  Message message(RTM_DELADDR, 0, address_header(ns, device, address, prefix));
  message.put(IFA_LOCAL, address);
  message.send(ns, "delete address " + to_string(address));
}

void set_neighbour(const Namespace& ns, const std::string& device, const IpAddress& address, MacAddress mac) {
  ndmsg header{};
  header.ndm_family = address.v6 ? AF_INET6 : AF_INET;
  header.ndm_ifindex = index_of(ns, device);
  header.ndm_state = NUD_PERMANENT;
  Message message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header);
  message.put(NDA_DST, address);
  message.put_mac(NDA_LLADDR, mac);
  message.send(ns, "set neighbour " + to_string(address));
}

void add_usec_route(const Namespace& ns, const std::string& device, const IpAddress& destination) {
  rtmsg header{};
  header.rtm_family = destination.v6 ? AF_INET6 : AF_INET;
  header.rtm_dst_len = destination.v6 ? 128 : 32;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_LINK;
  header.rtm_type = RTN_UNICAST;
  Message message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, header);
  message.put(RTA_DST, destination);
  message.put(RTA_OIF, index_of(ns, device));
  const size_t metrics = message.begin(RTA_METRICS);
  message.put(RTAX_FEATURES, kFeatureUsecTs);
  message.end(metrics);
  message.send(ns, "add usec route to " + to_string(destination));
}

bool set_offload(const Namespace& ns, const std::string& device, uint32_t ethtool_command, bool on) {
  const auto inside = ns.enter();
  const UniqueFd fd(must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket for ethtool"));
  ethtool_value value{ethtool_command, on};
  ifreq request{};
  device.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  return ioctl(fd.get(), SIOCETHTOOL, &request) == 0;
}

}  // namespace lab

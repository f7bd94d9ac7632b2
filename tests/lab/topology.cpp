// SPDX-License-Identifier: Apache-2.0
#include "topology.h"

#include <linux/ethtool.h>

#include "tap.h"

namespace lab {
namespace {

constexpr int kPrefix4 = 24, kPrefix6 = 64;

IpAddress address(const char* text) {
  IpAddress out;
  if (!tsaudit::parse_ip(text, out)) throw std::logic_error(text);
  return out;
}

void set_offloads(const Namespace& ns, const std::string& device, bool large_sends, bool merge) {
  for (const uint32_t command : {ETHTOOL_STSO, ETHTOOL_SGSO}) set_offload(ns, device, command, large_sends);
  set_offload(ns, device, ETHTOOL_SGRO, merge);
  // Real sums on the wire, so that captures of the lab are as clean as captures of a cable.
  set_offload(ns, device, ETHTOOL_STXCSUM, false);
}

void quiet(const Namespace& ns) {
  // No router solicitations, no link-local addresses: captures hold what scenarios send and nothing else.
  ns.sysctl("net/ipv6/conf/default/router_solicitations", "0");
  ns.sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
}

}  // namespace

Topology::Topology(const Options& options)
    : peer4_(address("10.77.0.1")),
      peer6_(address("fd77::1")),
      moving4_(address("10.77.0.2")),
      moving6_(address("fd77::2")) {
  quiet(bridge_);
  if (options.bad_line) {
    add_veth({bridge_, "m0", 0x020000000e00}, {bridge_, "m1", 0x020000000e01});
    set_offloads(bridge_, "m0", false, false);
    set_offloads(bridge_, "m1", false, false);
  } else {
    add_bridge(bridge_, "br0");
  }
  wire(peer_, "p0", options);
  wire(old_, "o0", options);
  wire(new_, "n0", options);
  if (options.bad_line) line_ = std::make_unique<Line>(bridge_, peer_.mac, old_.mac);
  if (options.vxlan) dig_tunnels();
  old_.ns.sysctl("net/ipv4/ip_default_ttl", "64");
  new_.ns.sysctl("net/ipv4/ip_default_ttl", "63");  // as if one router farther
  new_.ns.sysctl("net/ipv6/conf/all/hop_limit", "63");
  new_.ns.sysctl("net/ipv6/conf/" + new_.device + "/hop_limit", "63");
  for (const bool v6 : {false, true}) {
    add_address(peer_.ns, peer_.device, peer_address(v6), v6 ? kPrefix6 : kPrefix4);
    add_address(old_.ns, old_.device, moving_address(v6), v6 ? kPrefix6 : kPrefix4);
    set_neighbour(old_.ns, old_.device, peer_address(v6), peer_.mac);
    set_neighbour(new_.ns, new_.device, peer_address(v6), peer_.mac);
    set_neighbour(peer_.ns, peer_.device, moving_address(v6), old_.mac);
    if (options.usec) {
      add_usec_route(peer_.ns, peer_.device, moving_address(v6));
      add_usec_route(old_.ns, old_.device, peer_address(v6));
    }
  }
  attached_ = true;
}

void Topology::wire(const Station& station, const std::string& port, const Options& options) {
  quiet(station.ns);
  // The machine's own choices (BBR here, fq there) must not change what the lab sees.
  station.ns.sysctl("net/ipv4/tcp_congestion_control", "reno");
  set_up(station.ns, "lo");
  add_veth({station.ns, station.device, station.mac}, {bridge_, port, 0x020000000f00 | (station.mac & 0xff)});
  if (!options.bad_line) add_to_bridge(bridge_, port, "br0");
  set_offloads(station.ns, station.device, options.offloads, options.offloads || options.gro);
  set_offloads(bridge_, port, options.offloads, options.offloads);
}

void Topology::dig_tunnels() {
  constexpr uint32_t kVni = 42;
  constexpr MacAddress kAnybody = 0;
  constexpr uint32_t kMtu = 1500, kOuterHeaders = 100;
  for (const char* port : {"p0", "o0", "n0"}) set_mtu(bridge_, port, kMtu + kOuterHeaders);
  int last = 1;
  for (Station* station : {&peer_, &old_, &new_}) {
    station->outer = address(("10.78.0." + std::to_string(last++)).c_str());
    add_address(station->ns, station->cable, station->outer, kPrefix4);
    station->device = "vx0";
    set_mtu(station->ns, station->cable, kMtu + kOuterHeaders);
    add_vxlan({station->ns, station->device, station->mac, station->cable, station->outer}, kVni);
    set_mtu(station->ns, station->device, kMtu);
  }
  for (Station* host : {&old_, &new_}) {
    add_vxlan_route(peer_.ns, peer_.device, host->mac, host->outer);
    add_vxlan_route(host->ns, host->device, peer_.mac, peer_.outer);
    add_vxlan_route(host->ns, host->device, kAnybody, peer_.outer);
    set_neighbour(peer_.ns, peer_.cable, host->outer, host->mac);
    set_neighbour(host->ns, host->cable, peer_.outer, peer_.mac);
  }
}

void Topology::detach_address() {
  if (!attached_) return;
  const Station& from = station(home_);
  for (const bool v6 : {false, true})
    delete_address(from.ns, from.device, moving_address(v6), v6 ? kPrefix6 : kPrefix4);
  attached_ = false;
}

void Topology::attach_address(Host host) {
  detach_address();
  home_ = host;
  const Station& to = station(host);
  Injector announcer(to.ns, to.device);
  for (const bool v6 : {false, true}) {
    add_address(to.ns, to.device, moving_address(v6), v6 ? kPrefix6 : kPrefix4);
    set_neighbour(peer_.ns, peer_.device, moving_address(v6), to.mac);
    announcer.send(build_announcement(to.mac, moving_address(v6)));
  }
  attached_ = true;
}

void Topology::cut_cable(Host host) {
  set_up(bridge_, host == Host::new_host ? "n0" : host == Host::old_host ? "o0" : "p0", false);
}

const Topology::Station& Topology::station(Host host) const {
  return host == Host::peer ? peer_ : host == Host::old_host ? old_ : new_;
}
const Namespace& Topology::ns(Host host) const { return station(host).ns; }
const std::string& Topology::device(Host host) const { return station(host).device; }
const std::string& Topology::cable(Host host) const { return station(host).cable; }
MacAddress Topology::mac(Host host) const { return station(host).mac; }

}  // namespace lab

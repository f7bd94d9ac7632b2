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

void set_offloads(const Namespace& ns, const std::string& device, bool on) {
  for (const uint32_t command : {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO})
    set_offload(ns, device, command, on);
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
  add_bridge(bridge_, "br0");
  wire(peer_, "p0", options);
  wire(old_, "o0", options);
  wire(new_, "n0", options);
  old_.ns.sysctl("net/ipv4/ip_default_ttl", "64");
  new_.ns.sysctl("net/ipv4/ip_default_ttl", "63");  // as if one router farther
  new_.ns.sysctl("net/ipv6/conf/all/hop_limit", "63");
  new_.ns.sysctl("net/ipv6/conf/new0/hop_limit", "63");
  for (const bool v6 : {false, true}) {
    add_address(peer_.ns, peer_.device, peer_address(v6), v6 ? kPrefix6 : kPrefix4);
    add_address(old_.ns, old_.device, moving_address(v6), v6 ? kPrefix6 : kPrefix4);
    set_neighbour(old_.ns, old_.device, peer_address(v6), peer_.mac);
    set_neighbour(new_.ns, new_.device, peer_address(v6), peer_.mac);
    set_neighbour(peer_.ns, peer_.device, moving_address(v6), old_.mac);
  }
  attached_ = true;
}

void Topology::wire(const Station& station, const std::string& port, const Options& options) {
  quiet(station.ns);
  // The machine's own choices (BBR here, fq there) must not change what the lab sees.
  station.ns.sysctl("net/ipv4/tcp_congestion_control", "reno");
  set_up(station.ns, "lo");
  add_veth({station.ns, station.device, station.mac}, {bridge_, port, 0x020000000f00 | (station.mac & 0xff)});
  add_to_bridge(bridge_, port, "br0");
  set_offloads(station.ns, station.device, options.offloads);
  set_offloads(bridge_, port, options.offloads);
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
MacAddress Topology::mac(Host host) const { return station(host).mac; }

}  // namespace lab

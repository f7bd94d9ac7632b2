// SPDX-License-Identifier: Apache-2.0
// The lab's network: a peer and two hosts on one bridge. The moving address is on the old host, later on the
// new.
//
//        peer [peer0] ---- [p0] bridge [o0] ---- [old0] old host
//                               (br0)  [n0] ---- [new0] new host
#pragma once

#include "netns.h"
#include "packet.h"
#include "rtnl.h"

namespace lab {

enum class Host { peer, old_host, new_host };

class Topology {
 public:
  struct Options {
    bool offloads = false;  ///< TSO, GSO, GRO: packets larger than the wire's
  };
  explicit Topology(const Options& options);

  const Namespace& ns(Host host) const;
  const std::string& device(Host host) const;
  MacAddress mac(Host host) const;
  const Namespace& bridge() const { return bridge_; }
  IpAddress peer_address(bool v6) const { return v6 ? peer6_ : peer4_; }
  IpAddress moving_address(bool v6) const { return v6 ? moving6_ : moving4_; }
  /// From the host that has the moving address now.
  Link link_to_peer() const { return {mac(home_), mac(Host::peer)}; }
  Host home() const { return home_; }

  /// Takes the moving addresses off their host; nobody answers for them then.
  void detach_address();
  /// Gives them to `host`, which announces them.
  void attach_address(Host host);
  void cut_cable(Host host);

 private:
  struct Station {
    Namespace ns;
    std::string device;
    MacAddress mac;
  };
  const Station& station(Host host) const;
  void wire(const Station& station, const std::string& port, const Options& options);

  Namespace bridge_{"bridge"};
  Station peer_{Namespace("peer"), "peer0", 0x020000000001};
  Station old_{Namespace("old host"), "old0", 0x020000000a01};
  Station new_{Namespace("new host"), "new0", 0x020000000b02};
  IpAddress peer4_, peer6_, moving4_, moving6_;
  Host home_ = Host::old_host;
  bool attached_ = false;
};

}  // namespace lab

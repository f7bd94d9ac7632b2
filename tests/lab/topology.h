// SPDX-License-Identifier: Apache-2.0
// The lab's network: a peer and two hosts on one bridge. The moving address is on the old host, later on the
// new.
//
//        peer [peer0] ---- [p0] bridge [o0] ---- [old0] old host
//                               (br0)  [n0] ---- [new0] new host
//
// The bridge may be a bad line instead (line.h), and the hosts may talk through VXLAN tunnels over their
// cables.
#pragma once

#include <memory>

#include "line.h"
#include "netns.h"
#include "packet.h"
#include "rtnl.h"

namespace lab {

enum class Host { peer, old_host, new_host };

class Topology {
 public:
  struct Options {
    bool offloads = false;  ///< TSO, GSO, GRO: packets larger than the wire's
    bool gro = false;       ///< GRO alone: the wire has ordinary packets, and receivers see them merged
    bool bad_line = false;  ///< hops of line() instead of the bridge
    bool vxlan = false;
    bool usec = false;  ///< timestamps of 1 us, by route (6.7+)
  };
  explicit Topology(const Options& options);

  const Namespace& ns(Host host) const;
  /// Where the host's addresses are, and the cable that its frames leave by: one device unless in a tunnel.
  const std::string& device(Host host) const;
  const std::string& cable(Host host) const;
  /// Where the middle is captured, in the bridge's namespace.
  std::string middle() const { return line_ ? "m0" : "p0"; }
  /// Nothing unless Options::bad_line.
  Line* line() { return line_.get(); }
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
    std::string device, cable;
    MacAddress mac;
    IpAddress outer;  ///< the tunnel's end
  };
  const Station& station(Host host) const;
  void wire(const Station& station, const std::string& port, const Options& options);
  void dig_tunnels();

  Namespace bridge_{"bridge"};
  Station peer_{Namespace("peer"), "peer0", "peer0", 0x020000000001, {}};
  Station old_{Namespace("old host"), "old0", "old0", 0x020000000a01, {}};
  Station new_{Namespace("new host"), "new0", "new0", 0x020000000b02, {}};
  IpAddress peer4_, peer6_, moving4_, moving6_;
  Host home_ = Host::old_host;
  bool attached_ = false;
  std::unique_ptr<Line> line_;
};

}  // namespace lab

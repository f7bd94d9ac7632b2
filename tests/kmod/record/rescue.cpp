// SPDX-License-Identifier: Apache-2.0
//
// Records the rescue of a connection whose restore lost the clock, as captures in /out:
//
//   rescue-without.pcap   at the peer, without the module: the stall
//   rescue-inside.pcap    the same move with the module on the gateway in front of the host: its inner device
//   rescue-outside.pcap   ... and its outer device
//   rescue-table.json     the gateway's table (tsoffset -j show)
//
// Packets are whole and their checksums real: no offloads. The gateway forwards, so TTL, and with it the
// header checksum of IPv4, differ between inside and outside.
#include <fmt/format.h>

#include <fstream>
#include <optional>
#include <thread>

#include "recorder.h"
#include "rig.h"
#include "tcp.h"

namespace {

using namespace rig;
using tsoffset::Entry;

constexpr uint64_t kBefore = 20000, kAfter = 120000;  // bytes each way
constexpr uint32_t kBack = 1000000;

// A connection over a new chain whose left end moves to a clock that is behind; says whether it went on.
bool scene(bool with_module, const std::string& base) {
  Chain chain;
  for (const Namespace* end : {&chain.left, &chain.right}) {
    end->exec("ethtool -K middle tx off tso off gso off gro off >/dev/null");
    chain.middle.exec("ethtool -K " + end->name() + " tx off tso off gso off gro off >/dev/null");
  }
  std::optional<Recorder> peer, inside, outside;
  if (with_module) {
    inside.emplace(chain.middle, "left", base + "-inside.pcap");
    outside.emplace(chain.middle, "right", base + "-outside.pcap");
  } else {
    peer.emplace(chain.right, "middle", base + "-without.pcap");
  }
  Connection connection = connect(chain.left, chain.right, "10.0.2.2", 443);
  Pump pump(connection.client, connection.server);
  if (!pump.run(kBefore)) return false;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // late acknowledgments
  Image image = dump(connection.client);
  image.timestamp -= kBack;
  connection.client = restore(chain.left, image);
  pump.replace_one(connection.client);
  if (with_module) {
    Entry entry = entry_of(connection.client_address, connection.server_address);
    entry.offset = kBack;
    chain.middle.kernel().store({entry}, false);
  }
  resume(connection.client);
  const bool went_on = pump.run(kAfter, with_module ? 20 : 4);
  if (with_module) {
    std::ofstream table(base + "-table.json");
    table << "[";
    for (const Entry& entry : chain.middle.kernel().all()) table << to_json(entry);
    table << "]\n";
  }
  fmt::print("{}: {} bytes there, {} back, peer's PAWSEstab {}\n", with_module ? "with" : "without",
             pump.forward(), pump.backward(), chain.right.netstat("PAWSEstab"));
  return went_on;
}

}  // namespace

int main() {
  const bool without = scene(false, "/out/rescue");
  const bool with = scene(true, "/out/rescue");
  return !without && with ? 0 : 1;
}

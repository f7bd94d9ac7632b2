// SPDX-License-Identifier: Apache-2.0
//
// Routing domains (VRF), whose device shows netfilter each packet once more: it is rewritten once.
#include <gtest/gtest.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "rig.h"
#include "tcp.h"

namespace {

using namespace rig;
using tsoffset::Entry;

constexpr uint32_t kBack = 5000000;

// The parameter: IPv4 or IPv6.
class Vrf : public testing::TestWithParam<int> {
 protected:
  static bool has_vrf(const Namespace& where) {
    if (where.get<bool>([] { return access("/proc/sys/net/vrf", F_OK) != 0; })) return false;
    where.ip("link add red type vrf table 9");
    where.ip("link set red up");
    // A listener that is bound to no device takes connections of every VRF.
    where.in([] { std::ofstream("/proc/sys/net/ipv4/tcp_l3mdev_accept") << 1; });
    return true;
  }
  // Puts `device` into the VRF of `where`. Its IPv6 addresses do not survive that.
  static void enslave(const Namespace& where, const std::string& device, const std::string& v6) {
    where.ip("link set " + device + " master red");
    where.ip("addr replace " + v6 + " dev " + device + " nodad");
  }
  static const char* pick(const char* v4, const char* v6) { return GetParam() == 4 ? v4 : v6; }

  // The client's end moves to a clock that is behind, an entry at `at` makes up for it, and that one has
  // rewritten each segment of this end once, no more and no less.
  static void moves_and_is_rewritten_once(Connection& connection, const Namespace& client,
                                          const Namespace& server, const Namespace& at) {
    Pump pump(connection.client, connection.server);
    ASSERT_TRUE(pump.run(10000));
    Image image = dump(connection.client);
    image.timestamp -= kBack;
    connection.client = restore(client, image);
    pump.replace_one(connection.client);
    const uint64_t before = server.netstat("PAWSEstab");
    tsoffset::Kernel kernel = at.kernel();
    Entry entry = entry_of(connection.client_address, connection.server_address);
    entry.offset = kBack;
    kernel.store({entry}, false);
    resume(connection.client);
    // So little at a time that each packet is one segment, whatever the devices could do.
    for (uint64_t total = 10100; total <= 15000; total += 100) ASSERT_TRUE(pump.run(total));
    ASSERT_TRUE(quiet(connection.client) && quiet(connection.server));

    tcp_info info{};
    wait_for(
        [&] {
          socklen_t length = sizeof info;
          getsockopt(connection.client.fd(), IPPROTO_TCP, TCP_INFO, &info, &length);
          entry = kernel.get(entry);
          return entry.packets_out == info.tcpi_segs_out && entry.packets_in == info.tcpi_segs_in;
        },
        3);
    EXPECT_GE(info.tcpi_segs_out, 50u);
    EXPECT_EQ(entry.packets_out, info.tcpi_segs_out);
    EXPECT_EQ(entry.packets_in, info.tcpi_segs_in);
    EXPECT_EQ(server.netstat("PAWSEstab") - before, 0u);
    EXPECT_EQ(server.netstat("InCsumErrors") + client.netstat("InCsumErrors"), 0u);
  }
};

#define NEEDS_VRF(where) \
  if (!has_vrf(where)) GTEST_SKIP() << "this kernel has no VRF (CONFIG_NET_VRF)"

TEST_P(Vrf, Forwarded) {
  const Chain chain;
  NEEDS_VRF(chain.middle);
  enslave(chain.middle, "left", "fd01::1/64");
  enslave(chain.middle, "right", "fd02::1/64");
  Connection connection = connect(chain.left, chain.right, pick("10.0.2.2", "fd02::2"));
  moves_and_is_rewritten_once(connection, chain.left, chain.right, chain.middle);
}

TEST_P(Vrf, OfALocalSocket) {
  const Pair pair;
  NEEDS_VRF(pair.left);
  enslave(pair.left, "right", "fd00::1/64");
  Connection connection = connect(pair.left, pair.right, pick("10.0.0.2", "fd00::2"), 0, "red");
  moves_and_is_rewritten_once(connection, pair.left, pair.right, pair.left);
}

// With a queue the device is not only shown what is sent, but sends it.
TEST_P(Vrf, OfALocalSocketThroughAQueue) {
  const Pair pair;
  NEEDS_VRF(pair.left);
  enslave(pair.left, "right", "fd00::1/64");
  pair.left.exec("tc qdisc add dev red root pfifo limit 1000");
  Connection connection = connect(pair.left, pair.right, pick("10.0.0.2", "fd00::2"), 0, "red");
  moves_and_is_rewritten_once(connection, pair.left, pair.right, pair.left);
}

// Both ends are sockets of the VRF: no port sees their packets.
TEST_P(Vrf, WithinTheMachine) {
  const Pair pair;
  NEEDS_VRF(pair.left);
  enslave(pair.left, "right", "fd00::1/64");
  Connection connection = connect(pair.left, pair.left, pick("10.0.0.1", "fd00::1"), 0, "red");
  moves_and_is_rewritten_once(connection, pair.left, pair.left, pair.left);
}

INSTANTIATE_TEST_SUITE_P(Ip, Vrf, testing::Values(4, 6),
                         [](const auto& param) { return "V" + std::to_string(param.param); });

}  // namespace

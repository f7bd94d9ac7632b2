// SPDX-License-Identifier: Apache-2.0
//
// Whole connections through a machine that forwards, translates addresses, or both; on devices of several
// kinds.
#include <gtest/gtest.h>

#include "rig.h"
#include "segment.h"
#include "tcp.h"

namespace {

using namespace rig;
using tsoffset::Entry;

const uint64_t kBytes = bytes(2 << 20);
constexpr uint32_t kBack = 5000000;

class Gateway : public testing::Test {
 protected:
  // The client's end moves to a clock that is behind; `entry` in the middle makes up for it.
  void moves_and_goes_on(Connection& connection, Entry entry) {
    Pump pump(connection.client, connection.server);
    ASSERT_TRUE(pump.run(kBytes / 10));
    Image image = dump(connection.client);
    image.timestamp -= kBack;
    connection.client = restore(chain_.left, image);
    pump.replace_one(connection.client);
    const uint64_t before = chain_.right.netstat("PAWSEstab");
    entry.offset = kBack;
    chain_.middle.kernel().store({entry}, false);
    resume(connection.client);
    EXPECT_TRUE(pump.run(kBytes));
    EXPECT_EQ(chain_.right.netstat("PAWSEstab") - before, 0u);
    EXPECT_EQ(chain_.right.netstat("InCsumErrors") + chain_.left.netstat("InCsumErrors"), 0u);
    const auto stats = chain_.middle.stats();
    EXPECT_GT(stats.at("out"), 10u);
    EXPECT_GT(stats.at("in"), 10u);
    EXPECT_EQ(stats.at("malformed") + stats.at("unwritable"), 0u);
  }
  Entry as_seen_by_the_server(const Connection& connection) {
    sockaddr_storage name;
    socklen_t length = sizeof name;
    getpeername(connection.server.fd(), reinterpret_cast<sockaddr*>(&name), &length);
    const auto& in = reinterpret_cast<const sockaddr_in&>(name);
    Entry entry = entry_of(connection.client_address, connection.server_address);
    std::copy_n(reinterpret_cast<const uint8_t*>(&in.sin_addr), 4, entry.local.bytes.begin());
    entry.local.port = ntohs(in.sin_port);
    return entry;
  }
  void offloads(const char* what) {
    for (const Namespace* end : {&chain_.left, &chain_.right}) {
      end->exec(std::string("ethtool -K middle ") + what);
      chain_.middle.exec("ethtool -K " + end->name() + " " + what);
    }
  }
  Chain chain_;
};

TEST_F(Gateway, Forwards) {
  Connection connection = connect(chain_.left, chain_.right, "10.0.2.2");
  moves_and_goes_on(connection, entry_of(connection.client_address, connection.server_address));
}

TEST_F(Gateway, ForwardsV6) {
  Connection connection = connect(chain_.left, chain_.right, "fd02::2");
  moves_and_goes_on(connection, entry_of(connection.client_address, connection.server_address));
}

TEST_F(Gateway, ForwardsWithRealChecksums) {
  offloads("tx off tso off gso off gro off");
  Connection connection = connect(chain_.left, chain_.right, "10.0.2.2");
  moves_and_goes_on(connection, entry_of(connection.client_address, connection.server_address));
}

TEST_F(Gateway, ForwardsWithGro) {
  offloads("tx off tso off gso off gro on");
  Connection connection = connect(chain_.left, chain_.right, "fd02::2");
  moves_and_goes_on(connection, entry_of(connection.client_address, connection.server_address));
}

TEST_F(Gateway, ForwardsWithGroLists) {
  if (kernel_version() < std::pair{6, 10}) GTEST_SKIP() << "TCP in GRO lists came with Linux 6.10";
  offloads("tx off tso off gso off gro on");
  for (const char* device : {"left", "right"})
    chain_.middle.exec(std::string("ethtool -K ") + device + " rx-gro-list on");
  Connection connection = connect(chain_.left, chain_.right, "10.0.2.2");
  moves_and_goes_on(connection, entry_of(connection.client_address, connection.server_address));
  EXPECT_GT(chain_.middle.stats().at("fraglist"), 0u);
}

TEST_F(Gateway, GroListsUnderTheEyesOfATap) {
  if (kernel_version() < std::pair{6, 10}) GTEST_SKIP() << "TCP in GRO lists came with Linux 6.10";
  offloads("tx off tso off gso off gro on");
  for (const char* device : {"left", "right"})
    chain_.middle.exec(std::string("ethtool -K ") + device + " rx-gro-list on");
  const Wire tap_left(chain_.middle, "left"), tap_right(chain_.middle, "right");
  Connection connection = connect(chain_.left, chain_.right, "fd02::2");
  moves_and_goes_on(connection, entry_of(connection.client_address, connection.server_address));
  EXPECT_GT(chain_.middle.stats().at("fraglist"), 0u);
}

TEST_F(Gateway, WithConntrack) {
  chain_.middle.exec(
      "nft add table inet t; nft add chain inet t f \"{ type filter hook forward priority 0; }\"; "
      "nft add rule inet t f ct state invalid drop");
  Connection connection = connect(chain_.left, chain_.right, "10.0.2.2");
  moves_and_goes_on(connection, entry_of(connection.client_address, connection.server_address));
}

// The entry names what is on the wire, beyond the translation.
TEST_F(Gateway, BehindSourceNat) {
  chain_.middle.exec(
      "nft add table ip t; nft add chain ip t p \"{ type nat hook postrouting priority 100; }\"; "
      "nft add rule ip t p oifname right ip protocol tcp snat to 10.0.2.1:30000-30010");
  Connection connection = connect(chain_.left, chain_.right, "10.0.2.2");
  const Entry entry = as_seen_by_the_server(connection);
  ASSERT_EQ(to_string(entry.local).substr(0, 9), "10.0.2.1:") << "it is translated";
  moves_and_goes_on(connection, entry);
}

TEST_F(Gateway, BehindDestinationNat) {
  // The right host calls an address of the middle, which means the left host: the end that moves.
  chain_.middle.exec(
      "nft add table ip t; nft add chain ip t p \"{ type nat hook prerouting priority -100; }\"; "
      "nft add rule ip t p ip daddr 10.0.2.1 tcp dport 8080 dnat to 10.0.1.2:9090");
  Connection inner;
  {
    // A listener at 9090 in the left host, called as 10.0.2.1:8080.
    const Namespace& server = chain_.left;
    int listener = -1, client = -1;
    server.in([&] {
      listener = socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in any{AF_INET, htons(9090), {}, {}};
      ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
      listen(listener, 1);
    });
    chain_.right.in([&] {
      client = socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in to{AF_INET, htons(8080), {htonl(0x0a000201)}, {}};
      ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    });
    inner.client = Socket(accept(listener, nullptr, nullptr));  // "client": the end that moves
    inner.server = Socket(client);
    ::close(listener);
  }
  sockaddr_in right{};
  socklen_t length = sizeof right;
  getsockname(inner.server.fd(), reinterpret_cast<sockaddr*>(&right), &length);
  Entry entry;
  entry.local = tsoffset::parse_address("10.0.2.1:8080");
  entry.remote = tsoffset::parse_address("10.0.2.2:1");
  entry.remote.port = ntohs(right.sin_port);
  moves_and_goes_on(inner, entry);
}

TEST_F(Gateway, OverVlan) {
  for (const auto& [space, device, address] :
       {std::tuple{&chain_.left, "middle", "10.0.7.2/24"}, {&chain_.middle, "left", "10.0.7.1/24"}}) {
    space->ip(std::string("link add link ") + device + " name vlan7 type vlan id 7");
    space->ip(std::string("addr add ") + address + " dev vlan7");
    space->ip("link set vlan7 up");
  }
  chain_.left.ip("route replace default via 10.0.7.1");
  chain_.right.ip("route add 10.0.7.0/24 via 10.0.2.1");
  Connection connection = connect(chain_.left, chain_.right, "10.0.2.2");
  ASSERT_EQ(to_string(connection.client_address).substr(0, 9), "10.0.7.2:");
  moves_and_goes_on(connection, entry_of(connection.client_address, connection.server_address));
}

TEST_F(Gateway, OverASmallMtu) {
  chain_.right.ip("link set middle mtu 1280");
  chain_.middle.ip("link set right mtu 1280");
  Connection connection = connect(chain_.left, chain_.right, "10.0.2.2");
  moves_and_goes_on(connection, entry_of(connection.client_address, connection.server_address));
}

TEST_F(Gateway, OverALossyLine) {
  chain_.middle.exec("tc qdisc add dev right root netem loss 2% delay 2ms");
  Connection connection = connect(chain_.left, chain_.right, "10.0.2.2");
  moves_and_goes_on(connection, entry_of(connection.client_address, connection.server_address));
}

}  // namespace

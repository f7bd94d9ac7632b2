// SPDX-License-Identifier: Apache-2.0
//
// How long an entry stays.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "rig.h"
#include "segment.h"
#include "tcp.h"

namespace {

using namespace rig;
using tsoffset::Entry;

class Lifetime : public testing::Test {
 protected:
  void SetUp() override {
    set_parameter("gc_seconds", 1);
    set_parameter("closed_seconds", 1);
  }
  void TearDown() override {
    set_parameter("gc_seconds", 10);
    set_parameter("closed_seconds", 120);
  }
  // A wire entry of the left end, and a little traffic over it.
  Entry covered(const Connection& connection, const Namespace& where) {
    Entry entry = entry_of(connection.client_address, connection.server_address);
    entry.offset = 1000;
    where.kernel().store({entry}, false);
    EXPECT_TRUE(Pump(connection.client, connection.server).run(10000));
    return entry;
  }
  static bool present(const Namespace& where, const Entry& entry) {
    for (const Entry& e : where.kernel().all())
      if (e.local == entry.local && e.remote == entry.remote) return true;
    return false;
  }
  static bool gone(const Namespace& where, const Entry& entry, double seconds = 12) {
    return wait_for([&] { return !present(where, entry); }, seconds);
  }
};

// The middle of a chain has no socket of the connection, so packets alone tell.
TEST_F(Lifetime, GatewayForgetsAfterBothFins) {
  Chain chain;
  Connection connection = connect(chain.left, chain.right, "10.0.2.2");
  const Entry entry = covered(connection, chain.middle);
  shutdown(connection.client.fd(), SHUT_WR);
  EXPECT_FALSE(gone(chain.middle, entry, 4)) << "half closed is not closed";
  shutdown(connection.server.fd(), SHUT_WR);
  EXPECT_TRUE(gone(chain.middle, entry));
  EXPECT_EQ(chain.middle.stats().at("expired"), 1u);
}

TEST_F(Lifetime, GatewayForgetsAfterARst) {
  Chain chain;
  Connection connection = connect(chain.left, chain.right, "fd02::2");
  const Entry entry = covered(connection, chain.middle);
  const linger now{1, 0};
  setsockopt(connection.client.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  connection.client.close();
  EXPECT_TRUE(gone(chain.middle, entry));
}

TEST_F(Lifetime, AForgedRstDoesNotEndALiveConnection) {
  Chain chain;
  Connection connection = connect(chain.left, chain.right, "10.0.2.2");
  const Entry entry = covered(connection, chain.middle);
  // From the peer's addresses, with a sequence number far off: the real end ignores it.
  Segment rst;
  rst.source = connection.server_address;
  rst.destination = connection.client_address;
  rst.flags = kRst;
  Wire(chain.right, "middle").send(rst);
  EXPECT_TRUE(wait_for([&] { return chain.middle.kernel().get(entry).state & TSOFF_STATE_RST; }, 3));
  EXPECT_TRUE(Pump(connection.client, connection.server).run(10000)) << "it lives";
  EXPECT_FALSE(chain.middle.kernel().get(entry).state & TSOFF_STATE_RST);
  EXPECT_FALSE(gone(chain.middle, entry, 4));
}

TEST_F(Lifetime, IdleOnesGoAfterTheirTimeout) {
  Chain chain;
  Connection connection = connect(chain.left, chain.right, "10.0.2.2");
  Entry entry = covered(connection, chain.middle);
  entry.timeout = 2;
  chain.middle.kernel().store({entry}, true);
  EXPECT_TRUE(gone(chain.middle, entry));
}

TEST_F(Lifetime, ALocalSocketIsAskedItself) {
  Pair pair;
  Connection connection = connect(pair.left, pair.right, "10.0.0.2");
  Entry entry = covered(connection, pair.left);
  entry.timeout = 1;
  pair.left.kernel().store({entry}, true);
  EXPECT_FALSE(gone(pair.left, entry, 4)) << "idle, but its socket is there";
  // Gone without a packet, as by a migration to elsewhere.
  dump(connection.client);
  EXPECT_TRUE(gone(pair.left, entry));
}

TEST_F(Lifetime, SocketModeEndsWithItsSocket) {
  Pair pair;
  Connection connection = connect(pair.left, pair.right, "fd00::2");
  Entry entry = entry_of(connection.client_address, connection.server_address);
  entry.offset = 77;
  entry.mode = TSOFF_MODE_SOCKET;
  pair.left.kernel().store({entry}, false);
  EXPECT_FALSE(gone(pair.left, entry, 3));
  // The same addresses and ports, another socket: the record is not about that.
  Image image = dump(connection.client);
  connection.client = restore(pair.left, image, Clock::kLost);
  EXPECT_TRUE(gone(pair.left, entry));
}

TEST_F(Lifetime, ANewConnectionOfTheSameAddressesIsLeftAlone) {
  Chain chain;
  Connection first = connect(chain.left, chain.right, "10.0.2.2", 7777);
  const Entry entry = covered(first, chain.middle);
  // Without a FIN or RST that the middle could see, then the same ports again.
  const tsoffset::Address client = first.client_address;
  dump(first.client);
  dump(first.server);
  Wire tap(chain.right, "middle");
  Segment syn;
  syn.source = client;
  syn.destination = first.server_address;
  syn.flags = kSyn;
  syn.options = timestamps(5000, 0);
  syn.options.resize(12);
  Wire(chain.left, "middle").send(syn);
  const auto seen = tap.receive([&](const Segment& segment) { return segment.flags == kSyn; });
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->options, syn.options) << "not the entry's connection any more";
  EXPECT_TRUE(gone(chain.middle, entry, 5)) << "at once, not after closed_seconds of silence";
}

TEST_F(Lifetime, AnEntryFromBeforeTheHandshakeCoversAll) {
  Chain chain;
  Entry entry;
  entry.local = tsoffset::parse_address("10.0.2.2:7777");
  entry.remote = tsoffset::parse_address("10.0.1.2:5555");
  entry.offset = 123456;
  chain.middle.kernel().store({entry}, false);
  Wire client(chain.left, "middle");
  Segment syn;
  syn.source = entry.remote;
  syn.destination = entry.local;
  syn.flags = kSyn;
  syn.options = timestamps(5000, 0);
  client.send(syn);
  // Nobody listens: the answer is a RST. It is the local end's, but no proof of a connection before.
  EXPECT_TRUE(client.receive([](const Segment& segment) { return segment.flags & kRst; }).has_value());
  Wire(chain.right, "middle").send([&] {
    Segment answer = syn;
    std::swap(answer.source, answer.destination);
    answer.flags = kSyn | kAck;
    return answer;
  }());
  const auto seen = client.receive([](const Segment& segment) { return segment.flags == (kSyn | kAck); });
  ASSERT_TRUE(seen.has_value());
  Bytes shifted = timestamps(5000 + 123456, 0);
  shifted.resize(12);
  EXPECT_EQ(seen->options, shifted);
}

}  // namespace

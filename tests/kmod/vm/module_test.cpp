// SPDX-License-Identifier: Apache-2.0
//
// The module comes and goes, and so do namespaces and entries, while packets flow.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "rig.h"
#include "tcp.h"

namespace {

using namespace rig;
using tsoffset::Entry;
using tsoffset::Kernel;
using tsoffset::KernelError;

void load() { sh("insmod /lib/tsoffset.ko"); }
void unload() { sh("rmmod tsoffset"); }

// Traffic both ways until it goes out of scope.
class Traffic {
 public:
  explicit Traffic(const Connection& connection)
      : thread_([this, &connection] {
          Pump pump(connection.client, connection.server);
          for (uint64_t total = 1 << 16; !stop_; total += 1 << 16) {
            if (!pump.run(total, 10)) {
              failed_ = true;
              return;
            }
            bytes_ = total;
          }
        }) {}
  ~Traffic() { end(); }
  void end() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  bool failed() const { return failed_; }
  uint64_t bytes() const { return bytes_; }

 private:
  std::atomic<bool> stop_ = false, failed_ = false;
  std::atomic<uint64_t> bytes_ = 0;
  std::thread thread_;
};

TEST(Module, LoadsAndUnloadsManyTimes) {
  // Where it is slow each loading runs the KUnit suite, too.
  for (int i = 0; i < rounds(std::getenv("TSOFFSET_SLOW") ? 2 : 25); i++) {
    unload();
    load();
  }
}

TEST(Module, UnloadsUnderTraffic) {
  Pair pair;
  const Connection connection = connect(pair.left, pair.right, "10.0.0.2");
  Traffic traffic(connection);
  for (int i = 0; i < rounds(10); i++) {
    // Offset 0 rewrites nothing, and yet each packet is looked up.
    Entry entry = entry_of(connection.client_address, connection.server_address);
    entry.offset = 0;
    pair.left.kernel().store({entry}, false);
    pair.right.kernel().store({entry}, false);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    unload();
    load();
  }
  traffic.end();
  EXPECT_FALSE(traffic.failed());
  EXPECT_GT(traffic.bytes(), 1u << 20);
}

TEST(Module, SocketModeSurvivesItsUnloading) {
  Pair pair;
  Connection connection = connect(pair.left, pair.right, "10.0.0.2");
  Pump pump(connection.client, connection.server);
  ASSERT_TRUE(pump.run(100000));
  Image image = dump(connection.client);
  Entry entry = entry_of(connection.client_address, connection.server_address);
  entry.last_tsval = image.timestamp;
  entry.mode = TSOFF_MODE_SOCKET;
  image.timestamp -= 1000000;
  connection.client = restore(pair.left, image);
  pump.replace_one(connection.client);
  pair.left.kernel().store({entry}, false);
  resume(connection.client);
  ASSERT_TRUE(pump.run(200000));
  unload();
  EXPECT_TRUE(pump.run(300000));
  load();
}

TEST(Module, NamespacesEndWithTheirEntries) {
  for (int i = 0; i < rounds(5); i++) {
    Pair pair;
    const Connection connection = connect(pair.left, pair.right, "fd00::2");
    Entry entry = entry_of(connection.client_address, connection.server_address);
    entry.offset = 0;
    std::vector<Entry> entries(200, entry);
    for (size_t n = 0; n < entries.size(); n++) entries[n].remote.port = static_cast<uint16_t>(1000 + n);
    entries.push_back(entry);
    pair.left.kernel().store(entries, false);
    Traffic traffic(connection);
    sh_ok("ip netns del left");  // the sockets keep it until they are closed: then it ends with all in it
  }
  // The end of a namespace is asynchronous: see that the module's part of it is over before it goes.
  unload();
  load();
}

TEST(Module, AddAndDeleteRaceWithPackets) {
  Pair pair;
  const Connection connection = connect(pair.left, pair.right, "10.0.0.2");
  Traffic traffic(connection);
  Entry entry = entry_of(connection.client_address, connection.server_address);
  entry.offset = 0;
  std::thread other([&] {
    Kernel kernel = pair.left.kernel();
    Entry neighbour = entry;
    for (int i = 0; i < rounds(1500); i++) {
      neighbour.remote.port = static_cast<uint16_t>(1 + i % 300);
      try {
        kernel.store({neighbour}, true);
        if (i % 2) kernel.remove({neighbour}, true);
        if (i % 100 == 0) kernel.all();
        if (i % 150 == 0) kernel.flush(true);
      } catch (const KernelError&) {  // the flush was quicker
      }
    }
  });
  Kernel kernel = pair.left.kernel();
  for (int i = 0; i < rounds(2000); i++) {
    try {
      kernel.store({entry}, true);
      kernel.remove({entry}, true);
    } catch (const KernelError&) {
    }
  }
  other.join();
  traffic.end();
  EXPECT_FALSE(traffic.failed());
}

TEST(Module, ManyCyclesLeaveNothing) {
  const Namespace space("cycles");
  Kernel kernel = space.kernel();
  std::vector<Entry> batch(1000);
  for (size_t n = 0; n < batch.size(); n++) {
    batch[n].local = tsoffset::parse_address("10.0.0.1:1");
    batch[n].remote = tsoffset::parse_address("10.0.0.2:443");
    batch[n].local.port = static_cast<uint16_t>(1 + n);
    batch[n].offset = 1;
  }
  for (int i = 0; i < rounds(20); i++) {
    kernel.store(batch, false);
    kernel.remove(batch, false);
  }
  EXPECT_EQ(space.stats().at("entries"), 0u);
}

}  // namespace

// SPDX-License-Identifier: Apache-2.0
//
// What the module costs: bulk transfer, and request/response where each packet is small, over one pair of
// hosts, in turns without the module and with tables of several sizes. Both ends' hooks see every packet
// when both have entries; here the sender has, as after a migration.
//
// With `qemu -icount` the machine's clock counts instructions, so the figures do not depend on what else
// the host does.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "rig.h"
#include "tcp.h"

namespace {

using namespace rig;
using tsoffset::Entry;

constexpr int kRounds = 7;
constexpr size_t kBulk = 64 << 20;
constexpr int kExchanges = 4000;

double seconds_of(const std::function<void()>& what) {
  const auto start = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// MB/s
double bulk(const Connection& connection) {
  std::vector<char> block(1 << 18);
  std::thread reader([&] {
    std::vector<char> room(1 << 18);
    for (size_t got = 0; got < kBulk;) {
      const ssize_t n = recv(connection.server.fd(), room.data(), room.size(), 0);
      if (n <= 0) return;
      got += static_cast<size_t>(n);
    }
  });
  const double seconds = seconds_of([&] {
    for (size_t sent = 0; sent < kBulk;) {
      const ssize_t n = send(connection.client.fd(), block.data(), std::min(block.size(), kBulk - sent), 0);
      if (n <= 0) break;
      sent += static_cast<size_t>(n);
    }
    reader.join();
  });
  return kBulk / 1e6 / seconds;
}

// Exchanges a second
double exchanges(const Connection& connection) {
  const double seconds = seconds_of([&] {
    char byte = 1;
    for (int i = 0; i < kExchanges; i++)
      for (const auto& [from, to] : {std::pair{connection.client.fd(), connection.server.fd()},
                                     {connection.server.fd(), connection.client.fd()}}) {
        if (send(from, &byte, 1, 0) != 1 || recv(to, &byte, 1, 0) != 1) return;
      }
  });
  return kExchanges / seconds;
}

struct Case {
  const char* name;
  bool loaded;
  unsigned entries;  // that are others'
  bool covered;      // is the connection in the table?
  std::vector<double> bulk = {}, exchanges = {};
};

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<long>(values.size() / 2));
  return values[values.size() / 2];
}

void set_up(const Pair& pair, const Case& c, const Entry& own) {
  if (sh_ok("grep -q ^tsoffset /proc/modules")) sh("rmmod tsoffset");
  if (!c.loaded) return;
  sh("insmod /lib/tsoffset.ko");
  std::vector<Entry> entries(c.entries, own);
  for (unsigned n = 0; n < c.entries; n++) {
    entries[n].remote.bytes[1] = static_cast<uint8_t>(1 + n / 50000);
    entries[n].remote.port = static_cast<uint16_t>(1 + n % 50000);
  }
  if (c.covered) entries.push_back(own);
  pair.left.kernel().store(entries, false);
}

}  // namespace

int main() {
  const Pair pair;
  const Connection connection = connect(pair.left, pair.right, "10.0.0.2");
  const int on = 1;
  for (const Socket* socket : {&connection.client, &connection.server})
    setsockopt(socket->fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Entry own = entry_of(connection.client_address, connection.server_address);
  own.offset = 1;  // the same all the time: a tick forward is nothing to a peer; and back is window1

  std::vector<Case> cases = {
      {"no module", false, 0, false},
      {"loaded, no entry", true, 0, false},
      {"1 entry, this connection's", true, 0, true},
      {"1,000 entries, this one's too", true, 999, true},
      {"100,000 entries, this one's too", true, 99999, true},
      {"1 entry, another's", true, 1, false},
      {"1,000 entries, all others'", true, 1000, false},
      {"100,000 entries, all others'", true, 100000, false},
  };
  bulk(connection);
  for (int round = 0; round < kRounds; round++)
    for (Case& c : cases) {
      set_up(pair, c, own);
      std::this_thread::sleep_for(std::chrono::seconds(1));  // a table grows to its size in the background
      c.exchanges.push_back(exchanges(connection));
      c.bulk.push_back(bulk(connection));
    }
  fmt::print("| table | bulk MB/s | | exchanges/s | |\n|---|---|---|---|---|\n");
  bool good = true;
  for (const Case& c : cases) {
    const double bulk_loss = 1 - median(c.bulk) / median(cases[0].bulk);
    fmt::print("| {} | {:.1f} | {:+.1f} % | {:.0f} | {:+.1f} % |\n", c.name, median(c.bulk), -100 * bulk_loss,
               median(c.exchanges), 100 * (median(c.exchanges) / median(cases[0].exchanges) - 1));
    good &= bulk_loss <= 0.05;
  }
  if (!good) fmt::print("bulk transfer lost more than 5 %\n");
  return good ? 0 : 1;
}

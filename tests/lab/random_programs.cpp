// SPDX-License-Identifier: Apache-2.0
#include "random_programs.h"

#include <fmt/format.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "dice.h"
#include "tcp_socket.h"

namespace lab {
namespace {

/// The two programs, and what they do to one connection after the other, all of the same ports.
class Programs {
 public:
  Programs(Lab& lab, Dice& dice, uint16_t number)
      : lab_(lab), dice_(dice), v6_(dice.chance(30)), client_(dice.chance(50) ? 0 : 1) {
    ends_[client_].local.port = static_cast<uint16_t>(30000 + number % 20000);
    ends_[client_ ^ 1].local.port = static_cast<uint16_t>(10000 + number % 20000);
    for (End& end : ends_) {
      end.host = &end == ends_.data() ? Host::peer : lab.net().home();
      end.local.address =
          end.host == Host::peer ? lab.net().peer_address(v6_) : lab.net().moving_address(v6_);
    }
  }

  void play(uint32_t steps) {
    disturb();
    tune();
    for (uint32_t again = dice_.chance(40) ? dice_.between(1, 3) : 0;; --again) {
      if (begin()) {
        for (uint32_t i = 0; i < steps; ++i) step();
        close();
      }
      if (again == 0) break;
      lab_.wait_ms(static_cast<int>(dice_.between(0, dice_.chance(20) ? 1200 : 30)));
    }
    for (End& end : ends_) end.abandon();
    lab_.wait_ms(20);
  }

 private:
  struct End {
    Host host = Host::peer;
    tsaudit::Endpoint local;
    std::optional<TcpSocket> socket;
    bool reads = true;
    bool writes = true;

    void abandon() {
      if (socket) socket->abort_on_close();
      socket.reset();
    }
  };

  const Namespace& ns(const End& end) const { return lab_.net().ns(end.host); }

  void disturb() {
    Line* line = lab_.net().line();
    if (!line) return;
    const bool bad = dice_.chance(70);
    line->trouble({.lost = bad ? dice_.between(0, 4) : 0,
                   .late = bad ? dice_.between(0, 6) : 0,
                   .late_ms = 4,
                   .twice = bad ? dice_.between(0, 3) : 0,
                   .way_ms = dice_.between(0, 3)},
                  dice_.any());
  }

  /// What an administrator may have set on either host.
  void tune() {
    for (const End& end : ends_) {
      const auto set = [&](const char* key, uint32_t percent, const char* then, const char* otherwise) {
        ns(end).sysctl(std::string("net/ipv4/") + key, dice_.chance(percent) ? then : otherwise);
      };
      set("tcp_timestamps", 5, "0", dice_.chance(20) ? "2" : "1");
      set("tcp_sack", 15, "0", "1");
      set("tcp_window_scaling", 15, "0", "1");
      set("tcp_syncookies", 10, "2", "1");
      set("tcp_fastopen", 100, "3", "");
      set("tcp_tw_reuse", 50, "1", "2");
      set("tcp_ecn", 20, "1", "2");
      set("tcp_abort_on_overflow", 20, "1", "0");
    }
  }

  TcpSocket make(const End& end) {
    TcpSocket socket = TcpSocket::open(ns(end), v6_, mptcp_ ? IPPROTO_MPTCP : 0);
    if (dice_.chance(20)) socket.try_set(SOL_SOCKET, SO_RCVBUF, static_cast<int>(dice_.between(2000, 20000)));
    if (dice_.chance(15)) socket.try_set(IPPROTO_TCP, TCP_MAXSEG, static_cast<int>(dice_.between(100, 1200)));
    if (dice_.chance(30)) socket.try_set(IPPROTO_TCP, TCP_NODELAY, 1);
    if (dice_.chance(20)) {
      socket.try_set(SOL_SOCKET, SO_KEEPALIVE, 1);
      socket.try_set(IPPROTO_TCP, TCP_KEEPIDLE, 1);
      socket.try_set(IPPROTO_TCP, TCP_KEEPINTVL, 1);
    }
    socket.bind(end.local);
    return socket;
  }

  bool begin() {
    try {
      return open();
    } catch (const SystemError& error) {
      if (error.code().value() != EADDRNOTAVAIL) throw;
      for (End& end : ends_) end.abandon();
      return false;  // the one before is in TIME_WAIT, and its ports are kept
    }
  }

  bool open() {
    End &client = ends_[client_], &server = ends_[client_ ^ 1];
    for (End& end : ends_) end.abandon(), end.reads = end.writes = true;
    mptcp_ = dice_.chance(10) && has_mptcp();
    // Both at once needs a way that takes time.
    if (lab_.net().line() && dice_.chance(15)) {
      mptcp_ = false;
      for (End& end : ends_) end.socket = make(end);
      for (End& end : ends_) end.socket->connect(ends_[&end == ends_.data()].local);
    } else {
      listener_.emplace(make(server));
      if (dice_.chance(10)) listener_->try_set(IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
      const bool fast = !mptcp_ && dice_.chance(25);
      if (fast) listener_->try_set(IPPROTO_TCP, TCP_FASTOPEN, 16);
      listener_->listen(static_cast<int>(dice_.between(1, 8)));
      client.socket = make(client);
      if (fast)
        client.socket->connect_with(server.local, dice_.between(1, dice_.chance(30) ? 5000 : 500));
      else
        client.socket->connect(server.local);
    }
    const bool waits = dice_.chance(10);  // for the first data, perhaps
    lab_.wait_until(
        [&] {
          if (!server.socket) server.socket = listener_->accept();
          return waits || (server.socket && client.socket->is_connected() && server.socket->is_connected());
        },
        dice_.chance(20) ? 1500 : 300);
    return client.socket.has_value();
  }

  void step() {
    End &client = ends_[client_], &server = ends_[client_ ^ 1];
    if (!server.socket && listener_) server.socket = listener_->accept();
    End& end = dice_.chance(50) ? client : server;
    if (!end.socket) return lab_.wait_ms(5);
    const uint32_t roll = dice_.between(1, 100);
    if (roll <= 3) {
      end.socket->shutdown_write();
      end.writes = false;
    } else if (roll <= 6) {
      if (end.writes) end.socket->write(1, MSG_OOB);
    } else if (roll <= 12) {
      end.reads = dice_.chance(60);
    } else if (roll <= 15) {
      end.socket->try_set(IPPROTO_TCP, TCP_CORK, dice_.chance(50));
    } else if (roll <= 18) {
      end.socket->try_set(IPPROTO_TCP, TCP_QUICKACK, dice_.chance(50));
    } else if (roll <= 21) {
      end.socket->try_set(SOL_SOCKET, SO_RCVBUF, static_cast<int>(dice_.between(1000, 100'000)));
    } else if (roll <= 40) {
      pass(dice_.between(1, dice_.chance(10) ? 1200 : 60));
    } else {
      if (end.writes) end.socket->write(dice_.between(1, dice_.chance(25) ? 80'000 : 2000));
      if (dice_.chance(70)) pass(dice_.between(0, 12));
    }
  }

  void pass(uint32_t ms) {
    const size_t portion = dice_.chance(30) ? dice_.between(1, 3000) : SIZE_MAX;
    lab_.wait_until(
        [&] {
          for (End& end : ends_)
            if (end.socket && end.reads) end.socket->read(portion);
          return false;
        },
        static_cast<int>(ms));
  }

  /// One after the other, or one of them with a RST, or both at the same moment.
  void close() {
    for (uint32_t first = dice_.between(0, 1), i = 0; i < 2; ++i) {
      End& end = ends_[first ^ i];
      if (dice_.chance(25) && end.socket) end.socket->abort_on_close();
      end.socket.reset();
      if (dice_.chance(70)) pass(dice_.between(0, 80));
    }
    listener_.reset();
  }

  static bool has_mptcp() {
    static const bool has = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP)).get() >= 0;
    return has;
  }

  Lab& lab_;
  Dice& dice_;
  const bool v6_;
  const size_t client_;
  bool mptcp_ = false;
  std::array<End, 2> ends_;
  std::optional<TcpSocket> listener_;
};

}  // namespace

void play_random_programs(Lab& lab, const RandomPlan& plan) {
  for (uint32_t i = 0; i < plan.connections; ++i) {
    if (plan.only >= 0 && plan.only != i) continue;
    Dice dice(plan.seed * 1'000'003 + i);
    try {
      Programs(lab, dice, static_cast<uint16_t>(i)).play(std::min(plan.steps, dice.between(5, 30)));
    } catch (const std::runtime_error& error) {
      fmt::print("connection {} ended early: {}\n", i, error.what());
    }
  }
}

}  // namespace lab

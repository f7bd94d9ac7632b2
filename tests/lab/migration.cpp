// SPDX-License-Identifier: Apache-2.0
#include "migration.h"

#include <stdexcept>

namespace lab {

Flow::Flow(Lab& lab, Role role, bool v6, uint16_t port) : lab_(lab) {
  Topology& net = lab.net();
  const bool client_moves = role == Role::client_moves;
  const Host client = client_moves ? net.home() : Host::peer, server = client_moves ? Host::peer : net.home();
  const IpAddress moving = net.moving_address(v6), fixed = net.peer_address(v6);
  const Endpoint client_end{client_moves ? moving : fixed, port};
  const Endpoint server_end{client_moves ? fixed : moving, static_cast<uint16_t>(port + 10000)};
  auto own = [](TcpSocket&& socket) { return std::make_unique<TcpSocket>(std::move(socket)); };
  listener_ = own(TcpSocket::listen(net.ns(server), server_end));
  auto& client_socket = client_moves ? moving_ : peer_;
  auto& server_socket = client_moves ? peer_ : moving_;
  client_socket = own(TcpSocket::connect(net.ns(client), client_end, server_end));
  const bool connected = lab.wait_until([&] {
    if (auto accepted = listener_->accept()) server_socket = own(std::move(*accepted));
    return server_socket && client_socket->info().state == TcpState::established;
  });
  if (!connected) throw std::runtime_error("no connection to " + to_string(server_end));
  // The listener stays on the old host; on the new one nothing must answer but the restored socket.
}

bool Flow::exchange(int rounds, size_t bytes, int timeout_ms, int pause_ms) {
  for (int round = 0; round < rounds; ++round) {
    lab_.wait_ms(pause_ms);
    size_t at_peer = 0, at_moving = 0;
    moving_->write(bytes);
    if (peer_) peer_->write(bytes);
    const bool arrived = lab_.wait_until(
        [&] {
          if (peer_) at_peer += peer_->read();
          at_moving += moving_->read();
          return at_peer >= bytes && at_moving >= bytes;
        },
        timeout_ms);
    if (!arrived) return false;
  }
  return true;
}

void Flow::abort_peer() {
  peer_->abort_on_close();
  peer_.reset();
}

void Flow::move(const Move& move) {
  Topology& net = lab_.net();
  // The new host has no address until the socket is there, or what comes would be answered with RST. (CRIU
  // has the firewall drop it.)
  const auto quiet = [&] { return !moving_->info().unacked && (!peer_ || !peer_->info().unacked); };
  if (move.at_rest && !lab_.wait_until(quiet))
    throw std::runtime_error("the connection does not come to rest");
  ConnectionImage image = checkpoint(std::move(*moving_));
  moving_.reset();
  net.detach_address();
  lab_.wait_ms(move.downtime_ms);
  net.attach_address(net.home() == Host::old_host ? Host::new_host : Host::old_host);
  RestoreOptions options;
  options.probe = move.probe;
  // The lowest bit chooses the clock's unit (6.7+): an odd number of ticks must not change it.
  const uint32_t continued = (image.timestamp + static_cast<uint32_t>(move.ticks)) & ~1u;
  if (move.clock == Move::Clock::kept) options.timestamp = continued;
  if (move.clock == Move::Clock::usec) options.timestamp = continued | 1;
  image.snd_nxt += move.skipped;
  moving_ = std::make_unique<TcpSocket>(restore(net.ns(net.home()), image, options));
}

}  // namespace lab

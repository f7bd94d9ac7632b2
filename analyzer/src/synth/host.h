// SPDX-License-Identifier: Apache-2.0
// One end of a connection: a sender with retransmission timer, window probes and fast retransmission, and a
// receiver that asks model/paws.h about each segment. Simplified where a capture cannot tell: no congestion
// control, a constant RTO before backoff, no Nagle.
#pragma once

#include <map>

#include "model/paws.h"
#include "synth/packet.h"

namespace tsaudit::synth {

inline constexpr uint8_t kWindowScale = 7;  // of both ends

class World;

class Host {
 public:
  Host(World& world, Side side) : world_(world), side_(side) {}
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // How it is set up.
  const ReceiverProfile* profile = &default_profile();
  Machine machine;
  Clock clock;
  TsForm ts_form = TsForm::good;  ///< of all that it sends
  bool syn_cookies = false;       ///< answers SYNs without keeping state
  uint32_t mss = 1448;
  uint32_t receive_buffer = 64 * 1024;
  SeqNum isn;

  // What an application does.
  void connect();
  void listen();
  void write(uint32_t bytes);
  void close();                    ///< FIN after what is queued
  void reset();                    ///< RST at once
  void set_reading(bool reading);  ///< false: received data stays in the buffer and closes the window
  /// Replies `bytes` to each arrival of new data; 0: does not.
  uint32_t reply_bytes = 0;

  // What a migration does (TCP_REPAIR).
  void freeze() {
    frozen_ = true;
    ++timer_;
    ++ack_timer_;
  }
  struct Restore {
    Machine machine;
    Clock clock;
    bool probe = true;     ///< the window probe that ends repair mode
    bool announce = true;  ///< the new place of the address
  };
  void restore(const Restore& how);
  /// A new connection with the same ports.
  void reopen(SeqNum new_isn);

  void arrive(const Packet& packet);
  bool established() const { return state_ == State::established; }

 private:
  enum class State : uint8_t { closed, listen, syn_sent, syn_recv, established, fin_wait, time_wait };

  PawsState paws_state(const Packet& packet) const;
  PawsSegment paws_segment(const Packet& packet) const;
  void synchronize(const Packet& syn);
  void take(const Packet& packet, const PawsOutcome& outcome);
  void take_ack(const Packet& packet);
  void take_data(const Packet& packet);
  void finish_if_closed();
  void end();
  void answer_refused(const Packet& packet, const PawsOutcome& outcome);

  Packet fresh(uint8_t flags) const;
  void send(Packet packet);
  void send_syn(uint8_t flags);
  void send_ack();
  void send_data(uint64_t at, uint32_t length);
  void send_fin();
  void send_probe();
  void refuse_with_reset(const Packet& packet);
  void pump();
  void arm(int64_t after_ns);
  void time_out();
  void delay_ack();

  uint32_t free_space() const;
  SeqNum seq_of(uint64_t stream_at) const { return isn + 1 + static_cast<uint32_t>(stream_at); }
  SeqNum snd_nxt() const { return seq_of(sent_) + (fin_sent_ ? 1 : 0); }
  SeqNum snd_una() const { return state_ == State::syn_sent ? isn : seq_of(acked_) + (fin_acked_ ? 1 : 0); }
  SeqNum rcv_nxt() const {
    return peer_isn_ + 1 + static_cast<uint32_t>(received_) + (fin_received_ ? 1 : 0);
  }
  SeqNum sack_edge() const;

  World& world_;
  Side side_;
  State state_ = State::closed;
  bool frozen_ = false, timestamps_ = false, listening_ = false;
  uint64_t timer_ = 0, ack_timer_ = 0;  ///< raised to cancel what was armed

  // Sender: places in its stream.
  uint64_t queued_ = 0, sent_ = 0, acked_ = 0;
  bool closing_ = false, fin_sent_ = false, fin_acked_ = false;
  bool armed_ = false, recovering_ = false;
  int backoff_ = 0;
  bool rto_measured_ = true;
  uint32_t snd_wnd_ = 0, max_window_ = 0;
  SeqNum snd_wl1_;
  TsVal tsval_first_, tsval_last_;

  // Receiver.
  SeqNum peer_isn_, rcv_wup_;
  uint32_t rcv_wnd_ = 0;
  uint64_t received_ = 0, unread_ = 0;
  bool reading_ = true, fin_received_ = false;
  std::map<uint64_t, uint64_t> early_;  ///< out of order: start -> end in the peer's stream
  int unacked_segments_ = 0;
  TsVal ts_recent_;
  TimeNs ts_recent_ns_ = 0, last_refusal_ns_ = INT64_MIN / 2;
};

}  // namespace tsaudit::synth

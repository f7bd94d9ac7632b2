// SPDX-License-Identifier: Apache-2.0
#include "traffic.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace traffic {
namespace {

constexpr int64_t kStart_ns = 1'704'067'200'000'000'000;  // 2024-01-01 00:00:00 UTC
constexpr uint8_t kSyn = 0x02, kPsh = 0x08, kAck = 0x10;
constexpr size_t kIp = 14, kTcp = kIp + 20, kTcpOptions = kTcp + 20;
// MSS 1460, SACK permitted, timestamps, NOP, window scale 7; and two NOPs, timestamps.
constexpr std::array<uint8_t, 20> kSynOptions{2, 4, 1460 >> 8, 1460 & 0xff, 4, 2, 8, 10, 0, 0,
                                              0, 0, 0,         0,           0, 0, 1, 3,  3, 7};
constexpr std::array<uint8_t, 12> kPlainOptions{1, 1, 8, 10};
constexpr size_t kHeaders = kTcpOptions + kSynOptions.size();
constexpr uint32_t kServer = 0xc6336401;  // 198.51.100.1, TEST-NET-2
constexpr uint32_t kMs_ns = 1'000'000;    // one tick: Linux' timestamp clock runs at 1 kHz

void put16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}
void put32(uint8_t* at, uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value & 0xffff);
}

/// Ones' complement sum (RFC 1071), not folded. `size` is even but for a last odd byte.
uint32_t sum(const uint8_t* bytes, size_t size) {
  uint32_t total = 0;
  for (size_t i = 0; i + 1 < size; i += 2) total += static_cast<uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  if (size % 2 != 0) total += static_cast<uint32_t>(bytes[size - 1] << 8);
  return total;
}
uint32_t checksum(uint32_t total) {
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
  return ~total & 0xffff;
}

}  // namespace

struct Generator::Fields {
  bool to_server;
  uint8_t flags;
  uint32_t seq, ack, tsval, tsecr, payload;
};

bool preset(std::string_view name, Options& out) {
  out = Options{};
  if (name == "A") return true;
  if (name == "B" || name == "B2") {
    out.flows = 1'000'000;
    out.active = name == "B" ? 0 : 20'000;
    return true;
  }
  if (name == "C") {
    out.packets = 2'000'000;
    out.flows = 100;
    out.snaplen = kFullSnaplen;
    return true;
  }
  if (name == "D") {
    out.packets = 1'000'000;
    out.flows = 1;
    return true;
  }
  return false;
}

Generator::Generator(const Options& options) : options_(options), random_state_(options.seed) {
  if (options.flows == 0 || options.flows > kMaxFlows || options.active > options.flows ||
      options.rate == 0 || options.rate > 1'000'000'000 || options.payload > kMaxPayload ||
      options.snaplen == 0) {
    throw std::invalid_argument("traffic: an option is out of range");
  }
  step_ns_ = 1'000'000'000 / options.rate;
  flows_.resize(options.flows);
  for (Flow& flow : flows_) {
    const uint64_t isn = random(), clock = random();
    flow.client_next = static_cast<uint32_t>(isn);
    flow.server_next = static_cast<uint32_t>(isn >> 32);
    flow.client_clock = static_cast<uint32_t>(clock);
    flow.server_clock = static_cast<uint32_t>(clock >> 32);
    flow.ip_id = static_cast<uint16_t>(random());
  }
  uint8_t* payload = frame_.data() + kHeaders;
  std::generate_n(payload, options.payload, [this] { return static_cast<uint8_t>(random()); });
  payload_sum_ = sum(payload, options.payload);
}

uint64_t Generator::random() {  // splitmix64
  uint64_t z = random_state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

uint32_t Generator::pick() {
  const uint32_t active = options_.active != 0 ? options_.active : options_.flows;
  const uint64_t base = (options_.flows - active) * sent_ / options_.packets;
  return static_cast<uint32_t>(base + random() % active);
}

Packet Generator::next() {
  if (sent_ == options_.packets) return {};
  const uint32_t index = pick();
  ++sent_;
  elapsed_ns_ += step_ns_;
  Flow& flow = flows_[index];
  const auto now_ms = static_cast<uint32_t>(elapsed_ns_ / kMs_ns);
  switch (flow.phase) {
    case Phase::closed:
      flow.phase = Phase::syn_sent;
      return from_client(index, kSyn, 0);
    case Phase::syn_sent:
      flow.phase = Phase::syn_received;
      return from_server(index, kSyn | kAck);
    case Phase::syn_received:
      flow.phase = Phase::established;
      return from_client(index, kAck, 0);
    case Phase::established:
      break;
  }
  // The receiver answers every second segment, or a single one when its delayed-ACK timer has run out.
  if (flow.unacked == 2 || (flow.unacked == 1 && now_ms - flow.unacked_since_ms >= options_.delayed_ack_ms)) {
    return from_server(index, kAck);
  }
  if (flow.unacked++ == 0) flow.unacked_since_ms = now_ms;
  return from_client(index, kPsh | kAck, options_.payload);
}

Packet Generator::from_client(uint32_t index, uint8_t flags, uint32_t payload) {
  Flow& flow = flows_[index];
  // It left the client a quarter of a step ago. The round trip is thus shorter than a step, so that whatever
  // was sent before this packet has arrived where it goes, and TS.Recent is exact on both sides.
  const int64_t sent_ns = elapsed_ns_ - step_ns_ / 4;
  const Fields fields{.to_server = true,
                      .flags = flags,
                      .seq = flow.client_next,
                      .ack = (flags & kAck) != 0 ? flow.server_next : 0,
                      .tsval = flow.client_clock + static_cast<uint32_t>(sent_ns / kMs_ns),
                      .tsecr = flow.client_ts_recent,
                      .payload = payload};
  // RFC 7323 section 4.3: TS.Recent moves with the segment that covers Last.ACK.sent. With delayed ACKs it
  // is therefore the earliest unacknowledged segment that the next ACK echoes.
  if ((flags & kSyn) != 0 || flow.client_next == flow.last_ack_sent) flow.server_ts_recent = fields.tsval;
  flow.client_next += (flags & kSyn) != 0 ? 1 : payload;
  return write(index, fields);
}

Packet Generator::from_server(uint32_t index, uint8_t flags) {
  Flow& flow = flows_[index];
  const Fields fields{.to_server = false,
                      .flags = flags,
                      .seq = flow.server_next,
                      .ack = flow.client_next,
                      .tsval = flow.server_clock + static_cast<uint32_t>(elapsed_ns_ / kMs_ns),
                      .tsecr = flow.server_ts_recent,
                      .payload = 0};
  flow.client_ts_recent =
      fields.tsval;  // the server sends no data: each of its segments covers Last.ACK.sent
  flow.last_ack_sent = flow.client_next;
  flow.unacked = 0;
  if ((flags & kSyn) != 0) ++flow.server_next;
  return write(index, fields);
}

Packet Generator::write(uint32_t index, const Fields& fields) {
  const bool syn = (fields.flags & kSyn) != 0;
  const uint32_t options = syn ? kSynOptions.size() : kPlainOptions.size();
  // The headers end where the payload begins, which is filled and summed once.
  uint8_t* frame = frame_.data() + kHeaders - (kTcpOptions + options);
  const uint32_t tcp_length = 20 + options + fields.payload;
  const uint32_t client = 10u << 24 | index, client_port = 32768 + index % 28232;

  // Locally administered MAC addresses: 02:…:01 is the servers' side, 02:…:02 the clients'.
  std::memset(frame, 0, kIp);
  frame[0] = frame[6] = 0x02;
  frame[5] = fields.to_server ? 1 : 2;
  frame[11] = fields.to_server ? 2 : 1;
  put16(frame + 12, 0x0800);

  uint8_t* ip = frame + kIp;
  put16(ip, 0x4500);
  put16(ip + 2, 20 + tcp_length);
  put16(ip + 4, flows_[index].ip_id++);
  put16(ip + 6, 0x4000);  // don't fragment
  put16(ip + 8, 64 << 8 | 6);
  put16(ip + 10, 0);
  put32(ip + 12, fields.to_server ? client : kServer);
  put32(ip + 16, fields.to_server ? kServer : client);
  put16(ip + 10, checksum(sum(ip, 20)));

  uint8_t* tcp = frame + kTcp;
  put16(tcp, fields.to_server ? client_port : 443);
  put16(tcp + 2, fields.to_server ? 443 : client_port);
  put32(tcp + 4, fields.seq);
  put32(tcp + 8, fields.ack);
  put16(tcp + 12, (20 + options) / 4 << 12 | fields.flags);
  put16(tcp + 14, syn ? 64240 : 502);
  put32(tcp + 16, 0);  // checksum, urgent pointer
  std::memcpy(frame + kTcpOptions, syn ? kSynOptions.data() : kPlainOptions.data(), options);
  uint8_t* timestamps = frame + kTcpOptions + (syn ? 8 : 4);
  put32(timestamps, fields.tsval);
  put32(timestamps + 4, fields.tsecr);
  const uint32_t pseudo_header = sum(ip + 12, 8) + 6 + tcp_length;
  put16(tcp + 16,
        checksum(pseudo_header + sum(tcp, 20 + options) + (fields.payload != 0 ? payload_sum_ : 0)));

  const auto length = static_cast<uint32_t>(kTcp + tcp_length);
  return {kStart_ns + elapsed_ns_, length, {frame, std::min(length, options_.snaplen)}};
}

bool write_pcap(const Options& options, std::FILE* out) {
  struct FileHeader {
    uint32_t magic = 0xa1b23c4d;  // nanoseconds, this machine's byte order
    uint16_t major = 2, minor = 4;
    uint32_t zone = 0, accuracy = 0, snaplen, link_type = 1;
  } header{.snaplen = options.snaplen};
  struct RecordHeader {
    uint32_t seconds, nanoseconds, captured, length;
  };
  if (std::fwrite(&header, sizeof header, 1, out) != 1) return false;
  Generator generator(options);
  for (Packet packet = generator.next(); !packet.bytes.empty(); packet = generator.next()) {
    const RecordHeader record{static_cast<uint32_t>(packet.time_ns / 1'000'000'000),
                              static_cast<uint32_t>(packet.time_ns % 1'000'000'000),
                              static_cast<uint32_t>(packet.bytes.size()), packet.length};
    if (std::fwrite(&record, sizeof record, 1, out) != 1 ||
        std::fwrite(packet.bytes.data(), packet.bytes.size(), 1, out) != 1) {
      return false;
    }
  }
  return std::fflush(out) == 0;
}

}  // namespace traffic

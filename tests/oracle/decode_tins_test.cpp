// SPDX-License-Identifier: Apache-2.0
// Oracle: libtins, which builds an object a layer and shares no code with us. Wherever it reaches a TCP
// header, ours must be the same one. It does not know every layer; how often it stopped short, and where, is
// printed.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <tins/loopback.h>
#include <tins/tins.h>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "external_captures.h"
#include "packets.h"
#include "tsaudit/segment.h"

namespace tsaudit::oracle {
namespace {

using Tins::PDU;

std::unique_ptr<PDU> parse(const RawPacket& packet) {
  const uint8_t* data = packet.data;
  const uint32_t size = packet.captured;
  switch (packet.link_type) {
    case 0:
      return std::make_unique<Tins::Loopback>(data, size);
    case 1:
      // Below 0x600 the type is a length: 802.3.
      if (size > 12 && data[12] < 0x06) return std::make_unique<Tins::Dot3>(data, size);
      return std::make_unique<Tins::EthernetII>(data, size);
    case 113:
      return std::make_unique<Tins::SLL>(data, size);
    case 127:
      return std::make_unique<Tins::RadioTap>(data, size);
    case 192:
      return std::make_unique<Tins::PPI>(data, size);
    case 101:
    case 228:
    case 229:
      if (size > 0 && data[0] >> 4 == 6) return std::make_unique<Tins::IPv6>(data, size);
      return std::make_unique<Tins::IP>(data, size);
    default:
      return nullptr;
  }
}

/// The packet's layers, outermost first.
std::vector<const PDU*> layers_of(const PDU* pdu) {
  std::vector<const PDU*> layers;
  for (; pdu; pdu = pdu->inner_pdu()) layers.push_back(pdu);
  return layers;
}

struct Header {
  std::string src = {}, dst = {};
  uint16_t sport = 0, dport = 0, window = 0;
  uint32_t seq = 0, ack = 0;
  uint8_t flags = 0;
  std::optional<std::pair<uint32_t, uint32_t>> timestamps = {};
  friend bool operator==(const Header&, const Header&) = default;
};
std::ostream& operator<<(std::ostream& out, const Header& h) {
  out << h.src << ':' << h.sport << " > " << h.dst << ':' << h.dport << " seq " << h.seq << " ack " << h.ack
      << " flags " << int{h.flags} << " win " << h.window;
  if (h.timestamps) out << " tsval " << h.timestamps->first << " tsecr " << h.timestamps->second;
  return out;
}

Header header_of(const Tins::TCP& tcp, const PDU& ip) {
  Header header{.sport = tcp.sport(),
                .dport = tcp.dport(),
                .window = tcp.window(),
                .seq = tcp.seq(),
                .ack = tcp.ack_seq(),
                .flags = static_cast<uint8_t>(tcp.flags())};
  if (ip.pdu_type() == PDU::IPv6) {
    header.src = static_cast<const Tins::IPv6&>(ip).src_addr().to_string();
    header.dst = static_cast<const Tins::IPv6&>(ip).dst_addr().to_string();
  } else {
    header.src = static_cast<const Tins::IP&>(ip).src_addr().to_string();
    header.dst = static_cast<const Tins::IP&>(ip).dst_addr().to_string();
  }
  for (const Tins::TCP::option& option : tcp.options()) {
    if (option.option() == Tins::TCP::EOL) break;  // libtins reads on, RFC 9293 and kernels do not
    if (option.option() != Tins::TCP::TSOPT || option.data_size() != 8) continue;
    uint32_t values[2];
    std::memcpy(values, option.data_ptr(), sizeof values);
    header.timestamps = {ntohl(values[0]), ntohl(values[1])};
  }
  return header;
}

Header header_of(const Segment& segment) {
  Header header{.src = to_string(segment.src),
                .dst = to_string(segment.dst),
                .sport = segment.sport,
                .dport = segment.dport,
                .window = segment.window,
                .seq = segment.seq.raw,
                .ack = segment.ack.raw,
                .flags = segment.flags};
  if (segment.has_ts()) header.timestamps = {segment.tsval.raw, segment.tsecr.raw};
  return header;
}

/// What libtins makes of a packet: the innermost TCP header, or where it stopped.
struct Theirs {
  std::optional<Header> header = {};
  std::string stopped = {};
};

Theirs ask_tins(const RawPacket& packet) try {
  const std::unique_ptr<PDU> pdu = parse(packet);
  if (!pdu) return {.stopped = "link type " + std::to_string(packet.link_type)};
  const PDU* ip = nullptr;
  Theirs theirs;
  for (const PDU* layer : layers_of(pdu.get())) {
    const PDU::PDUType type = layer->pdu_type();
    if (type == PDU::IP || type == PDU::IPv6) ip = layer;
    if (type == PDU::TCP && ip) theirs.header = header_of(static_cast<const Tins::TCP&>(*layer), *ip);
    if (type != PDU::RAW) theirs.stopped = Tins::Utils::to_string(type);
    if (type == PDU::IP)
      theirs.stopped += " protocol " + std::to_string(static_cast<const Tins::IP*>(ip)->protocol());
  }
  return theirs;
} catch (const Tins::exception_base& error) {
  return {.stopped = error.what()};
}

class DecodeLikeTins : public testing::TestWithParam<ExternalCapture> {};

TEST_P(DecodeLikeTins, EveryTcpHeader) {
  const Uncompressed file(GetParam().path);
  uint64_t equal = 0;
  std::map<std::string, uint64_t> stopped;  // segments of ours that libtins did not reach
  each_packet(file.path(), [&](const RawPacket& packet) {
    Segment segment;
    Notice notice;
    const DecodeStatus status = decode(packet, segment, notice);
    const Theirs theirs = ask_tins(packet);
    if (!theirs.header) {
      if (status == DecodeStatus::segment) ++stopped[theirs.stopped];
      return;
    }
    ASSERT_EQ(status, DecodeStatus::segment)
        << "frame " << packet.frame << " is " << to_string(status) << " to us, to libtins " << *theirs.header;
    EXPECT_EQ(header_of(segment), *theirs.header) << "frame " << packet.frame;
    ++equal;
  });
  std::printf("  %zu equal", equal);
  for (const auto& [where, count] : stopped) std::printf(", %zu beyond %s", count, where.c_str());
  std::printf("\n");
}

INSTANTIATE_TEST_SUITE_P(External, DecodeLikeTins, testing::ValuesIn(external_captures()),
                         [](const auto& test) { return test_name(test.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DecodeLikeTins);

TEST(DecodeLikeTinsCaptures, ArePresent) {
  if (external_captures().empty()) GTEST_SKIP() << why_no_captures();
}

}  // namespace
}  // namespace tsaudit::oracle

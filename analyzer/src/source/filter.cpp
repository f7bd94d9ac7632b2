// SPDX-License-Identifier: Apache-2.0
#include "source/filter.h"

#include <fmt/format.h>

#include <memory>

#include "source/link_type.h"

namespace tsaudit::source {

Result<Filter> Filter::compile(const std::string& expression) {
  Filter filter(expression);
  if (expression.empty()) return filter;
  // Which link types the capture has is not known before its packets, but a typing error should be.
  for (const uint16_t link_type : {kLinkEthernet, kLinkRaw, kLinkLinuxSll, kLinkRadiotap}) {
    if (!filter.program_for(link_type).unfit) return filter;
  }
  return Error{Errc::bad_filter,
               fmt::format("filter '{}': {}", expression, *filter.program_for(kLinkEthernet).unfit)};
}

const Filter::Program& Filter::program_for(uint16_t link_type) {
  const auto [entry, added] = programs_.try_emplace(link_type);
  Program& program = entry->second;
  if (!added) return program;
  constexpr int kAnySnaplen = 1 << 18;
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> pcap(
      pcap_open_dead(dlt_of_link_type(link_type), kAnySnaplen), pcap_close);
  if (pcap_compile(pcap.get(), &program.code, expression_.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    program.unfit = pcap_geterr(pcap.get());
  }
  return program;
}

std::span<RawPacket> Filter::apply(std::span<RawPacket> packets, CaptureInfo& info) {
  if (expression_.empty() || packets.empty()) return packets;
  size_t kept = 0;
  uint64_t unfit = 0;
  uint16_t link_type = packets[0].link_type;
  const Program* program = &program_for(link_type);
  for (const RawPacket& packet : packets) {
    if (packet.link_type != link_type) program = &program_for(link_type = packet.link_type);
    if (program->unfit) {
      ++unfit;
      continue;
    }
    pcap_pkthdr header{};
    header.caplen = packet.captured;
    header.len = packet.length;
    if (pcap_offline_filter(&program->code, &header, packet.data) != 0) packets[kept++] = packet;
  }
  if (unfit != 0) info.skipped["filter-unfit"] += unfit;
  if (const size_t out = packets.size() - kept - unfit; out != 0) info.skipped["filtered-out"] += out;
  return packets.first(kept);
}

}  // namespace tsaudit::source

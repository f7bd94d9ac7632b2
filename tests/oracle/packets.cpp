// SPDX-License-Identifier: Apache-2.0
#include "packets.h"

#include <pcap/pcap.h>

#include <memory>
#include <stdexcept>

namespace tsaudit::oracle {

void each_packet(const std::filesystem::path& path, const UsePacket& use) {
  const auto source = open_capture(path.string());
  if (!source) throw std::runtime_error(source.error().message);
  for (auto batch = (*source)->next_batch(); !batch.empty(); batch = (*source)->next_batch())
    for (const RawPacket& packet : batch) use(packet);
}

bool each_packet_of_libpcap(const std::filesystem::path& path, const UsePacket& use) {
  char error[PCAP_ERRBUF_SIZE];
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> file(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, error), pcap_close);
  if (!file) return false;
  // libpcap numbers raw IP by the system's DLT_RAW; files, and we, by LINKTYPE_RAW.
  const int dlt = pcap_datalink(file.get());
  RawPacket packet;
  packet.link_type = static_cast<uint16_t>(dlt == DLT_RAW ? 101 : dlt);
  pcap_pkthdr* header;
  while (pcap_next_ex(file.get(), &header, &packet.data) == 1) {
    packet.time_ns = header->ts.tv_sec * kSecond + header->ts.tv_usec;
    packet.captured = header->caplen;
    packet.length = header->len;
    ++packet.frame;
    use(packet);
  }
  return true;
}

}  // namespace tsaudit::oracle

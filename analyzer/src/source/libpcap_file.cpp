// SPDX-License-Identifier: Apache-2.0
// Files through libpcap: slower than our reader, and written by others, hence what ours is tested against.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "source/libpcap_batch.h"

namespace tsaudit::source {
namespace {

class LibpcapFile final : public CaptureReader {
 public:
  LibpcapFile(std::string path, PcapHandle pcap, CaptureInfo& info)
      : path_(std::move(path)),
        pcap_(std::move(pcap)),
        info_(info),
        batch_(link_type_of_dlt(pcap_datalink(pcap_.get()))) {}

  std::span<RawPacket> next_batch() override {
    batch_.clear();
    while (!finished_ && !batch_.full()) {
      pcap_pkthdr* header;
      const uint8_t* data;
      const int result = pcap_next_ex(pcap_.get(), &header, &data);
      if (result == 1) {
        add(*header, data);
      } else {
        finished_ = true;
        if (result == PCAP_ERROR) fail();
      }
    }
    return batch_.packets();
  }
  bool finished() const override { return finished_; }
  uint64_t frames() const override { return batch_.frames(); }

 private:
  void add(const pcap_pkthdr& header, const uint8_t* data) {
    pcap_pkthdr fixed = header;
    // Seconds of classic files are unsigned, which libpcap honours only in files of the other byte order.
    if (pcap_major_version(pcap_.get()) == 2) fixed.ts.tv_sec = static_cast<uint32_t>(header.ts.tv_sec);
    batch_.add(fixed, data);
    info_.bytes = static_cast<uint64_t>(ftell(pcap_file(pcap_.get())));
  }
  void fail() {
    const std::string_view what = pcap_geterr(pcap_.get());
    info_.truncated = what.starts_with("truncated");
    info_.error = Error{info_.truncated ? Errc::truncated : Errc::corrupt,
                        fmt::format("{}: after frame {}: {}", path_, batch_.frames(), what)};
  }

  const std::string path_;
  PcapHandle pcap_;
  CaptureInfo& info_;
  CopiedBatch batch_;
  bool finished_ = false;
};

}  // namespace

OpenedReader open_file_with_libpcap(const std::string& path, const OpenOptions&, CaptureInfo& info) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (!file) return Error{Errc::cannot_open, fmt::format("{}: {}", path, std::strerror(errno))};
  char reason[PCAP_ERRBUF_SIZE];
  PcapHandle pcap(pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason));
  if (!pcap) {
    if (file != stdin) std::fclose(file);
    return Error{Errc::not_a_capture, fmt::format("{}: {}", path, reason)};
  }
  info.format = pcap_major_version(pcap.get()) == 1 ? "pcapng" : "pcap";
  return OpenedReader(std::make_unique<LibpcapFile>(path, std::move(pcap), info));
}

}  // namespace tsaudit::source

// SPDX-License-Identifier: Apache-2.0
// Packets of a network interface, through libpcap.
#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>

#include <cerrno>
#include <cstring>

#include "source/libpcap_batch.h"

namespace tsaudit::source {
namespace {

constexpr int kIdleMs = 100;       // next_batch() returns at least that often
constexpr int kDeliverMs = 20;     // how long the kernel may gather packets
constexpr int kRingSize = 16 << 20;

struct DumpClose {
  void operator()(pcap_dumper_t* dump) const { pcap_dump_close(dump); }
};

class LiveInterface final : public CaptureReader {
 public:
  LiveInterface(std::string name, PcapHandle pcap, CaptureInfo& info)
      : name_(std::move(name)),
        pcap_(std::move(pcap)),
        info_(info),
        batch_(link_type_of_dlt(pcap_datalink(pcap_.get()))) {}

  /// Writes all that comes to a file from now on. False: pcap_geterr() says why not.
  bool record_to(const std::string& path) {
    record_name_ = path;
    record_.reset(pcap_dump_open(pcap_.get(), path.c_str()));
    return record_ != nullptr;
  }

  std::span<RawPacket> next_batch() override {
    batch_.clear();
    // libpcap's own timeout does not end a wait in which no packet comes, so the handle does not block and
    // the waiting is ours.
    if (dispatch() && batch_.packets().empty() && wait()) dispatch();
    flush_record();
    count_lost();
    return batch_.packets();
  }
  bool finished() const override { return finished_; }
  uint64_t frames() const override { return batch_.frames(); }

 private:
  bool dispatch() {
    const auto add = [](u_char* self, const pcap_pkthdr* header, const u_char* data) {
      auto* live = reinterpret_cast<LiveInterface*>(self);
      live->batch_.add(*header, data);
      if (live->record_) live->record(*header, data);
      live->info_.bytes += header->caplen;
    };
    const int limit = static_cast<int>(batch_.room());
    if (pcap_dispatch(pcap_.get(), limit, add, reinterpret_cast<u_char*>(this)) >= 0) return true;
    info_.error = Error{Errc::read_failed, fmt::format("{}: {}", name_, pcap_geterr(pcap_.get()))};
    finished_ = true;
    return false;
  }
  void record(const pcap_pkthdr& header, const u_char* data) {
    pcap_dump(reinterpret_cast<u_char*>(record_.get()), &header, data);
    if (record_error_ == 0 && ferror_unlocked(pcap_dump_file(record_.get())) != 0) record_error_ = errno;
  }
  /// What is handed out has been written: for whoever reads the file meanwhile, and because nobody hears of
  /// what fails when the file is closed.
  void flush_record() {
    if (!record_) return;
    if (record_error_ == 0 && pcap_dump_flush(record_.get()) != 0) record_error_ = errno;
    if (record_error_ == 0) return;
    info_.error =
        Error{Errc::write_failed, fmt::format("{}: {}", record_name_, std::strerror(record_error_))};
    finished_ = true;
    record_.reset();
  }
  bool wait() {
    pollfd readable{pcap_get_selectable_fd(pcap_.get()), POLLIN, 0};
    return poll(&readable, 1, kIdleMs) > 0;
  }
  void count_lost() {
    pcap_stat totals;
    if (pcap_stats(pcap_.get(), &totals) != 0 || totals.ps_drop == lost_) return;
    info_.skipped[kLostInCapture] += totals.ps_drop - lost_;
    lost_ = totals.ps_drop;
  }

  const std::string name_;
  PcapHandle pcap_;
  std::string record_name_;
  int record_error_ = 0;
  std::unique_ptr<pcap_dumper_t, DumpClose> record_;
  CaptureInfo& info_;
  CopiedBatch batch_;
  unsigned lost_ = 0;
  bool finished_ = false;
};

}  // namespace

OpenedReader open_interface(const std::string& name, const OpenOptions& options, CaptureInfo& info) {
  char reason[PCAP_ERRBUF_SIZE] = "";
  PcapHandle pcap(pcap_create(name.c_str(), reason));
  if (!pcap) return Error{Errc::cannot_open, fmt::format("{}: {}", name, reason)};
  pcap_t* p = pcap.get();
  pcap_set_snaplen(p, static_cast<int>(options.snapshot));
  pcap_set_timeout(p, kDeliverMs);
  pcap_set_buffer_size(p, kRingSize);
  const auto bad_filter = [&] {
    return Error{Errc::bad_filter, fmt::format("{}: filter '{}': {}", name, options.filter, pcap_geterr(p))};
  };
  if (pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO) != 0)
    return Error{Errc::unsupported, fmt::format("{}: no nanosecond time stamps", name)};
  if (const int status = pcap_activate(p); status < 0) {
    const char* detail = pcap_geterr(p);
    return Error{Errc::cannot_open, fmt::format("{}: {}", name, *detail ? detail : pcap_statustostr(status))};
  }
  // Tells devices apart, which the older cooked header does not.
  if (name == "any") pcap_set_datalink(p, DLT_LINUX_SLL2);
  if (pcap_setnonblock(p, 1, reason) != 0)
    return Error{Errc::cannot_open, fmt::format("{}: {}", name, reason)};
  if (!options.filter.empty()) {
    // In the kernel: only what matches is copied, and it sees VLAN tags that the card has taken off.
    bpf_program program;
    if (pcap_compile(p, &program, options.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
      return bad_filter();
    const int status = pcap_setfilter(p, &program);
    pcap_freecode(&program);
    if (status != 0) return bad_filter();
  }
  info.format = "live";
  auto live = std::make_unique<LiveInterface>(name, std::move(pcap), info);
  if (!options.record.empty() && !live->record_to(options.record))
    return Error{Errc::write_failed, pcap_geterr(p)};
  return OpenedReader(std::move(live));
}

}  // namespace tsaudit::source

namespace tsaudit {

std::vector<std::string> live_interfaces() {
  std::vector<std::string> names;
  if (struct if_nameindex* all = if_nameindex()) {
    for (const struct if_nameindex* each = all; each->if_index != 0; ++each)
      names.emplace_back(each->if_name);
    if_freenameindex(all);
  }
  names.emplace_back("any");
  return names;
}

}  // namespace tsaudit

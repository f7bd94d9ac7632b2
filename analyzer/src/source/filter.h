// SPDX-License-Identifier: Apache-2.0
// BPF expressions. libpcap compiles them, once for each link type met; its interpreter runs them on the
// packets of any of our readers.
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "tsaudit/capture.h"

namespace tsaudit::source {

class Filter {
 public:
  /// Takes everything if `expression` is empty. Errc::bad_filter if no usual link type makes sense of it.
  static Result<Filter> compile(const std::string& expression);

  /// Moves the packets that match to the front and counts the others in `info`.
  std::span<RawPacket> apply(std::span<RawPacket> packets, CaptureInfo& info);

 private:
  struct Program {
    Program() = default;
    Program(const Program&) = delete;
    ~Program() { pcap_freecode(&code); }
    bpf_program code{};
    std::optional<std::string> unfit;  ///< why the expression cannot be compiled for this link type
  };
  explicit Filter(std::string expression) : expression_(std::move(expression)) {}
  const Program& program_for(uint16_t link_type);

  std::string expression_;
  std::map<uint16_t, Program> programs_;
};

}  // namespace tsaudit::source

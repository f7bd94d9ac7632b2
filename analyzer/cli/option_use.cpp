// SPDX-License-Identifier: Apache-2.0
#include "option_use.h"

#include <fmt/format.h>

#include <algorithm>

namespace tsaudit::cli {

OptionUse::OptionUse(const InputOptions& options)
    : quiet_(options.quiet), captured_at_(options.analysis.captured_at), cuts_(options.analysis.cuts) {
  for (size_t i = 0; i < options.told_receivers; ++i)
    receivers_.push_back(options.analysis.receivers[i].first);
}

void OptionUse::see(const Endpoint& endpoint) {
  std::erase(receivers_, endpoint.address);
  std::erase(captured_at_, endpoint.address);
}

void OptionUse::see(const FlowReport& flow) {
  if (cuts_.empty()) return;
  for (const Migration& move : flow.migrations)
    for (const MigrationSignal& signal : move.signals)
      if (signal.name == "told") std::erase(cuts_, signal.frame);
}

void OptionUse::complain_of_rest() const {
  if (quiet_) return;
  for (const IpAddress& address : receivers_)
    complain(fmt::format("--receiver {}: no segment has this address", to_string(address)));
  for (const IpAddress& address : captured_at_)
    complain(fmt::format("--captured-at {}: no segment has this address", to_string(address)));
  for (const uint64_t frame : cuts_)
    complain(fmt::format("--cut {}: no connection goes on with a new host at frame {}", frame, frame));
}

}  // namespace tsaudit::cli

// SPDX-License-Identifier: Apache-2.0
// What has changed for the connections of a live capture, told in a line each, or in one for all that a host
// took along, once it has stood for a while.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "tsaudit/host_moves.h"
#include "tsaudit/report.h"

namespace tsaudit::cli {

/// In each look, see() for each connection that has trouble, then end_look().
class News {
 public:
  void see(FlowReport&& report);
  /// What is new, each in a line, with the command that would help below it. At most kLines of connections; a
  /// line more has the number of the others.
  std::vector<std::string> end_look(bool color);
  void forget(uint64_t flow) { flows_.erase(flow); }
  /// Connections that do not get on, by the last look.
  size_t standing_still() const { return standing_still_; }

  static constexpr size_t kLines = 5;

 private:
  /// Two of the same kind are no news, whatever their numbers.
  struct Kind {
    Severity worst = Severity::none;  ///< notes do not count
    size_t moves = 0;
    bool stands_still = false;
    friend bool operator==(const Kind&, const Kind&) = default;
  };
  struct Known {
    Kind told;
    uint64_t differed_in = 0;  ///< the last look in which it was not as told; 0: none since
  };
  struct Item {
    FlowReport report;
    Kind kind;
    bool only_goes_on;
  };
  static Kind kind_of(const FlowReport& report);
  static std::string line_of(const Item& item);

  std::unordered_map<uint64_t, Known> flows_;
  std::vector<Item> items_;
  HostMoves moves_;
  std::map<IpAddress, std::string> said_;  ///< of the last move of a host
  uint64_t look_ = 2;                      ///< its number; no look comes right after 0
  size_t standing_still_ = 0, still_now_ = 0;
};

}  // namespace tsaudit::cli

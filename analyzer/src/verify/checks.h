// SPDX-License-Identifier: Apache-2.0
// What must hold for the pairs of one connection.
#pragma once

#include <array>
#include <optional>

#include "tsaudit/report.h"
#include "tsaudit/verify.h"
#include "verify/pairing.h"

namespace tsaudit::verify {

/// Follows an offset that is 0 until its entry is in place, and one other value from then on.
class OffsetWatch {
 public:
  enum class Verdict : uint8_t { fine, begins, differs };
  Verdict see(uint32_t offset) {
    if (!value_) {
      value_ = offset;
      return Verdict::fine;
    }
    if (offset == *value_) return Verdict::fine;
    if (*value_ != 0 || began_) return Verdict::differs;
    value_ = offset;
    began_ = true;
    return Verdict::begins;
  }
  std::optional<uint32_t> value() const { return value_; }

 private:
  std::optional<uint32_t> value_;
  bool began_ = false;
};

class Checks {
 public:
  Checks(const Endpoint& client, const Endpoint& server);

  /// Tells which end an entry of the table belongs to, and its offset.
  void expect(Side local, uint32_t offset);
  /// A segment that `from` sent, at both points.
  void pair(Side from, const Match& match);
  void count(Side from, Point point);
  void missing(Side from, Point point, const Item& item, int64_t first_of_other_ns, int64_t last_of_other_ns);
  /// The end: what only the whole shows. `allow_loss` packets may be missing in all connections together.
  void finish();

  bool has_timestamps() const { return has_timestamps_; }
  VerifyDirection& direction(Side from) {
    return from == Side::client ? report_.from_client : report_.from_server;
  }
  VerifyConnection& report() { return report_; }
  /// The end that is on the inside, as far as one can tell.
  std::optional<Side> local() const { return local_; }
  void guess_local(Side side) {
    if (!local_) local_ = side;
  }

 private:
  struct State {
    OffsetWatch tsval, tsecr;
    uint32_t latest = 0;          ///< offset of TSval, whether it is the right one or not
    TimeNs began_ns = INT64_MAX;  ///< when TSval was first rewritten, inside
    FramePair first_echo;
    bool outside_seen = false;
    TsVal newest;  ///< TSval, outside
    SeqNum highest_end, highest_ack;
    FramePair first, last;
  };
  void one(Side from, const Item& inside, const Item& outside, bool regrouped);
  void offsets(Side from, const Item& inside, const Item& outside);
  void echo(Side from, const Item& inside, const Item& outside);
  void regression(Side from, const FramePair& frames, const Item& outside);
  void checksums(Side from, const FramePair& frames, const Item& inside, const Item& outside);
  void find(RuleId rule, Side from, const FramePair& frames, std::string message) {
    find(rule, rule_info(rule).severity, from, frames, std::move(message));
  }
  void find(RuleId rule, Severity severity, Side from, const FramePair& frames, std::string message);

  State& state(Side from) { return states_[static_cast<size_t>(from)]; }

  VerifyConnection report_;
  std::array<State, 2> states_;
  std::optional<Side> local_;
  bool local_known_ = false, has_timestamps_ = false;
};

}  // namespace tsaudit::verify

// SPDX-License-Identifier: Apache-2.0
// Every rule of a Linux receiver, provoked one by one: what the rule's description expects against what the
// running kernel did. (tsaudit's own answer to the same segments is judged by compare.h.)
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ghost.h"

namespace lab {

/// Major * 100 + minor of the running kernel.
int kernel_version();

class RuleTests {
 public:
  /// `patience_s`: how long a test may sleep.
  explicit RuleTests(Lab& lab, int64_t patience_s = 0) : lab_(lab), patience_s_(patience_s) {}

  Lab& lab() { return lab_; }
  int64_t patience_s() const { return patience_s_; }
  /// Does the running kernel have this reason? If not, it uses a broader one.
  bool knows(const std::string& reason) const { return lab_.events().knows(reason); }
  /// Options with a port of their own.
  Ghost::Options options();

  /// Sends `segment` as the test of `rule`; it should be "taken" or dropped for the reason named.
  void send(Ghost& ghost, const Segment& segment, const std::string& rule, const std::string& expected);
  /// The same for a segment that moves our sequence forward.
  void advance(Ghost& ghost, const Segment& segment, const std::string& rule, const std::string& expected);
  /// Takes the latest expectations back: a timer of the peer came between the segments.
  void withdraw(size_t expectations) { expectations_.resize(expectations_.size() - expectations); }
  /// The receiver as the next segment to arrive would find it. (Asking costs a segment outside of the window,
  /// which the receiver answers: whatever it still had to acknowledge is acknowledged then.)
  ReceiverState state(Ghost& ghost);
  /// TS.Recent, as the next segment to arrive will find it, should be this.
  void expect_ts_recent(Ghost& ghost, const std::string& rule, uint32_t expected);

  /// Anything else that can be told in a word, such as how the receiver answered.
  void expect(const std::string& rule, const std::string& expected, const std::string& happened) {
    states_.push_back({rule, expected, happened});
  }

  struct Outcome {
    std::string rule, expected, happened;
    bool agrees() const { return expected == happened; }
  };
  std::vector<Outcome> outcomes() const;

 private:
  struct Expectation {
    std::string rule, expected;
  };
  Lab& lab_;
  int64_t patience_s_;
  uint16_t port_ = 41000;
  std::vector<Expectation> expectations_;
  std::vector<Outcome> states_;
};

/// How the peer answered since Ghost::forget_replies(): "silence", "RST", "SYN" or "ACK".
std::string answer(const Ghost& ghost);

struct RuleTest {
  const char* name;
  void (*run)(RuleTests&);
};
// By the part of the kernel that decides.
std::span<const RuleTest> paws_tests();       // tcp_validate_incoming: PAWS and its exceptions
std::span<const RuleTest> sequence_tests();   // what comes after PAWS, and who moves TS.Recent
std::span<const RuleTest> option_tests();     // TSopt missing, malformed, twice
std::span<const RuleTest> handshake_tests();  // SYN_SENT, SYN_RECV, cookies
std::span<const RuleTest> closing_tests();    // FIN_WAIT2, TIME_WAIT
std::span<const RuleTest> usec_tests();       // timestamps of 1 us
std::span<const RuleTest> idle_tests();       // 36 minutes at least: for machines whose clock jumps

}  // namespace lab

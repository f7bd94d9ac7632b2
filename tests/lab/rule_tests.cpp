// SPDX-License-Identifier: Apache-2.0
#include "rule_tests.h"

#include <sys/utsname.h>

#include <cstdio>
#include <map>
#include <stdexcept>

namespace lab {

namespace {

/// On a kernel without reasons nobody can tell whether a segment was taken or refused for its sequence.
std::string what_counters_show(const std::string& verdict) {
  const bool counted =
      verdict.starts_with("TCP_RFC7323") || verdict == "TCP_INVALID_SYN" || verdict == "TCP_CSUM";
  return counted || verdict == "never arrived" ? verdict : "not counted";
}

}  // namespace

int kernel_version() {
  utsname name{};
  must(uname(&name), "uname");
  int major = 0, minor = 0;
  std::sscanf(name.release, "%d.%d", &major, &minor);
  return major * 100 + minor;
}

std::string answer(const Ghost& ghost) {
  if (ghost.replies().empty()) return "silence";
  const Segment& reply = ghost.replies().front();
  return reply.has(kRst) ? "RST" : reply.has(kSyn) ? "SYN" : "ACK";
}

Ghost::Options RuleTests::options() {
  Ghost::Options options;
  options.port = port_;
  options.peer_port = static_cast<uint16_t>(port_++ - 31000);  // listeners of two ghosts must not meet
  return options;
}

void RuleTests::send(Ghost& ghost, const Segment& segment, const std::string& rule,
                     const std::string& expected) {
  expectations_.push_back({rule, expected});
  ghost.send(segment, rule);
}

void RuleTests::advance(Ghost& ghost, const Segment& segment, const std::string& rule,
                        const std::string& expected) {
  expectations_.push_back({rule, expected});
  ghost.advance(segment, rule);
}

ReceiverState RuleTests::state(Ghost& ghost) {
  Segment look = ghost.next();
  look.seq += 0x20000000;
  if (look.ts) look.ts->val = ghost.ts_recent;
  ghost.send(look);
  const auto& records = lab_.truth().records();
  for (auto record = records.rbegin(); record != records.rend(); ++record)
    if (same_segment(record->segment, look) && record->state) return *record->state;
  throw std::runtime_error("the peer's socket is not established");
}

void RuleTests::expect_ts_recent(Ghost& ghost, const std::string& rule, uint32_t expected) {
  states_.push_back(
      {rule, "TS.Recent " + std::to_string(expected), "TS.Recent " + std::to_string(state(ghost).ts_recent)});
}

std::vector<RuleTests::Outcome> RuleTests::outcomes() const {
  std::multimap<std::string, const TruthRecord*> by_rule;
  for (const TruthRecord& record : lab_.truth().records())
    if (!record.rule.empty()) by_rule.emplace(record.rule, &record);
  std::vector<Outcome> outcomes;
  for (const Expectation& expectation : expectations_) {
    Outcome outcome{expectation.rule, expectation.expected, "never arrived"};
    if (const auto found = by_rule.find(expectation.rule); found != by_rule.end()) {
      outcome.happened = verdict(*found->second);
      by_rule.erase(found);
    }
    if (!lab_.events().has_reasons()) {  // the counters tell only these apart
      outcome.expected = what_counters_show(outcome.expected);
      outcome.happened = what_counters_show(outcome.happened);
    }
    outcomes.push_back(outcome);
  }
  outcomes.insert(outcomes.end(), states_.begin(), states_.end());
  return outcomes;
}

}  // namespace lab

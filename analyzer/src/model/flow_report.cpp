// SPDX-License-Identifier: Apache-2.0
#include "model/flow_report.h"

#include <numeric>

#include "model/progress.h"

namespace tsaudit {
namespace {

size_t index(Reason reason) { return static_cast<size_t>(reason); }

/// Every segment has one reason. The rare ones were counted, the common one is the rest.
void fill_reasons(DirectionReport& report, const Flow& flow, const Host& from, const Host& to,
                  const DirectionTrouble* trouble) {
  auto& reasons = report.reasons;
  if (trouble)
    for (size_t i = 0; i < kReasonCount; ++i) reasons[i] = trouble->reasons[i];
  const Reason first = from.state == TcpState::unknown                                 ? Reason::handshake
                       : side_of(flow, &from == &flow.host[0] ? 0 : 1) == Side::client ? Reason::handshake
                                                                                       : Reason::initial;
  reasons[index(first)] += from.handshakes;
  reasons[index(Reason::ts_recent_unknown)] += from.unknown;
  reasons[index(Reason::equal)] += to.equal_tsval;
  reasons[index(Reason::no_tsopt)] += from.untested;
  const uint64_t counted = std::accumulate(reasons.begin(), reasons.end(), uint64_t{0});
  const uint64_t rest = report.segments > counted ? report.segments - counted : 0;
  const Reason common = flow.negotiated() == Negotiated::yes  ? Reason::newer
                        : flow.negotiated() == Negotiated::no ? Reason::not_negotiated
                        : from.ts_segments > 0                ? Reason::newer
                                                              : Reason::no_tsopt;
  reasons[index(common)] += rest;

  for (size_t i = 0; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    const Verdict verdict = reason <= Reason::rst_exempt      ? Verdict::accept
                            : reason <= Reason::reset         ? Verdict::drop
                            : reason <= Reason::state_unknown ? Verdict::unknown
                                                              : Verdict::not_tested;
    report.verdicts[static_cast<size_t>(verdict)] += reasons[i];
  }
}

DirectionReport report_direction(const Tracker& tracker, const Flow& flow, unsigned from,
                                 const Trouble* trouble) {
  const Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  DirectionReport report;
  report.from = side_of(flow, from);
  report.receiver_profile = &tracker.profile_for(flow, from ^ 1);
  report.profile_proven = tracker.profile_is_told(flow, from ^ 1);
  report.vantage = a.seen ? vantage_of(b, a) : Vantage::unknown;
  report.segments = a.segments;
  report.ts_segments = a.ts_segments;
  report.payload_bytes = a.payload_bytes;
  report.delivered_bytes = delivered_bytes(flow, from);
  report.first_payload_bits = a.first_payload_bits;
  report.retransmissions = a.retransmissions;
  const DirectionTrouble* direction = trouble ? &trouble->direction[from] : nullptr;
  fill_reasons(report, flow, a, b, direction);
  if (a.clock.started()) report.clock = a.clock.report(a.last_ns);
  if (direction) {
    report.confirmed = direction->confirmed;
    report.predicted = direction->predicted;
    report.contradicted = direction->contradicted;
    if (direction->fitting_profile && !report.profile_proven) {
      report.receiver_profile = direction->fitting_profile;
      report.profile_proven = true;
    }
    report.clock.steps = direction->steps;
    report.check = direction->misses;
  }
  TsRecentCheck& check = report.check;
  check.compared = b.compared;
  check.exact = b.exact;
  const uint64_t missed = check.missed_reorder + check.missed_refused + check.missed_restored;
  check.equal = check.compared - std::min(check.compared, missed);
  return report;
}

}  // namespace

FlowReport report_flow(const Tracker& tracker, const Flow& flow, const Trouble* trouble) {
  FlowReport report;
  report.id = flow.id;
  const bool client_low = flow.client == 0;
  report.client = client_low ? flow.key.low() : flow.key.high();
  report.server = client_low ? flow.key.high() : flow.key.low();
  report.roles_guessed = !flow.roles_known;
  report.scope = flow.key.scope();
  report.timestamps = flow.negotiated();
  report.options_cut = flow.options_cut;
  report.first_frame = flow.first_frame;
  report.last_frame = flow.last_frame;
  report.first_ns = flow.first_ns;
  report.last_ns = flow.last_ns();
  for (const Side side : {Side::client, Side::server})
    report.directions[static_cast<size_t>(side)] =
        report_direction(tracker, flow, host_of(flow, side), trouble);
  if (trouble)
    for (const MigrationCase& migration : trouble->migrations) report.migrations.push_back(migration.result);
  return report;
}

}  // namespace tsaudit

// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/rule_table.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace tsaudit {
namespace {

// Help texts are paragraphs: what it means, how it is decided, what to do. docs/rules.md is made of them
// (`tsaudit explain --all --format markdown`); a test keeps it current.
constexpr auto kRules = std::to_array<RuleInfo>({
    {RuleId::paws_drop, "TS001", "paws-drop", Severity::error,
     "A segment that its receiver needed was discarded by PAWS",
     "The receiver threw away segments that carry data or a FIN, acknowledge new data, tell that a closed "
     "window is open, or answer a probe, because their TSval is older than TS.Recent, the newest timestamp "
     "that it had accepted. The application never sees this data, and no socket call reports it. A peer "
     "whose keepalive probes are answered so gives the connection up.\n\n"
     "tsaudit replays the receiver as the named profile does, and says drop only if every state that the "
     "capture allows refuses the segment. The drop is confirmed when the receiver's own segments show it: "
     "a duplicate ACK with the old TSecr for each refused segment, no SACK for it, retransmissions that "
     "never get through. It is contradicted when the receiver acknowledged the data all the same; then the "
     "capture has a gap or the profile is the wrong one. From Linux 6.15 on a server refuses in the handshake "
     "what echoes none of its SYN-ACKs, too, and the finding says so. It may be its own doing: with "
     "TCP_DEFER_ACCEPT it lets the ACK pass, answers what is out of order, such as a keepalive, and does not "
     "take the echo of that answer.\n\n"
     "Find what set the sender's clock back (TS003, TS006) and restore it there: the finding names the "
     "offset. Until then the flow cannot move data in this direction.",
     "RFC 7323 section 5.3, rule R1; net/ipv4/tcp_input.c: tcp_validate_incoming(); include/net/tcp.h: "
     "tcp_paws_check(), TCP_PAWS_WINDOW"},

    {RuleId::paws_stall, "TS002", "paws-stall", Severity::error,
     "The flow made no progress because of PAWS drops",
     "Every segment that could have moved the flow forward was discarded by PAWS (TS001), so that it stood "
     "still. Users see a hung connection: no reset, no error, until an application timeout or until the "
     "sender gives up after its retransmissions (tcp_retries2, about 15 minutes on Linux).\n\n"
     "The stall is counted from the first discarded segment (what held the flow up for long before that is "
     "TS014) to the first progress (of the acknowledgment "
     "number, a closed window or a probe), or to the end of the capture. The expected end is the earlier of "
     "two events: the sender's clock catches up with TS.Recent, or TS.Recent becomes too old to count (2147 "
     "seconds on Linux 6.7 and later, 24 days before that and in RFC 7323).\n\n"
     "Apply the suggested offset to the migrated endpoint, or restore its clock with TCP_TIMESTAMP before "
     "it leaves repair mode. Waiting helps only if the time named is shorter than the sender's patience.",
     "RFC 7323 sections 5.3 and 5.5; include/net/tcp.h: TCP_PAWS_WRAP (6.7+), TCP_PAWS_24DAYS; "
     "net/ipv4/tcp_timer.c: tcp_write_timeout()"},

    {RuleId::tsval_regression, "TS003", "tsval-regression", Severity::error,
     "An endpoint's TSval went backward against its own clock",
     "The timestamps of one endpoint suddenly lie behind the line that its own clock had drawn. A TCP "
     "sender's clock must never go backward within a connection, so either another host took over with its "
     "own clock, or a middlebox rewrites the option.\n\n"
     "tsaudit fits the clock of each direction and compares every new TSval with it, modulo 2^32. "
     "Reordered and retransmitted segments are not counted: a step must last.\n\n"
     "On migration, carry the clock over: read TCP_TIMESTAMP from the old socket in repair mode and set it "
     "on the new one. If nothing was migrated, look for a load balancer or proxy that joins two "
     "connections.",
     "RFC 7323 section 5.4; net/ipv4/tcp_output.c: tcp_established_options(); net/ipv4/tcp.c: "
     "TCP_TIMESTAMP in do_tcp_setsockopt()"},

    {RuleId::tsval_jump, "TS004", "tsval-jump", Severity::warning,
     "TSval stepped forward beyond what its clock allows",
     "The timestamps of one endpoint leapt ahead of their own clock. PAWS accepts a step of less than 2^31 "
     "ticks, so nothing is lost now, but the receiver's TS.Recent has followed: it is poisoned. When the "
     "flow returns to a host with the old clock, everything that this host sends is discarded.\n\n"
     "The step is measured against the fitted clock of the same direction. Steps that idle time, pacing or "
     "the uncertainty of the fit can explain are not reported.\n\n"
     "Treat it as a migration that went well by luck: whether two unrelated clocks differ forward or "
     "backward is a coin toss. Continue the old clock instead, so that the way back is safe too.",
     "RFC 7323 sections 4.3 and 5.4; net/ipv4/tcp_input.c: tcp_replace_ts_recent()"},

    {RuleId::clock_rate_change, "TS005", "clock-rate-change", Severity::error,
     "The timestamp clock changed its tick rate within a connection",
     "The TSval of one endpoint now advances at another rate than before, for example 1 000 000 ticks a "
     "second in place of 1000. Linux 6.7 and later read bit 0 of the TCP_TIMESTAMP value as a switch to "
     "microseconds; an odd value saved on an older kernel therefore turns a restored connection into a "
     "microsecond one, in about half of all cases.\n\n"
     "The rate is fitted separately before and after each step, and when TSval falls further behind its "
     "clock than queues explain at a rate that some kernel uses; it is reported only if both fits are sure. "
     "A "
     "faster clock wraps within 72 minutes and makes TS.Recent outrun a later return; a slower one looks "
     "old to a receiver whose TS.Recent came from the faster one.\n\n"
     "Clear bit 0 of the value before setting TCP_TIMESTAMP when the saved connection used milliseconds, "
     "set it when it used microseconds, and restore only on a kernel that knows the rate.",
     "RFC 7323 section 5.4; net/ipv4/tcp.c: TCP_TIMESTAMP in do_tcp_setsockopt() and do_tcp_getsockopt() "
     "(6.7+: tcp_usec_ts); include/net/tcp.h: tcp_clock_ts()"},

    {RuleId::endpoint_migrated, "TS006", "endpoint-migrated", Severity::note,
     "An endpoint was replaced by another host",
     "From this frame on, another kernel answers for the same address and port: the connection was "
     "migrated or restored from a checkpoint. That is no fault in itself; what its clock did decides "
     "whether data was lost.\n\n"
     "Several signals are weighed: a step or a new rate of TSval, TSecr of 0, the window probe that Linux "
     "sends when TCP_REPAIR is switched off (a pure ACK one below SND.UNA), a new MAC address, TTL, IP ID "
     "or flow label, sequence numbers that the old host cannot have meant, silence before it, a gratuitous "
     "ARP, neighbour advertisement or (for a virtual machine) reverse ARP. A virtual machine takes its "
     "kernel "
     "along: all that shows may be a clock that stood still, which no queue explains when the segment echoes "
     "what came to it just before. A host that shows with two MAC addresses or TTLs in turn was captured at "
     "two points of its way, and has not moved. Each sign is listed with its frame; the confidence says how "
     "well they agree. --cut FRAME tells tsaudit where to look.\n\n"
     "Read the offset: min keeps every segment acceptable, suggested continues the old clock through the "
     "gap, max is still ahead of TS.Recent.",
     "net/ipv4/tcp_output.c: tcp_send_window_probe(); net/ipv4/tcp.c: TCP_REPAIR in do_tcp_setsockopt()"},

    {RuleId::ts_recent_lost, "TS007", "ts-recent-lost", Severity::note,
     "An endpoint lost TS.Recent: it echoes 0 in mid-connection",
     "An endpoint sent an ACK with TSecr 0 although it had received timestamps before. Its TS.Recent is "
     "gone, as after a restore by TCP_REPAIR, which has no field for it.\n\n"
     "Only segments with the ACK bit count, and only after a nonzero echo in the same direction, or at the "
     "begin of a capture. On Linux "
     "and BSD a TS.Recent of 0 means unknown, so this endpoint accepts whatever TSval comes first and "
     "heals itself. A restored socket keeps the TS.Recent that it gets then: where 0 comes and goes without "
     "another sign of a move, the stack, or a firewall that speaks for it, leaves the field out at times.\n\n"
     "Nothing needs repair on this side. It marks the frame of the restore, and for that moment the "
     "endpoint is not protected against old duplicates.",
     "RFC 7323 section 3.2; include/net/tcp.h: tcp_paws_check(); net/ipv4/tcp.c: tcp_repair_options_est()"},

    {RuleId::tsecr_never_sent, "TS008", "tsecr-never-sent", Severity::error,
     "Echo of a timestamp that the peer never sent",
     "A TSecr carries a value that appears nowhere among the TSvals of the other direction. An endpoint "
     "echoes only what it received, so somebody rewrites timestamps on one side of the capture point, or "
     "two connections are mixed.\n\n"
     "Echoes of 0, of values that may have been sent before the capture began, and of values in gaps of "
     "the capture are not counted. Linux refuses such an echo in the handshake: in SYN_SENT always, in "
     "SYN_RECV since 6.15. Later it only spoils round-trip times and the Eifel undo.\n\n"
     "If an offset is in use on this path, check that it is taken off TSecr again on the way back (TS013).",
     "RFC 7323 sections 3.2 and 4.3; net/ipv4/tcp_input.c: tcp_rcv_synsent_state_process(); "
     "net/ipv4/tcp_minisocks.c: tcp_check_req()"},

    {RuleId::tsopt_missing, "TS009", "tsopt-missing", Severity::warning,
     "Segments without timestamps after both sides agreed on them",
     "Timestamps were negotiated in the handshake, but later segments lack the option. RFC 7323 wants "
     "every segment but RST to carry it, and lets a strict receiver drop one without it.\n\n"
     "RST segments and options lost to a short snapshot are not counted. Linux accepts such segments and "
     "skips the PAWS test, so its TS.Recent stands still and can later be too old or too new; strict "
     "receivers and some firewalls discard them without a word.\n\n"
     "Look for a middlebox that strips or terminates options, a SYN proxy that does not keep its promise, "
     "or a restore that forgot to enable timestamps (TCP_REPAIR_OPTIONS with TCPOPT_TIMESTAMP).",
     "RFC 7323 section 3.2; net/ipv4/tcp_input.c: tcp_validate_incoming(), tcp_fast_parse_options()"},

    {RuleId::tsopt_malformed, "TS010", "tsopt-malformed", Severity::warning,
     "Timestamp option with a bad length, twice in a segment, or never agreed on",
     "The option is kind 8 with a length of 10, once in a segment, and only when both SYNs carried it. "
     "These segments break that. Receivers differ in what they do about it, which makes such flows fail on "
     "some peers only.\n\n"
     "The option list of each segment is walked as the kernel does it. With a wrong length Linux ignores "
     "the option; of two it uses the last well-formed one, unless the header has the usual aligned layout; "
     "without negotiation it ignores both values.\n\n"
     "Suspect the sender's or a middlebox's option code, and compare captures taken before and after that "
     "box.",
     "RFC 7323 section 3.2; net/ipv4/tcp_input.c: tcp_parse_options(), tcp_parse_aligned_timestamp()"},

    {RuleId::stale_ack, "TS011", "stale-ack", Severity::note, "Old pure ACK discarded by PAWS; harmless",
     "A segment without data, overtaken by newer ones, came too late and was discarded. Nothing is lost: it "
     "acknowledged nothing that a newer segment had not acknowledged before, opened no closed window and "
     "answered no probe.\n\n"
     "It is reported apart from TS001, so that reordering in the network is not mistaken for lost data. "
     "Linux 6.14 and later discard it silently and count PAWSOldAck; earlier ones answer with a duplicate "
     "ACK, at most one in 500 ms, and count PAWSEstab.\n\n"
     "Nothing to do, unless there are thousands; then look for reordering (several NIC queues, ECMP per "
     "packet).",
     "RFC 7323 section 5.3; net/ipv4/tcp_input.c: tcp_disordered_ack_check() (6.14+), "
     "tcp_disordered_ack(); SKB_DROP_REASON_TCP_RFC7323_PAWS_ACK"},

    {RuleId::offset_not_constant, "TS012", "offset-not-constant", Severity::error,
     "Timestamp rewriting that varies within a connection",
     "Something rewrites TSval on the path, but not by the same number for every segment of the "
     "connection. The receiver then sees a clock that goes back and forth, and PAWS discards whatever lies "
     "behind.\n\n"
     "The difference of TSval between the two capture points is taken for each segment that both have, "
     "modulo 2^32. One value for all segments of a direction is right, and so is 0 until it begins; with "
     "--table it must be the table's. tsaudit verify-offset compares, and the finding lists the frames that "
     "have another one.\n\n"
     "A rewriter must choose its offset once per connection and keep it across its own restart. Check that "
     "all packets of the flow pass through the same rule, and that retransmissions do too.",
     "RFC 7323 section 5.4; compare net/netfilter/nf_synproxy_core.c: synproxy_tstamp_adjust()"},

    {RuleId::offset_not_inverse, "TS013", "offset-not-inverse", Severity::error,
     "TSecr is not mapped back by the offset that was added to TSval",
     "Something adds an offset to the TSval of one direction but does not take the same offset off the "
     "TSecr that comes back. The sender then sees echoes of values that it never sent.\n\n"
     "For each pair of capture points, the offset of TSval in one direction is compared with the offset of "
     "TSecr in the other, modulo 2^32. A TSecr of 0 must stay 0.\n\n"
     "Apply the inverse to TSecr of every segment with the ACK bit. Without it Linux measures wrong "
     "round-trip times, may undo congestion control for no reason, and refuses handshakes (TS008).",
     "RFC 7323 sections 3.2 and 4.1; net/ipv4/tcp_input.c: tcp_rcv_rtt_measure_ts(), tcp_ack_update_rtt()"},

    {RuleId::not_timestamps, "TS014", "not-timestamps", Severity::note,
     "The flow stalled, and timestamps are not the cause",
     "The flow stood still, but PAWS let its segments through or never saw them. The finding names what "
     "the capture shows instead: a closed receive window, loss, an ICMP error (who sent it, and what it says "
     "of segments that were under way), a reset (and whether another host sent it, as one does that has the "
     "address before it has the connection), segments outside of the window, a restore with wrong sequence "
     "numbers, or an application that had nothing to send. It says so when segments still go to the link "
     "address that the other end had before it moved, by a neighbour entry that does not know yet. A capture "
     "of several points (two hosts, or all devices of a router) shows where segments came by that another "
     "point did not see: they got lost in between, unless that one did not capture any more.\n\n"
     "A stall lasts from the first time that the data were sent until they are acknowledged, a second at "
     "least, and they were sent again. The cause is given only where the verdicts of the stalled direction "
     "are known, with the frame that proves it. Where the capture cannot decide (the receiver answers each "
     "copy and takes none, say), it is TS016. Data that are sent again "
     "though the capture shows that they had been acknowledged are missing to nobody, unless the other "
     "side's data do not get through meanwhile, or the same are sent once more: then the ACKs got lost behind "
     "the capture, and the stall lasts from the first time to the last. A FIN that the other "
     "side, if it is in the capture, does not acknowledge counts once it has been sent three times, until a "
     "reset at the latest. A reset that closes is none: after a "
     "FIN of the same host, or one that acknowledges all the data.\n\n"
     "Leave the timestamps alone and follow the cause that is named.",
     "RFC 9293 sections 3.8.6 and 3.10.7.4; net/ipv4/tcp_timer.c: tcp_probe_timer(), "
     "tcp_retransmit_timer(); net/ipv4/tcp_input.c: tcp_sequence(); RFC 792; RFC 4443"},

    {RuleId::time_wait_reuse, "TS015", "time-wait-reuse", Severity::warning,
     "A closed connection was reopened with an older clock, or several clocks share an address",
     "A new SYN met an old TIME_WAIT socket with the same ports, and its TSval is not newer than the last "
     "one of the old connection; or two hosts answered one SYN, each with a sequence number and a clock of "
     "its "
     "own. Behind NAT, anycast and load balancers this happens. The SYN is not discarded for good, but the "
     "connection is late or fails.\n\n"
     "In TIME_WAIT the test has no grace of one tick, and even an RST with an old TSval is ignored for 60 "
     "seconds. TSvals of different connections are not compared: since Linux 4.10 each has an offset of its "
     "own, so they say nothing of the host.\n\n"
     "Widen the port range or let the NAT keep ports apart; do not enable tcp_tw_recycle on kernels that "
     "still have it (up to 4.11).",
     "RFC 6191; RFC 7323 appendix B; net/ipv4/tcp_minisocks.c: tcp_timewait_state_process()"},

    {RuleId::capture_incomplete, "TS016", "capture-incomplete", Severity::note,
     "The capture lacks segments that the verdict needs",
     "Segments were lost by the capturing program, cut short by the snapshot length, or seen in one "
     "direction only. What follows from the missing ones is not known, and tsaudit does not guess: "
     "verdicts become unknown, and evidence stays predicted.\n\n"
     "It is decided by acknowledgments of data that the capture does not have, by options cut off by the "
     "snapshot, by a side that never appears, and by a stall during which segments went by that could not be "
     "judged. The finding names what cannot be known because of it.\n\n"
     "Capture at the receiver, both directions, with at least 128 bytes a packet (tcpdump -s 128) and a "
     "larger buffer (tcpdump -B), before the migration starts.",
     "a property of the capture, not of TCP; compare \"packets dropped by kernel\" of tcpdump(1)"},

    // Of a gate: `tsaudit check` and `tsaudit compare`. The severities can be set in the policy
    // (docs/policy.md).
    {RuleId::flow_not_survived, "TS017", "flow-not-survived", Severity::error,
     "A flow that must survive did not, or is not there",
     "The policy names flows that have to live through the capture (survive), or the baseline of a "
     "comparison has a flow that the candidate lacks.\n\n"
     "A flow survives if each move of an endpoint is followed by new data that gets through, if it does "
     "not stand still at the end of the capture, and if it is not reset with data unacknowledged. It "
     "needs timestamps, because without them nothing is known of PAWS. A filter that matches fewer flows "
     "than its min_flows is this finding, too.\n\n"
     "Look at the other findings of the flow: they name the cause. If the flow is missing, look at the "
     "filter, and at the time at which the capture starts.",
     "the policy: survive, compare.missing_flow"},

    {RuleId::limit_exceeded, "TS018", "limit-exceeded", Severity::error,
     "A stall, a gap or a recovery took longer than the policy allows",
     "The policy sets a largest time for a stall whatever its cause (max_stall), for the silence of an "
     "endpoint while it moves (max_gap), or for the time from its first segment on the new host to the "
     "first new data that gets through (max_recovery).\n\n"
     "Stalls are those of TS002 and TS014, which begin at one second. A move after which nothing new gets "
     "through exceeds every max_recovery.\n\n"
     "Make the move faster, or allow it more time.",
     "the policy: limits"},

    {RuleId::offset_unexpected, "TS019", "offset-unexpected", Severity::error,
     "The offset that a moved endpoint needs is not the expected one",
     "The policy says which offset continues the clock of an endpoint that moved (expected_offset): 0 "
     "where its timestamps have been restored, or the entry of a tsoffset table where the capture was "
     "taken behind the module.\n\n"
     "It is held against the suggested offset of the move, within offset_tolerance ticks. A move whose "
     "offset cannot be measured is this finding as well, since it shows nothing.\n\n"
     "Restore TCP_TIMESTAMP, or correct the table.",
     "the policy: migrations.expected_offset"},

    {RuleId::migration_unexpected, "TS020", "migration-unexpected", Severity::error,
     "An endpoint moved that should not have, or not as often as it should",
     "The policy says how many times the endpoints of a flow move (count), and which of them may "
     "(endpoint). With survive filters this is asked of the flows that they match, otherwise of all flows "
     "with timestamps.\n\n"
     "A move is what TS006 reports; each has its signals and its confidence. A flow that did not move "
     "although it should have proves nothing about the migration under test.\n\n"
     "Was the flow open while the migration ran, and was the capture taken where the new host is seen? "
     "--cut FRAME tells tsaudit of a move that leaves no trace.",
     "the policy: migrations"},

    {RuleId::nothing_judged, "TS021", "nothing-judged", Severity::error, "Too little to be judged",
     "A gate is never green for having seen nothing: an empty capture, a filter that matches nothing, a "
     "connection without timestamps.\n\n"
     "It is decided by the numbers of flows and of segments with timestamps, against what the gate asks "
     "for (--min-flows, minimum.flows, minimum.ts_segments).\n\n"
     "Look at the capture: is it the right interface, the right time, the right filter? With --min-flows "
     "0, nothing is fine, too.",
     "the policy: minimum"},

    {RuleId::worse_than_baseline, "TS022", "worse-than-baseline", Severity::error,
     "A flow does worse than the same flow of the baseline",
     "Flows of the two captures are paired by the part they play: server, order of appearance, sizes of "
     "the first payloads, volume. Of each pair the dropped segments, the stall, the gap and the step of "
     "the clock at the move, the recovery, the retransmissions and the goodput are held against each "
     "other.\n\n"
     "A number is worse if it exceeds the baseline's by more than its slack and its percentage "
     "allow.\n\n"
     "See what else is new for the flow. If the number is within what you accept, widen its threshold.",
     "the policy: compare"},

    // Of a pair of captures: `tsaudit verify-offset`.
    {RuleId::packet_altered, "TS023", "packet-altered", Severity::error,
     "A segment changed in more than its timestamps and checksums",
     "The same segment, captured on both sides of what rewrites timestamps, differs in its data, its flags, "
     "its "
     "window, its other options or its IP header. A rewriter of timestamps has no business there.\n\n"
     "Everything from the IP header on is compared but for TSval, TSecr, checksums, TTL and lengths. Where "
     "one "
     "segment is several on the other side (TSO, GRO), IP ID and the flags of the parts are left out, and "
     "the data "
     "are compared as a whole.\n\n"
     "The finding names what differs. If it is the data, stop using the rewriter: the checksum was made to "
     "fit.",
     "RFC 7323 section 3.2; kmod/tsoff_rewrite.c"},

    {RuleId::checksum_broken, "TS024", "checksum-broken", Severity::error,
     "A checksum that was right on one side is wrong on the other",
     "The IPv4 header checksum or the TCP checksum of a segment is right in one capture and wrong in the "
     "other. "
     "The receiver discards such a segment without a word, and the flow loses it again with each "
     "retransmission.\n\n"
     "A checksum that holds the sum of the pseudo-header only is not wrong: the host left the rest to its "
     "NIC, "
     "which captures taken inside of a host show. One that is wrong on both sides is counted, not "
     "reported.\n\n"
     "Suspect the incremental update: RFC 1624, and CHECKSUM_PARTIAL, whose sum does not cover the option.",
     "RFC 1624; include/linux/skbuff.h: CHECKSUM_PARTIAL; net/core/utils.c: inet_proto_csum_replace4()"},

    {RuleId::packet_missing, "TS025", "packet-missing", Severity::error,
     "A segment is in one capture alone, though both were running",
     "A segment went in and did not come out, or came from nowhere. Either the path between the two capture "
     "points "
     "lost it, or a capture did.\n\n"
     "Segments are paired by sequence and acknowledgment number, length, flags, IP ID and data, whatever "
     "their order; "
     "retransmissions are kept apart. What was sent before the other capture began or after it ended is "
     "counted, "
     "not reported.\n\n"
     "Look at the drop counters of the box and of both captures. --allow-loss N takes so many for ordinary "
     "loss; "
     "--filter leaves out connections that do not pass both points, and those whose addresses are translated "
     "between them.",
     "a property of the two captures; compare \"packets dropped by kernel\" of tcpdump(1)"},
});

constexpr bool ids_are_in_order() {
  for (size_t i = 0; i < kRules.size(); ++i) {
    if (static_cast<size_t>(kRules[i].id) != i + 1) return false;
  }
  return true;
}
static_assert(ids_are_in_order(), "rule_info() indexes the table by id");

constexpr std::array<std::string_view, 4> kSeverityNames = {"none", "note", "warning", "error"};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::string_view to_string(Severity severity) { return kSeverityNames.at(static_cast<size_t>(severity)); }

std::optional<Severity> parse_severity(std::string_view text) {
  for (size_t i = 0; i < kSeverityNames.size(); ++i) {
    if (equal_ignoring_case(text, kSeverityNames[i])) return static_cast<Severity>(i);
  }
  return std::nullopt;
}

std::span<const RuleInfo> rule_table() { return kRules; }

const RuleInfo& rule_info(RuleId id) { return kRules.at(static_cast<size_t>(id) - 1); }

const RuleInfo* find_rule(std::string_view code_or_name) {
  const auto* found = std::ranges::find_if(kRules, [&](const RuleInfo& rule) {
    return equal_ignoring_case(rule.code, code_or_name) || equal_ignoring_case(rule.name, code_or_name);
  });
  return found == kRules.end() ? nullptr : found;
}

}  // namespace tsaudit

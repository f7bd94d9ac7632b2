// SPDX-License-Identifier: Apache-2.0
#include "truth.h"

#include <algorithm>

namespace lab {
namespace {

/// What has an skb's address is no TCP segment.
constexpr size_t kNoSegment = SIZE_MAX;

}  // namespace

std::string verdict(const TruthRecord& record) {
  static constexpr std::pair<const char*, const char*> kByCounter[] = {
      {"TSEcrRejected", "TCP_RFC7323_TSECR"},
      {"PAWSTimewait", "TCP_RFC7323_TW_PAWS"},
      {"PAWSOldAck", "TCP_RFC7323_PAWS_ACK"},
      {"PAWSEstab", "TCP_RFC7323_PAWS"},
      {"PAWSActive", "TCP_RFC7323_PAWS"},
      {"TCPSYNChallenge", "TCP_INVALID_SYN"},
      {"InCsumErrors", "TCP_CSUM"}};
  if (record.lost) return "never arrived";
  const bool silent = record.reason.empty() || record.reason == "NOT_SPECIFIED";
  if (silent)
    for (const auto& [counter, reason] : kByCounter)
      if (record.counters.contains(counter)) return reason;
  if (!record.freed) return "taken";
  return record.reason.empty() ? "NOT_SPECIFIED" : record.reason;
}

bool same_segment(const Segment& a, const Segment& b) {
  return a.src == b.src && a.dst == b.dst && a.seq == b.seq && a.ack == b.ack && a.flags == b.flags &&
         a.window == b.window && a.payload == b.payload && a.ts == b.ts;
}

void Truth::expect(const Segment& segment, const std::string& rule, uint32_t netns) {
  expected_.push_back({segment, rule, netns});
}

TruthRecord* Truth::arrived_alone(size_t since, const Segment& segment, uint32_t netns) {
  TruthRecord* alone = nullptr;
  for (size_t i = since; i < records_.size(); ++i) {
    if (records_[i].netns != netns) continue;
    if (alone) return nullptr;
    alone = &records_[i];
  }
  return alone && same_segment(alone->segment, segment) ? alone : nullptr;
}

void Truth::take(const lab_event& event) {
  switch (event.kind) {
    case LAB_ARRIVED:
      return arrived(event);
    case LAB_FREED:
      return freed(event);
    case LAB_STATE:
      if (const auto found = by_skb_.find(event.skb); found != by_skb_.end() && found->second != kNoSegment)
        records_[found->second].state = {event.ts_recent, event.ts_recent_stamp, event.rcv_nxt, event.rcv_wup,
                                         event.rcv_wnd,   event.snd_una,         event.snd_nxt, event.snd_wl1,
                                         event.snd_wnd,   event.rto_jiffies};
  }
}

void Truth::arrived(const lab_event& event) {
  // Whatever had this address before is gone, without a drop.
  by_skb_[event.skb] = kNoSegment;
  const auto segment = parse_ip_packet(event.header, event.length);
  if (!segment) return;
  TruthRecord record;
  record.netns = event.netns;
  record.segment = *segment;
  const auto wanted = std::find_if(expected_.begin(), expected_.end(), [&](const Expected& e) {
    return e.netns == event.netns && same_segment(e.segment, *segment);
  });
  if (wanted != expected_.end()) {
    record.rule = wanted->rule;
    expected_.erase(wanted);
  }
  by_skb_[event.skb] = records_.size();
  records_.push_back(std::move(record));
}

void Truth::freed(const lab_event& event) {
  const auto segment = parse_ip_packet(event.header, LAB_HEADER_BYTES);
  const auto found = by_skb_.find(event.skb);
  if (found == by_skb_.end()) {
    if (segment) ++unexplained_;
    return;
  }
  if (found->second == kNoSegment) return static_cast<void>(by_skb_.erase(found));
  TruthRecord& record = records_[found->second];
  // The address may have been given to another packet after a silent, that is successful, end of ours. A GSO
  // packet's IP length is of no use here, so the comparison leaves the payload out.
  const bool same = segment && segment->src == record.segment.src && segment->dst == record.segment.dst &&
                    segment->seq == record.segment.seq && segment->ts == record.segment.ts;
  by_skb_.erase(found);
  if (!same) return;
  // An established socket gives a reason with every refusal. Without one it is the end of a queue that had
  // taken the segment: the socket was closed before anybody read it.
  const std::string reason = events_.reason_name(event.reason);
  if (record.state && (reason == "NOT_SPECIFIED" || reason == "QUEUE_PURGE")) return;
  record.freed = true;
  record.reason = reason;
}

}  // namespace lab

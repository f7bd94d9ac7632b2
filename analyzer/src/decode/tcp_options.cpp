// SPDX-License-Identifier: Apache-2.0
// TCP options as Linux reads them (net/ipv4/tcp_input.c, tcp_parse_options): a length below 2 or beyond the
// header ends the walk; an option of the wrong length is stepped over; of several good ones the last counts.
// tcp_parse_aligned_timestamp, the kernel's short cut, gives the same for headers that have room for one
// TSopt.
#include "decode/tcp.h"

namespace tsaudit {
namespace {

enum Kind : uint8_t {
  kEnd = 0,
  kNop = 1,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamp = 8,
  kMptcp = 30
};
constexpr uint32_t kTimestampLength = 10;
constexpr uint8_t kMaxWindowScale = 14;  // RFC 7323 section 2.3

/// One option after the other. next() is false at the end of the list, whatever ended it.
class OptionWalk {
 public:
  enum class End : uint8_t { none, list, malformed, cut };

  OptionWalk(const uint8_t* options, uint32_t captured, uint32_t length)
      : at_(options), captured_(captured), length_(length) {}

  bool next() {
    step(size_);
    while (true) {
      if (length_ == 0) return stop(End::list);
      if (captured_ == 0) return stop(End::cut);
      kind_ = at_[0];
      if (kind_ == kEnd) return stop(End::list);
      if (kind_ != kNop) break;
      step(1);
    }
    if (length_ < 2) return stop(End::malformed);
    if (captured_ < 2) return stop(End::cut);
    size_ = at_[1];
    if (size_ < 2 || size_ > length_) return stop(End::malformed);
    if (size_ > captured_) return stop(End::cut);
    return true;
  }
  uint8_t kind() const { return kind_; }
  uint32_t size() const { return size_; }           ///< with kind and length byte
  const uint8_t* value() const { return at_ + 2; }  ///< size() - 2 bytes
  End end() const { return end_; }

 private:
  bool stop(End end) {
    end_ = end;
    return false;
  }
  void step(uint32_t bytes) {
    at_ += bytes;
    captured_ -= bytes;
    length_ -= bytes;
  }

  const uint8_t* at_;
  uint32_t captured_, length_;
  uint32_t size_ = 0;
  uint8_t kind_ = kEnd;
  End end_ = End::none;
};

bool is_sack(const OptionWalk& walk) {
  return walk.kind() == kSack && walk.size() >= 10 && (walk.size() - 2) % 8 == 0;
}

}  // namespace

void wire::parse_options(Segment& segment, const uint8_t* options, uint32_t captured,
                         uint32_t length) noexcept {
  fill_no_options(segment);
  const bool syn = segment.has(kSyn);
  bool bad_timestamp = false;
  OptionWalk walk(options, captured, length);
  while (walk.next()) {
    switch (walk.kind()) {
      case kTimestamp:
        if (walk.size() != kTimestampLength) {
          bad_timestamp = true;
          break;
        }
        segment.ts = segment.ts == TsOption::absent ? TsOption::present : TsOption::duplicated;
        segment.tsval = {be32(walk.value())};
        segment.tsecr = {be32(walk.value() + 4)};
        break;
      case kWindowScale:
        if (syn && walk.size() == 3) segment.window_scale = std::min(walk.value()[0], kMaxWindowScale);
        break;
      case kSackPermitted:
        if (syn && walk.size() == 2) segment.sack_permitted = true;
        break;
      case kMptcp:
        if (syn) segment.mptcp = true;
        break;
      case kSack:
        if (is_sack(walk)) segment.has_sack = true;
        break;
      default:
        break;
    }
  }
  segment.options_malformed = walk.end() == OptionWalk::End::malformed;
  if (segment.ts != TsOption::absent) return;
  bad_timestamp |= segment.options_malformed && walk.kind() == kTimestamp;
  if (bad_timestamp) segment.ts = TsOption::malformed;
  if (walk.end() == OptionWalk::End::cut) segment.ts = TsOption::cut;  // a good one may still follow
}

bool options_cut(const Segment& segment) noexcept {
  return segment.tcp_captured < (segment.tcp[12] >> 4) * 4u;
}

int sack_blocks(const Segment& segment, std::array<SackBlock, 4>& out) noexcept {
  if (!segment.has_sack) return 0;
  const uint32_t header = (segment.tcp[12] >> 4) * 4u;
  OptionWalk walk(segment.tcp + 20, std::min(segment.tcp_captured, header) - 20, header - 20);
  int count = 0;
  while (walk.next()) {
    if (!is_sack(walk)) continue;
    count = static_cast<int>((walk.size() - 2) / 8);  // 40 bytes of options hold four at most
    for (int i = 0; i < count; ++i)
      out[i] = {{wire::be32(walk.value() + 8 * i)}, {wire::be32(walk.value() + 8 * i + 4)}};
  }
  return count;
}

}  // namespace tsaudit

// SPDX-License-Identifier: Apache-2.0
// What is said of a frame, and where it waits until the copy comes to it.
#include <fmt/format.h>
#include <sys/types.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "tsaudit/annotate.h"
#include "tsaudit/segment.h"
#include "tsaudit/temporary_file.h"

namespace tsaudit {

struct FrameComments::Store {
  struct Entry {
    uint64_t frame;
    uint64_t at;
    RuleId rule;
  };
  TemporaryFile texts = temporary_file();
  std::vector<Entry> entries;
  std::map<uint64_t, RuleId> settled;
  uint64_t end = 0;
};

FrameComments::FrameComments() : store_(std::make_unique<Store>()) {}
FrameComments::~FrameComments() = default;
FrameComments::FrameComments(FrameComments&&) noexcept = default;
FrameComments& FrameComments::operator=(FrameComments&&) noexcept = default;

void FrameComments::add(uint64_t frame, RuleId rule, std::string_view text) {
  const auto length = static_cast<uint16_t>(std::min<size_t>(text.size(), 4000));
  store_->entries.push_back({frame, store_->end, rule});
  const bool arrived = std::fwrite(&length, sizeof length, 1, store_->texts.get()) == 1 &&
                       std::fwrite(text.data(), 1, length, store_->texts.get()) == length;
  if (!arrived) throw std::runtime_error("cannot write a temporary file for comments");
  store_->end += sizeof length + length;
}

void FrameComments::settle(uint64_t frame, RuleId rule) { store_->settled[frame] = rule; }

void FrameComments::sort() {
  for (Store::Entry& entry : store_->entries) {
    if (entry.rule != RuleId::paws_drop && entry.rule != RuleId::stale_ack) continue;
    const auto found = store_->settled.find(entry.frame);
    if (found != store_->settled.end()) entry.rule = found->second;
  }
  std::ranges::stable_sort(store_->entries, {}, &Store::Entry::frame);
  if (std::fflush(store_->texts.get()) != 0)
    throw std::runtime_error("cannot write a temporary file for comments");
}

size_t FrameComments::size() const { return store_->entries.size(); }
uint64_t FrameComments::frame(size_t index) const { return store_->entries[index].frame; }

std::string FrameComments::text(size_t index) const {
  uint16_t length = 0;
  if (fseeko(store_->texts.get(), static_cast<off_t>(store_->entries[index].at), SEEK_SET) != 0 ||
      std::fread(&length, sizeof length, 1, store_->texts.get()) != 1)
    throw std::runtime_error("cannot read the temporary file of comments");
  std::string text(length, '\0');
  if (std::fread(text.data(), 1, length, store_->texts.get()) != length)
    throw std::runtime_error("cannot read the temporary file of comments");
  const RuleInfo& rule = rule_info(store_->entries[index].rule);
  return fmt::format("tsaudit {} {}: {}", rule.code, rule.name, text);
}

void CommentingSink::segment(const SegmentRow& row) {
  if (row.verdict != Verdict::drop || !is_paws(row.reason)) return;
  std::string text = fmt::format("the {} discards it, {}", to_string(other(row.from)), to_string(row.reason));
  if (row.ts_recent_known && row.has_ts)
    text += fmt::format("; TSval {} is {} behind TS.Recent {}", row.tsval.raw, -int64_t{row.delta},
                        row.ts_recent.raw);
  text += fmt::format("; {}", to_string(row.evidence));
  const char* word = " by frame";
  for (const uint64_t frame : row.evidence_frames) {
    if (frame == 0) continue;
    text += fmt::format("{} {}", word, frame);
    word = ",";
  }
  // Whether an ACK was news to the receiver only the findings tell, which come later.
  const bool has_data = row.length != 0 || (row.flags & (kSyn | kFin)) != 0;
  comments_.add(row.frame, has_data ? RuleId::paws_drop : RuleId::stale_ack, text);
}

void CommentingSink::flow(FlowReport&& flow) {
  for (const Finding& finding : flow.findings) {
    if (finding.rule == RuleId::paws_drop || finding.rule == RuleId::stale_ack) {  // said row by row
      for (const uint64_t frame : finding.frames) comments_.settle(frame, finding.rule);
      continue;
    }
    std::string whose;
    if (finding.from)
      whose = fmt::format(", {} -> {}", to_string(*finding.from), to_string(other(*finding.from)));
    const std::string text = fmt::format("{} (flow {}{})", finding.message, finding.flow, whose);
    for (const uint64_t frame : finding.frames) comments_.add(frame, finding.rule, text);
    frames_left_out_ += finding.frame_count - std::min<uint64_t>(finding.frame_count, finding.frames.size());
  }
}

std::string display_filter(const FrameComments& comments, size_t max_ranges, uint64_t& left_out) {
  std::string text;
  size_t ranges = 0;
  left_out = 0;
  for (size_t i = 0; i < comments.size();) {
    const uint64_t first = comments.frame(i);
    uint64_t last = first;
    for (; i < comments.size() && comments.frame(i) <= last + 1; ++i) last = comments.frame(i);
    if (++ranges > max_ranges) {
      left_out += last - first + 1;
      continue;
    }
    text += text.empty() ? "frame.number in {" : ", ";
    text += first == last ? fmt::format("{}", first) : fmt::format("{}..{}", first, last);
  }
  return text.empty() ? text : text + "}";
}

}  // namespace tsaudit

// SPDX-License-Identifier: Apache-2.0
// A capture with comments on some of its packets, for Wireshark.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tsaudit/analysis.h"
#include "tsaudit/error.h"

namespace tsaudit {

/// What is to be said of which frame. In any order; a frame may have several. Texts wait in an unlinked
/// temporary file; memory is 24 bytes a comment.
class FrameComments {
 public:
  FrameComments();
  ~FrameComments();
  FrameComments(FrameComments&&) noexcept;
  FrameComments& operator=(FrameComments&&) noexcept;

  /// `text` is what comes after "tsaudit TS001 paws-drop: ". Throws std::runtime_error when the temporary
  /// file cannot be written.
  void add(uint64_t frame, RuleId rule, std::string_view text);
  /// Whatever was or will be said of a discarded segment in this frame is of this rule.
  void settle(uint64_t frame, RuleId rule);
  /// By frame, and for one frame in the order in which they were added. No add() after it.
  void sort();
  size_t size() const;
  uint64_t frame(size_t index) const;
  std::string text(size_t index) const;  ///< the whole comment

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

/// Turns an analysis into comments: each discarded segment, and the frames of every other finding.
class CommentingSink : public Sink {
 public:
  explicit CommentingSink(FrameComments& comments) : comments_(comments) {}
  bool wants_segments() const override { return true; }
  void segment(const SegmentRow& row) override;
  void flow(FlowReport&& flow) override;
  /// Frames of findings that name more than Finding::kMaxFrames: these have no comment.
  uint64_t frames_left_out() const { return frames_left_out_; }

 private:
  FrameComments& comments_;
  uint64_t frames_left_out_ = 0;
};

struct AnnotateResult {
  uint64_t frames = 0;                ///< with a comment
  uint64_t cannot_hold = 0;           ///< simple packet blocks, which have no place for one: left as they are
  bool converted = false;             ///< the input was no pcapng
  std::vector<CaptureInfo> captures;  ///< as read for the copy
};

/// Copies the capture at `path` to `out` as pcapng. A pcapng is copied byte for byte, but for the comments
/// and the lengths that they change; a section length that is stated and cannot be mended, `out` being a
/// pipe, becomes "not stated". Other formats are converted, packets byte for byte.
Result<AnnotateResult> annotate(const std::string& path, const FrameComments& comments, std::FILE* out);

/// "frame.number in {3, 7..9}", with at most `max_ranges` ranges; `left_out` is how many frames it lacks.
std::string display_filter(const FrameComments& comments, size_t max_ranges, uint64_t& left_out);

}  // namespace tsaudit

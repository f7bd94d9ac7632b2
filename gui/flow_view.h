// SPDX-License-Identifier: GPL-3.0-or-later
// One flow made ready for plots and the segment table: mod-2^32 numbers unwrapped, one series a quantity.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "capture_store.h"
#include "tsaudit/series.h"

namespace tsaudit::gui {

/// What a segment is marked with in the plots.
enum class MarkKind : uint8_t {
  paws,       ///< data, FIN or SYN discarded because of its timestamp
  stale_ack,  ///< pure ACK discarded because of its timestamp
  other,      ///< discarded by another test
  unknown,    ///< the capture allows both
};
inline constexpr size_t kMarkKinds = 4;
std::optional<MarkKind> mark_of(const LogRow& row);

/// A segment with a TSval so long after the last one that was not refused that a receiver may let any pass.
struct Silence {
  uint32_t sample = 0;
  TimeNs since_ns = 0;
};

/// The segments that one side sent. Series run over `times`; those named `other_` are about the other side's
/// numbers, which this side's segments carry back.
struct Track {
  SharedArray<uint32_t> rows;  ///< of the store, in order of time
  SharedArray<TimeNs> times;
  Series tsval;        ///< unwrapped: equal to the raw value at first, then without wraps
  Series ts_recent;    ///< of the receiver before the segment, on the same scale
  Series residual;     ///< seconds that TSval is ahead of the sender's fitted clock
  Series seq;          ///< end of the segment, bytes since the first
  Series other_tsecr;  ///< TSecr on the scale of the other side's tsval
  Series other_ack;    ///< ACK on the scale of the other side's seq
  Series other_rtt;    ///< seconds from the other side's TSval at the capture point to its first echo
  std::array<SharedArray<uint32_t>, kMarkKinds> marks;  ///< indices of samples
  SharedArray<uint32_t> unset;                          ///< samples whose receiver held no TS.Recent
  SharedArray<Silence> silences;                        ///< in order
  double hz = 0;             ///< of the clock that residual is against; 0: not known
  bool hz_is_guess = false;  ///< measured here, because the report has none (yet)
};

/// A flow as a FlowFollower had it. It does not change any more.
class FlowView {
 public:
  /// All that is there of it now. nullptr when `stop` was set meanwhile.
  static std::shared_ptr<const FlowView> build(std::shared_ptr<const CaptureStore> store, uint64_t id,
                                               const std::atomic<bool>* stop = nullptr);

  uint64_t id() const { return id_; }
  const CaptureStore& store() const { return *store_; }
  /// nullptr: it has not come yet, or says no more than summary().
  const std::shared_ptr<const FlowReport>& report() const { return report_; }
  /// The analysis is done with it.
  bool judged() const { return !summary_.empty(); }
  const Track& track(Side side) const { return tracks_[static_cast<size_t>(side)]; }
  /// All rows of the flow, in order of frames.
  const SharedArray<uint32_t>& rows() const { return rows_; }
  const LogRow& row(size_t index) const { return store_->row(rows_[index]); }
  /// Position in rows() of a frame; rows().size() if it is none of this flow's.
  size_t position_of_frame(uint64_t frame) const;
  /// The segment nearest in time, of that side or of both.
  std::optional<size_t> nearest(TimeNs time, std::optional<Side> side = {}) const;
  TimeNs first_ns() const { return first_ns_; }
  TimeNs last_ns() const { return last_ns_; }
  const Endpoint& client() const { return client_; }
  const Endpoint& server() const { return server_; }
  const std::string& summary() const { return summary_; }
  Severity worst() const { return worst_; }
  /// The direction that a user wants to see first: the one that lost most, else that of who sent more
  /// timestamps.
  Side interesting_side() const;
  size_t bytes() const;

 private:
  friend class FlowFollower;
  FlowView() = default;
  /// `hz`: by the report; 0: not known (yet).
  void fit_clock(Side side, double hz);

  uint64_t id_ = 0;
  std::shared_ptr<const CaptureStore> store_;
  std::shared_ptr<const FlowReport> report_;
  SharedArray<uint32_t> rows_;
  std::array<Track, 2> tracks_;
  TimeNs first_ns_ = 0, last_ns_ = 0;
  Endpoint client_, server_;
  std::string summary_;
  Severity worst_ = Severity::none;
};

}  // namespace tsaudit::gui

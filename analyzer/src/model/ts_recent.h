// SPDX-License-Identifier: Apache-2.0
// TS.Recent of one receiver as far as a capture can know it: every value that it may hold now.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tsaudit/types.h"

namespace tsaudit {

/// Values stand in the order in which they were stored. A TSecr of the receiver removes what it refutes. When
/// more values are possible than fit, those between their neighbours go first, and the set becomes an
/// interval: whatever lies between a value and the next one is possible, too.
class TsRecentSet {
 public:
  static constexpr unsigned kCapacity = 4;
  enum class Echo : uint8_t {
    unknown,   ///< nothing was known before
    exact,     ///< the one value that was possible
    possible,  ///< one of several
    older,     ///< before everything possible
    unseen,    ///< after everything possible, or between the values
  };

  bool known() const { return count_ != 0; }
  bool exact() const { return count_ == 1; }
  bool interval() const { return interval_; }
  unsigned size() const { return count_; }
  TsVal operator[](unsigned i) const { return {values_[i]}; }
  TsVal front() const { return {values_[0]}; }
  TsVal back() const { return {values_[count_ - 1]}; }

  /// The last, unless it lies before another one: TS.Recent seldom goes back.
  TsVal likeliest() const {
    TsVal best = back();
    for (unsigned i = 0; falls_ && i < count_; ++i)
      if (after(TsVal{values_[i]}, best)) best = {values_[i]};
    return best;
  }

  /// Is `value` at or after everything possible?
  bool none_after(TsVal value) const { return !falls_ && !before(value, front()) && !before(value, back()); }

  /// The receiver has said so itself: it echoed back() since that was stored.
  bool echoed() const { return echoed_; }

  /// It is a TSval that the capture has not shown, or was when the receiver echoed it last.
  bool unseen() const { return unseen_; }

  bool may_hold(TsVal value) const { return place_of(value) < count_; }

  /// When it was last stored: not before oldest_store(), not after newest_store().
  TimeNs newest_store() const { return newest_ns_; }
  TimeNs oldest_store() const { return newest_ns_ - int64_t{spread_ms_} * kMillisecond; }

  /// The sender had not said the value before `time`.
  void not_stored_before(TimeNs time) { spread_ms_ = std::min(spread_ms_, to_ms(newest_ns_ - time)); }

  /// The receiver certainly stored `value` at `now`.
  void store(TsVal value, TimeNs now) {
    values_[0] = value.raw;
    count_ = 1;
    interval_ = doubtful_ = echoed_ = falls_ = unseen_ = false;
    newest_ns_ = now;
    spread_ms_ = 0;
  }

  /// The receiver may have stored `value` at `now`. `doubtful`: not even time will tell whether it did.
  [[gnu::always_inline]] void may_store(TsVal value, TimeNs now, bool doubtful = false) {
    doubtful_ = doubtful_ || doubtful;
    widen(now);
    newest_ns_ = now;
    if (value == back()) return;
    echoed_ = false;
    falls_ = falls_ || before(value, back());
    if (count_ < kCapacity)
      values_[count_++] = value.raw;  // the ordinary packet comes here
    else
      insert(value, count_);
  }

  /// The receiver echoed `value`, which was stored before anything that the capture shows of its sender: what
  /// came later may still be on its way.
  void precede(TsVal value, TimeNs now) {
    unsigned kept = 0;
    while (kept < count_ && !before(value, TsVal{values_[kept]})) ++kept;
    widen(now);
    std::copy(values_ + kept, values_ + count_, values_);
    count_ = static_cast<uint8_t>(count_ - kept);
    interval_ = interval_ && count_ > 0;
    unseen_ = false;
    insert(value, 0);
  }

  /// On their way to the receiver are values up to `value`, and nothing tells which of them it will store.
  void may_reach(TsVal value) {
    if (value == back()) return;
    echoed_ = false;
    values_[1] = value.raw;
    count_ = 2;
    interval_ = doubtful_ = true;
  }

  /// Time will not tell which of the values it is: that the receiver got the last one is not certain.
  void doubt() { doubtful_ = count_ > 1; }

  /// The receiver echoed `value`, and what was thought possible is wrong.
  void replace(TsVal value, TimeNs now) {
    only(value);
    widen(now);
    newest_ns_ = now;
  }
  /// The same, and the capture has not shown `value`.
  void replace_unseen(TsVal value, TimeNs now) {
    replace(value, now);
    unseen_ = true;
  }

  /// The receiver echoed `value`, and refused what came later: nothing else is possible.
  void only(TsVal value) {
    values_[0] = value.raw;
    count_ = 1;
    interval_ = doubtful_ = falls_ = unseen_ = false;
    echoed_ = true;
  }

  /// What was possible long enough ago has happened: only the last value remains.
  void settle() {
    if (doubtful_) return;
    values_[0] = back().raw;
    unseen_ = unseen_ && count_ == 1;
    count_ = 1;
    interval_ = falls_ = false;
  }

  /// The receiver echoed `value`. Everything stored before it is refuted; `all_arrived`: so is what came
  /// after it, because the receiver has acknowledged those segments and still echoes `value`. `older` and
  /// `unseen` leave the set as it was: see precede() and replace().
  Echo anchor(TsVal value, TimeNs not_before, TimeNs now, bool all_arrived) {
    if (count_ == 1 && values_[0] == value.raw) {
      echoed_ = true;
      return Echo::exact;
    }
    return anchor_slow(value, not_before, now, all_arrived);
  }

 private:
  Echo anchor_slow(TsVal value, TimeNs not_before, TimeNs now, bool all_arrived) {
    if (count_ == 0) {
      store(value, now);
      // Stored at some time before the capture saw the echo: nobody knows when.
      spread_ms_ = UINT32_MAX;
      echoed_ = true;
      return Echo::unknown;
    }
    const unsigned at = place_of(value);
    if (at == count_) return before(value, front()) ? Echo::older : Echo::unseen;
    unseen_ = unseen_ && values_[at] == value.raw;
    values_[at] = value.raw;
    const Echo echo = count_ == 1 ? Echo::exact : Echo::possible;
    if (at > 0) {
      // It was another value at the last echo, so the store came after that.
      spread_ms_ = std::min(spread_ms_, to_ms(newest_ns_ - not_before));
      std::copy(values_ + at, values_ + count_, values_);
      count_ = static_cast<uint8_t>(count_ - at);
      unseen_ = false;
    }
    if (all_arrived) count_ = 1;
    if (count_ == 1) interval_ = doubtful_ = falls_ = false;
    echoed_ = back() == value;
    return echo;
  }

  /// Index of the value, or of the one that it lies behind in an interval; count_: not possible.
  unsigned place_of(TsVal value) const {
    unsigned at = 0;
    while (at < count_ && values_[at] != value.raw) ++at;
    if (at < count_ || !interval_) return at;
    at = 0;
    while (at < count_ && !(at + 1 < count_ && lies_between(value.raw, values_[at], values_[at + 1]))) ++at;
    return at;
  }

  static bool lies_between(uint32_t value, uint32_t first, uint32_t last) {
    return after(TsVal{value}, TsVal{first}) && before(TsVal{value}, TsVal{last});
  }

  /// When it is full, one goes that lies between its neighbours, so that a value far off stays.
  void insert(TsVal value, unsigned at) {
    uint32_t all[kCapacity + 1];
    std::copy(values_, values_ + at, all);
    all[at] = value.raw;
    std::copy(values_ + at, values_ + count_, all + at + 1);
    unsigned count = count_ + 1u;
    if (count > kCapacity) {
      unsigned gone = 1;
      while (gone < kCapacity && !lies_between(all[gone], all[gone - 1], all[gone + 1])) ++gone;
      if (gone == kCapacity) gone = 1;
      std::copy(all + gone + 1, all + count, all + gone);
      --count;
      interval_ = true;
    }
    std::copy(all, all + count, values_);
    count_ = static_cast<uint8_t>(count);
  }

  static uint32_t to_ms(int64_t ns) {
    return static_cast<uint32_t>(std::clamp<int64_t>(ns / kMillisecond, 0, UINT32_MAX));
  }
  void widen(TimeNs now) { spread_ms_ = to_ms(now - oldest_store()); }

  TimeNs newest_ns_ = 0;
  uint32_t values_[kCapacity] = {};
  uint32_t spread_ms_ = 0;
  uint8_t count_ = 0;
  bool interval_ : 1 = false;
  bool doubtful_ : 1 = false;
  bool echoed_ : 1 = false;
  bool unseen_ : 1 = false;  ///< see unseen(), of values_[0]
  bool falls_ : 1 = false;  ///< a value came after a later one
};

}  // namespace tsaudit

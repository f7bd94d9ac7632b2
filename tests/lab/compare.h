// SPDX-License-Identifier: Apache-2.0
// tsaudit's answers against the kernel's truth, segment by segment. The two are joined by the frame number
// that the rig wrote beside each segment, and the headers of both are compared again here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lab {

struct RowTally {
  uint64_t tried = 0;
  uint64_t agreed = 0;
  uint64_t unknown = 0;      ///< tsaudit says that it cannot know
  uint64_t wrong_drops = 0;  ///< said to be discarded, and was taken
};

struct Mismatch {
  std::string rule;       ///< that the segment was sent for, if any
  bool in_order = false;  ///< it met the state that the capture shows
  std::string kernel, tsaudit;
  std::string history;  ///< the connection's packets up to the segment
};

struct Comparison {
  std::string kernel;   ///< release that gave the truth
  std::string vantage;  ///< where the capture was taken
  std::string at;       ///< whose verdicts these are
  std::string profile;  ///< that tsaudit was told to use; empty: auto
  bool changed = false;  ///< the capture was, since: it does not show what the receiver got
  std::map<std::string, RowTally>
      rows;  ///< by row of the receiver's decision table; "12" is TS.Recent itself
  std::map<std::string, uint64_t> later_drops;  ///< kernel reasons after the tests that tsaudit models
  uint64_t without_verdict = 0;  ///< the kernel gives none (mini sockets free everything as NOT_SPECIFIED)
  uint64_t without_frame = 0;    ///< segments of the truth that the capture does not have
  uint64_t window_unseen = 0;    ///< refused behind a window that was taken back before an ACK could say so
  uint64_t in_order = 0;         ///< segments that met the state which the capture shows: see LineOrder
  uint64_t wrong_in_order = 0;   ///< of the wrong drops, those that did
  uint64_t wrong_confirmed = 0;  ///< and those that are said to be confirmed
  std::vector<Mismatch> mismatches;

  void add(const Comparison& other);
  RowTally total() const;  ///< without row 12, and without what was lost before it could be judged
  /// What must hold. At the receiver every verdict is right. In front of it no discard is wrong of what met
  /// the state that the capture shows, fewer than one in 1000 of all (it is about 1 in 10,000 of a bad line:
  /// nothing in the capture tells what it changed), and fewer than 2 % are unknown. Of a changed capture all
  /// may be in another order: fewer than one discard in 1000 is wrong, and fewer than 5 % are unknown.
  bool passes() const;
};

struct CompareInput {
  std::string truth;    ///< truth.ndjson; the captures stand beside it
  std::string vantage;  ///< its name in the truth: "peer", "middle", "old-host", "new-host"; or "all" as one
  std::string profile;      ///< "": the profile of the truth's kernel; "auto": tsaudit's own choice
  std::string at = "peer";  ///< receivers to judge: those of this host, by the name of its capture
  bool changed = false;     ///< Comparison::changed
  bool told =
      false;  ///< tsaudit is told that the capture was not taken on the receiver, instead of estimating it
};
/// Throws when a file cannot be read or when a joined segment's headers differ.
Comparison compare(const CompareInput& input);

/// A line for each row and a column for each kernel: agreed/tried, and how many tsaudit could not know.
std::string table(const std::vector<Comparison>& comparisons);
/// Rows of the decision table that nothing was tried of, with the reason if there is one.
std::string empty_rows(const Comparison& comparison);
/// One line: what was judged from this vantage, and whether it passes.
std::string verdict_line(const Comparison& comparison);
/// What the table has no place for, and the first mismatches.
std::string details(const Comparison& comparison, size_t mismatches);

}  // namespace lab

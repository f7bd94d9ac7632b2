// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// What tsaudit suggests for the connections that moved within a capture.
#pragma once

#include <string>
#include <vector>

#include "entry.h"

namespace tsoffset {

struct CaptureAdvice {
  std::vector<Entry> entries;         // connections that moved, by first frame: local is the end that did
  std::vector<std::string> warnings;  // one line each: what was left out, and where the capture ended early
};

// Reads a capture file ("-": standard input) as tsaudit does. The offset of an entry continues the old clock
// of the end that moved; rate_was and rate_now are set if both clocks were measured. An end that moved more
// than once gets what its last move needs; one that loses nothing by its new clock gets no entry. Throws UsageError
// if the file cannot be read at all.
CaptureAdvice advice_of_capture(const std::string& path);

}  // namespace tsoffset

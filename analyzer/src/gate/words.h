// SPDX-License-Identifier: Apache-2.0
// Numbers with their units, as the gate's own findings and policies write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tsaudit/compare.h"

namespace tsaudit {

/// "250 ms", "1.5 s": exact, so that parse_duration() gives the same back.
std::string duration_words(int64_t ns);
/// A number, a unit (ns, us, ms, s, min, h) and nothing else; not negative. Nothing for what is no duration,
/// or does not fit, or is finer than a nanosecond.
std::optional<int64_t> parse_duration(std::string_view text);
/// "8 segments dropped", "a gap of 31 ms", "no recovery": the number with what it is.
std::string metric_words(Metric metric, const std::optional<double>& value);
/// "1 flow", "2 flows", "no flow".
std::string count_words(uint64_t count, std::string_view noun);

}  // namespace tsaudit

// SPDX-License-Identifier: Apache-2.0
#include "gate/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace tsaudit {
namespace {

constexpr auto kUnits = std::to_array<std::pair<std::string_view, int64_t>>({{"ns", 1},
                                                                             {"us", 1'000},
                                                                             {"ms", 1'000'000},
                                                                             {"s", 1'000'000'000},
                                                                             {"min", 60'000'000'000},
                                                                             {"h", 3'600'000'000'000}});

}  // namespace

std::string duration_words(int64_t ns) {
  if (ns == 0) return "0 s";
  // The largest unit, up to the second, that keeps the number at one or above.
  size_t unit = 0;
  while (unit < 3 && ns >= kUnits[unit + 1].second) ++unit;
  const int64_t scale = kUnits[unit].second;
  std::string digits = fmt::format("{}", ns / scale);
  if (ns % scale != 0) {
    const size_t places = fmt::format("{}", scale).size() - 1;
    digits += fmt::format(".{:0{}}", ns % scale, places);
    digits.erase(digits.find_last_not_of('0') + 1);
  }
  return fmt::format("{} {}", digits, kUnits[unit].first);
}

std::optional<int64_t> parse_duration(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view number = text.substr(0, digits), unit = text.substr(digits);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  int64_t scale = 0;
  for (const auto& [name, ns] : kUnits) {
    if (name == unit) scale = ns;
  }
  if (scale == 0 || number.empty()) return std::nullopt;
  const size_t point = std::min(number.find('.'), number.size());
  const std::string_view whole = number.substr(0, point);
  std::string_view part = point < number.size() ? number.substr(point + 1) : std::string_view();
  if (whole.empty() || part.find('.') != std::string_view::npos || (point < number.size() && part.empty())) {
    return std::nullopt;
  }
  int64_t ns = 0;
  for (const char c : whole) {
    if (__builtin_mul_overflow(ns, int64_t{10}, &ns) || __builtin_add_overflow(ns, int64_t{c - '0'}, &ns)) {
      return std::nullopt;
    }
  }
  if (__builtin_mul_overflow(ns, scale, &ns)) return std::nullopt;
  for (const char c : part) {
    if (c != '0' && (scale < 10 || scale % 10 != 0)) return std::nullopt;
    scale /= 10;
    if (__builtin_add_overflow(ns, scale * (c - '0'), &ns)) return std::nullopt;
  }
  return ns;
}

std::string metric_words(Metric metric, const std::optional<double>& value) {
  if (!value) return "nothing";
  // To three digits: what is finer is chance.
  const auto time = [&] {
    auto ns = static_cast<int64_t>(*value);
    int64_t unit = 1;
    while (ns / unit >= 1000) unit *= 10;
    return duration_words(ns / unit * unit);
  };
  switch (metric) {
    case Metric::dropped:
      return fmt::format("{:.0f} dropped", *value);
    case Metric::stall:
      return fmt::format("stalled for {}", time());
    case Metric::gap:
      return fmt::format("a gap of {}", time());
    case Metric::tsval_step:
      return fmt::format("a TSval step of {:+.0f} ticks", *value);
    case Metric::retransmissions:
      return fmt::format("{:.0f} retransmissions", *value);
    case Metric::goodput_before:
      return fmt::format("{:.0f} bytes/s before the move", *value);
    case Metric::goodput_after:
      return fmt::format("{:.0f} bytes/s after the move", *value);
    case Metric::recovery:
      return std::isinf(*value) ? "no recovery" : fmt::format("recovered after {}", time());
  }
  return "";
}

std::string count_words(uint64_t count, std::string_view noun) {
  if (count == 0) return fmt::format("no {}", noun);
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace tsaudit

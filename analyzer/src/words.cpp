// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/words.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "tsaudit/types.h"

namespace tsaudit {

std::string grouped(uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string grouped(int64_t number) {
  if (number >= 0) return grouped(static_cast<uint64_t>(number));
  return fmt::format("-{}", grouped(0 - static_cast<uint64_t>(number)));
}

std::string counted(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

std::string duration_text(int64_t ns, int digits) {
  if (ns < 0) return fmt::format("-{}", duration_text(ns == INT64_MIN ? INT64_MAX : -ns, digits));
  if (ns == 0) return "0 s";
  const auto seconds = static_cast<double>(ns) / 1e9;
  // What is rounded up to the next unit is said in that.
  const double below_next = 1000 * (1 - std::pow(10, -digits) / 2);
  for (const auto& [name, scale] : {std::pair("ns", 1e9), {"us", 1e6}, {"ms", 1e3}})
    if (seconds * scale < below_next) return fmt::format("{:.{}g} {}", seconds * scale, digits, name);
  if (seconds < 119.5) return fmt::format("{:.{}g} s", seconds, digits);
  const auto rounded = [&](int64_t unit) { return std::llround(seconds / static_cast<double>(unit)); };
  constexpr int64_t kMinute = 60, kHour = 3600, kDay = 24;  // s, s, h
  if (rounded(1) < 2 * kHour) return fmt::format("{} min {} s", rounded(1) / kMinute, rounded(1) % kMinute);
  if (rounded(kMinute) < 2 * kDay * kMinute)
    return fmt::format("{} h {} min", rounded(kMinute) / kMinute, rounded(kMinute) % kMinute);
  return fmt::format("{} d {} h", rounded(kHour) / kDay, rounded(kHour) % kDay);
}

}  // namespace tsaudit

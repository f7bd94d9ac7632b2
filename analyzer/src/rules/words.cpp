// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdlib>

#include "rules/findings.h"

namespace tsaudit {

std::string_view named(Side side) { return side == Side::client ? "the client" : "the server"; }

std::string with_commas(int64_t number) {
  std::string digits =
      fmt::format("{}", number < 0 ? -static_cast<uint64_t>(number) : static_cast<uint64_t>(number));
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), 1, ',');
  return number < 0 ? "-" + digits : digits;
}

std::string duration_text(int64_t ns) {
  const double seconds = static_cast<double>(ns) / 1e9;
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds < 2 * 86400) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.1f} days", seconds / 86400);
}

}  // namespace tsaudit

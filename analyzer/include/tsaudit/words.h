// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them. Every report, finding and window writes them the same way.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace tsaudit {

/// "4,003,200", "-12".
std::string grouped(int64_t number);
std::string grouped(uint64_t number);
template <std::integral Number>
std::string grouped(Number number) {
  using Widest = std::conditional_t<std::is_signed_v<Number>, int64_t, uint64_t>;
  return grouped(static_cast<Widest>(number));
}

/// "1 flow", "41 flows".
std::string counted(uint64_t count, std::string_view noun);

/// "0 s", "250 us", "33.2 s", "15 min 26 s", "2 d 3 h": rounded, to so many digits below two minutes.
std::string duration_text(int64_t ns, int digits = 3);

}  // namespace tsaudit

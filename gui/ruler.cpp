// SPDX-License-Identifier: GPL-3.0-or-later
#include "ruler.h"

#include <fmt/format.h>

#include <cmath>

#include "axis_text.h"

namespace tsaudit::gui {
namespace {

constexpr int kDigits = 6;  ///< a pixel tells no more

}  // namespace

std::string ruler_text(const Ruler& ruler, const PlotContent& content) {
  const TimeNs time = ruler.to_ns - ruler.from_ns;
  const double value = ruler.to - ruler.from;
  const bool ticks = content.kind == PlotKind::clock;
  std::string text = fmt::format("\u0394T {}{}", time < 0 ? "\u2212" : "", duration_text(std::abs(time), kDigits));
  text += ticks ? fmt::format("   \u0394TSval {}", signed_grouped(std::llround(value)))
                : fmt::format("   \u0394 {}{} {}", value > 0 ? "+" : "", rounded_number(value, kDigits),
                              content.unit);
  if (time == 0) return text;
  const std::string rate = rounded_number(value / (static_cast<double>(time) / 1e9), kDigits);
  return text + (ticks ? fmt::format("   {} Hz", rate) : fmt::format("   {} {}/s", rate, content.unit));
}

}  // namespace tsaudit::gui

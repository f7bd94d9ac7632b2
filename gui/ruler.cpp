// SPDX-License-Identifier: GPL-3.0-or-later
#include "ruler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "axis_text.h"

namespace tsaudit::gui {
namespace {

constexpr int kDigits = 6;            ///< a pixel tells no more
constexpr double kMostGrouped = 1e15;  ///< beyond, nobody counts the groups

/// As numbers stand on the axes, so that the two can be compared.
std::string number(double value) {
  const double size = std::abs(value);
  const std::string sign = value < 0 ? "\u2212" : "";
  if (size >= kMostGrouped) return sign + fmt::format("{:.{}g}", size, kDigits);
  const int before_point = size > 0 ? static_cast<int>(std::floor(std::log10(size))) + 1 : 1;
  std::string text = axis_number(size, std::pow(10, std::min(before_point - kDigits, 0)));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "0" ? text : sign + text;
}

}  // namespace

std::string ruler_text(const Ruler& ruler, const PlotContent& content) {
  const TimeNs time = ruler.to_ns - ruler.from_ns;
  const double value = ruler.to - ruler.from;
  const bool ticks = content.kind == PlotKind::clock;
  std::string text = fmt::format("\u0394T {}{}", time < 0 ? "\u2212" : "", duration_text(std::abs(time), kDigits));
  text += ticks ? fmt::format("   \u0394TSval {}", signed_grouped(std::llround(value)))
                : fmt::format("   \u0394 {}{} {}", value > 0 ? "+" : "", number(value), content.unit);
  if (time == 0) return text;
  const std::string rate = number(value / (static_cast<double>(time) / 1e9));
  return text + (ticks ? fmt::format("   {} Hz", rate) : fmt::format("   {} {}/s", rate, content.unit));
}

}  // namespace tsaudit::gui

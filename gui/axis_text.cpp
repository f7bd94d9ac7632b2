// SPDX-License-Identifier: GPL-3.0-or-later
#include "axis_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plot_content.h"

namespace tsaudit::gui {
namespace {

constexpr double kHour = 3600, kDay = 24 * kHour;
constexpr double kMostGrouped = 1e15;  ///< beyond, nobody counts the groups

/// As many as tell one multiple of `step` from the next: 0.25 needs two.
int decimals_for(double step) {
  const auto whole = [](double n) { return std::round(n) >= 1 && std::abs(n - std::round(n)) < 1e-3; };
  int decimals = 0;
  for (double scaled = step; step > 0 && decimals < 9 && !whole(scaled); scaled *= 10) ++decimals;
  return decimals;
}

TimeNs whole_seconds(TimeNs time_ns) { return time_ns / kSecond - (time_ns % kSecond < 0 ? 1 : 0); }

}  // namespace

std::string axis_number(double value, double step) {
  const int decimals = decimals_for(step);
  if (std::abs(value) < step * 1e-6) value = 0;  // the ticker's rounding, not a number
  if (decimals == 0 && std::abs(value) < 9e15) {
    std::string text = grouped(std::llround(value));
    if (text.front() == '-') text = "\u2212" + text.substr(1);
    return text;
  }
  std::string text = fmt::format("{:.{}f}", std::abs(value), decimals);
  const size_t point = text.find('.');
  const std::string whole = grouped(std::stoll(text.substr(0, std::min<size_t>(point, 18))));
  text = whole + (point == std::string::npos ? "" : text.substr(point));
  return value < 0 ? "\u2212" + text : text;
}

std::string rounded_number(double value, int digits) {
  const double size = std::abs(value);
  const std::string sign = value < 0 ? "\u2212" : "";
  if (size >= kMostGrouped) return sign + fmt::format("{:.{}g}", size, digits);
  const int before_point = size > 0 ? static_cast<int>(std::floor(std::log10(size))) + 1 : 1;
  std::string text = axis_number(size, std::pow(10, std::min(before_point - digits, 0)));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "0" ? text : sign + text;
}

double round_in_days(double seconds) {
  if (seconds <= kHour / 2) return seconds;
  for (const double step : {kHour, 2 * kHour, 3 * kHour, 6 * kHour, 12 * kHour, kDay, 2 * kDay, 5 * kDay})
    if (seconds <= step) return step;
  double days = 10;
  while (days * kDay < seconds) days *= 2;
  return days * kDay;
}

std::string axis_seconds(double seconds, double step) {
  if (step < kHour) return axis_number(seconds, step) + " s";
  const int64_t hours = std::abs(std::llround(seconds / kHour)), days = hours / 24, rest = hours % 24;
  if (hours == 0) return "0";
  const std::string sign = seconds < 0 ? "\u2212" : "";
  if (days == 0) return fmt::format("{}{} h", sign, rest);
  return sign +
         (rest == 0 ? fmt::format("{} d", grouped(days)) : fmt::format("{} d {} h", grouped(days), rest));
}

std::string utc_text(TimeNs time_ns) {
  return fmt::format("{:%Y-%m-%d} {} UTC", fmt::gmtime(static_cast<std::time_t>(whole_seconds(time_ns))),
                     axis_clock(time_ns, 0.001));
}

std::string axis_clock(TimeNs time_ns, double step_seconds) {
  const TimeNs seconds = whole_seconds(time_ns), rest = time_ns - seconds * kSecond;
  if (step_seconds >= kHour)
    return fmt::format("{:%m-%d %H:%M}", fmt::gmtime(static_cast<std::time_t>(seconds)));
  std::string text = fmt::format("{:%H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(seconds)));
  const int decimals = decimals_for(step_seconds);
  if (decimals > 0) text += "." + fmt::format("{:09}", rest).substr(0, static_cast<size_t>(decimals));
  return text;
}

}  // namespace tsaudit::gui

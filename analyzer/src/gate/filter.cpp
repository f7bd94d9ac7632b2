// SPDX-License-Identifier: Apache-2.0
// Endpoints and days as a policy writes them.
#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "tsaudit/policy.h"

namespace tsaudit {
namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text, Number max) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || number > max)
    return std::nullopt;
  return number;
}

unsigned bits_of(const IpAddress& address) { return address.v6 ? 128 : 32; }

/// The leading `count` bits of `value`, which has `width`.
uint64_t leading(uint64_t value, unsigned count, unsigned width) {
  if (count == 0) return 0;
  return count >= width ? value : value >> (width - count);
}

std::chrono::year_month_day calendar(const Date& date) {
  return {std::chrono::year(date.year), std::chrono::month(date.month), std::chrono::day(date.day)};
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = parse_number(text.substr(0, 4), 9999u), month = parse_number(text.substr(5, 2), 12u),
             day = parse_number(text.substr(8, 2), 31u);
  if (!year || !month || !day) return std::nullopt;
  const Date date{static_cast<int>(*year), *month, *day};
  return calendar(date).ok() ? std::optional(date) : std::nullopt;
}

std::string to_string(const Date& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

Date date_of(int64_t unix_seconds) {
  const auto days =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(unix_seconds)));
  const std::chrono::year_month_day day(days);
  return {static_cast<int>(day.year()), static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day())};
}

bool EndpointFilter::matches(const Endpoint& endpoint) const {
  if (port && *port != endpoint.port) return false;
  if (!address) return true;
  const IpAddress& other = endpoint.address;
  if (other.v6 != address->v6) return false;
  if (!other.v6) return leading(other.lo, prefix, 32) == leading(address->lo, prefix, 32);
  if (leading(other.hi, prefix, 64) != leading(address->hi, prefix, 64)) return false;
  return prefix <= 64 || leading(other.lo, prefix - 64, 64) == leading(address->lo, prefix - 64, 64);
}

std::optional<EndpointFilter> parse_endpoint_filter(std::string_view text) {
  EndpointFilter filter;
  if (text == "*") return filter;
  std::string_view address = text;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != ':') return std::nullopt;
    filter.port = parse_number<uint16_t>(text.substr(end + 2), UINT16_MAX);
    if (!filter.port) return std::nullopt;
    address = text.substr(1, end - 1);
  } else if (text.find(':') == text.rfind(':') && text.find(':') != std::string_view::npos) {
    filter.port = parse_number<uint16_t>(text.substr(text.find(':') + 1), UINT16_MAX);
    if (!filter.port) return std::nullopt;
    address = text.substr(0, text.find(':'));
    if (address.empty()) return filter;
  }
  std::optional<unsigned> prefix;
  if (const size_t slash = address.find('/'); slash != std::string_view::npos) {
    prefix = parse_number(address.substr(slash + 1), 128u);
    if (!prefix) return std::nullopt;
    address = address.substr(0, slash);
  }
  IpAddress parsed;
  if (!parse_ip(address, parsed)) return std::nullopt;
  filter.address = parsed;
  filter.prefix = prefix.value_or(bits_of(parsed));
  return filter.prefix <= bits_of(parsed) ? std::optional(filter) : std::nullopt;
}

std::string to_string(const EndpointFilter& filter) {
  std::string out;
  if (filter.address) {
    out = to_string(*filter.address);
    if (filter.prefix < bits_of(*filter.address)) out += fmt::format("/{}", filter.prefix);
    if (filter.port && filter.address->v6) out = "[" + out + "]";
  }
  if (filter.port) out += fmt::format(":{}", *filter.port);
  return out.empty() ? "*" : out;
}

}  // namespace tsaudit

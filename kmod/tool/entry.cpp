// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "entry.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tsoffset {
namespace {

constexpr const char* kModes[] = {"wire", "socket"};

std::string take(std::vector<std::string>& words, const char* what) {
  if (words.empty()) throw UsageError(fmt::format("{} is missing", what));
  std::string word = words.front();
  words.erase(words.begin());
  return word;
}

// Skips a word that may be left out.
void skip(std::vector<std::string>& words, const char* keyword) {
  if (!words.empty() && words.front() == keyword) words.erase(words.begin());
}

uint8_t parse_mode(const std::string& word) {
  for (uint8_t mode = 0; mode <= TSOFF_MODE_MAX; mode++)
    if (word == kModes[mode]) return mode;
  throw UsageError(fmt::format("mode is \"wire\" or \"socket\", not \"{}\"", word));
}

const char* mode_name(const Entry& entry) {
  const uint8_t mode = entry.mode.value_or(TSOFF_MODE_WIRE);
  return mode <= TSOFF_MODE_MAX ? kModes[mode] : "unknown";
}

struct StateName {
  uint32_t bit;
  const char* name;
};
constexpr StateName kStates[] = {
    {TSOFF_STATE_SEEN, "seen"},     {TSOFF_STATE_FIN_OUT, "fin-out"}, {TSOFF_STATE_FIN_IN, "fin-in"},
    {TSOFF_STATE_RST, "rst"},       {TSOFF_STATE_LOCAL, "local"},     {TSOFF_STATE_GONE, "gone"},
    {TSOFF_STATE_REUSED, "reused"},
};

template <typename Put>
void for_each_state(uint32_t state, Put put) {
  for (const auto& [bit, name] : kStates)
    if (state & bit) put(name);
}

std::string signed_offset(uint32_t offset) { return fmt::format("{:+}", static_cast<int32_t>(offset)); }

}  // namespace

Address parse_address(std::string_view text) {
  const auto wrong = [&] {
    return UsageError(fmt::format("\"{}\" is not ADDRESS:PORT (an IPv6 address in brackets)", text));
  };
  const size_t colon = text.rfind(':');
  if (colon == text.npos) throw wrong();
  std::string host(text.substr(0, colon));
  const std::string_view port = text.substr(colon + 1);
  Address address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc{} || end != port.data() + port.size() || address.port == 0) throw wrong();

  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    in6_addr v6;
    if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) throw wrong();
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      std::copy_n(v6.s6_addr + 12, 4, address.bytes.begin());
    } else {
      address.family = AF_INET6;
      std::copy_n(v6.s6_addr, 16, address.bytes.begin());
    }
  } else if (inet_pton(AF_INET, host.c_str(), address.bytes.data()) != 1) {
    throw wrong();
  }
  return address;
}

std::string to_string(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(address.family, address.bytes.data(), text, sizeof text);
  return address.family == AF_INET ? fmt::format("{}:{}", text, address.port)
                                   : fmt::format("[{}]:{}", text, address.port);
}

uint32_t parse_number(std::string_view text, const char* what) {
  std::string_view digits = text;
  const bool minus = digits.starts_with('-');
  if (minus || digits.starts_with('+')) digits.remove_prefix(1);
  const bool hex = digits.starts_with("0x");
  if (hex) digits.remove_prefix(2);
  uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error != std::errc{} || end != digits.data() + digits.size())
    throw UsageError(fmt::format("{}: \"{}\" is not a number of 32 bits", what, text));
  return minus ? 0 - value : value;
}

Entry parse_connection(std::vector<std::string>& words) {
  int family = AF_UNSPEC;
  if (!words.empty() && (words.front() == "inet" || words.front() == "inet6"))
    family = take(words, "") == "inet" ? AF_INET : AF_INET6;
  Entry entry;
  skip(words, "local");
  entry.local = parse_address(take(words, "the local address"));
  skip(words, "remote");
  entry.remote = parse_address(take(words, "the remote address"));
  if (entry.local.family != entry.remote.family) throw UsageError("one address is IPv4 and the other IPv6");
  if (family != AF_UNSPEC && family != entry.local.family)
    throw UsageError("the addresses are not of the family given");
  return entry;
}

void parse_settings(std::vector<std::string> words, Entry& entry, bool prefer_tsval) {
  bool said_auto = false;
  while (!words.empty()) {
    std::string word = take(words, "");
    if (word.starts_with("--")) word.erase(0, 2);
    const auto number = [&](const char* what) { return parse_number(take(words, what), what); };
    if (word == "auto")
      said_auto = true;
    else if (word == "last-tsval")
      entry.last_tsval = number("last-tsval");
    else if (word == "mode")
      entry.mode = parse_mode(take(words, "mode"));
    else if (word == "timeout")
      entry.timeout = number("timeout");
    else if (word == "rate-was")
      entry.rate_was = number("rate-was");
    else if (word == "rate-now")
      entry.rate_now = number("rate-now");
    else if (word == "offset" && !words.empty() && words.front() == "auto")
      continue;
    else if (entry.offset)
      throw UsageError(fmt::format("what is \"{}\"?", word));
    else
      entry.offset = word == "offset" ? number("offset") : parse_number(word, "offset");
  }
  if (said_auto && entry.offset) throw UsageError("either an offset or auto");
  // A saved line has both.
  if (said_auto || prefer_tsval) {
    if (!entry.last_tsval) throw UsageError("auto needs --last-tsval N: the last TSval that the peer saw");
    entry.offset.reset();
  } else if (entry.offset) {
    entry.last_tsval.reset();
  }
}

Entry parse_entry(std::vector<std::string> words, bool prefer_tsval) {
  Entry entry = parse_connection(words);
  parse_settings(std::move(words), entry, prefer_tsval);
  return entry;
}

std::string to_line(const Entry& entry) {
  std::string line = fmt::format("{} {} offset {}", to_string(entry.local), to_string(entry.remote),
                                 signed_offset(entry.offset.value_or(0)));
  line += fmt::format(" mode {}", mode_name(entry));
  if (entry.timeout) line += fmt::format(" timeout {}", *entry.timeout);
  if (entry.tsval) line += fmt::format(" last-tsval {}", *entry.tsval);
  // A table's rate is what a later restore has to be like; a capture has both.
  if (entry.tsval && entry.rate_now) line += fmt::format(" rate-was {}", *entry.rate_now);
  if (!entry.tsval && entry.rate_was) line += fmt::format(" rate-was {}", *entry.rate_was);
  if (!entry.tsval && entry.rate_now) line += fmt::format(" rate-now {}", *entry.rate_now);
  return line;
}

std::string to_text(const Entry& entry) {
  std::string text = fmt::format("{} {} offset {} mode {}", to_string(entry.local), to_string(entry.remote),
                                 signed_offset(entry.offset.value_or(0)), mode_name(entry));
  text += fmt::format(" out {} in {} idle {}s", entry.packets_out, entry.packets_in, entry.idle);
  if (entry.tsval) text += fmt::format(" tsval {}", *entry.tsval);
  if (entry.rate_now) text += fmt::format(" rate {}", *entry.rate_now);
  for_each_state(entry.state, [&](const char* name) { text += fmt::format(" {}", name); });
  return text;
}

std::string to_json(const Entry& entry) {
  std::string states;
  for_each_state(entry.state, [&](const char* name) {
    states += fmt::format("{}\"{}\"", states.empty() ? "" : ",", name);
  });
  const uint32_t offset = entry.offset.value_or(0);
  std::string json = fmt::format(R"({{"local":"{}","remote":"{}","offset":{},"offset_signed":{},"mode":"{}")",
                                 to_string(entry.local), to_string(entry.remote), offset,
                                 static_cast<int32_t>(offset), mode_name(entry));
  if (entry.timeout) json += fmt::format(R"(,"timeout":{})", *entry.timeout);
  json += fmt::format(R"(,"packets_out":{},"packets_in":{},"idle":{})", entry.packets_out, entry.packets_in,
                      entry.idle);
  if (entry.tsval) json += fmt::format(R"(,"tsval":{})", *entry.tsval);
  if (entry.rate_now) json += fmt::format(R"(,"rate":{})", *entry.rate_now);
  return json + fmt::format(R"(,"state":[{}]}})", states);
}

}  // namespace tsoffset

// SPDX-License-Identifier: Apache-2.0
#include "rewrite_oracle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace tsoffset_test {
namespace {

constexpr size_t kChecksumAt = 16;

uint16_t fold(uint64_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

struct Option {
  uint8_t kind;
  size_t at;      // of the kind
  size_t length;  // 1 for those of a single byte
};

// The options of the list, and whether it ended as a list should.
struct OptionList {
  std::vector<Option> options;
  bool whole = true;
};

OptionList options_of(std::span<const uint8_t> header) {
  OptionList list;
  for (size_t at = 20; at < header.size();) {
    const uint8_t kind = header[at];
    if (kind == 0) break;
    if (kind == 1) {
      at++;
      continue;
    }
    const bool has_length = at + 1 < header.size();
    if (!has_length || header[at + 1] < 2 || at + header[at + 1] > header.size()) {
      list.whole = false;
      break;
    }
    list.options.push_back({kind, at, header[at + 1]});
    at += header[at + 1];
  }
  return list;
}

uint32_t load(const Bytes& bytes, size_t at) {
  uint32_t value;
  std::memcpy(&value, &bytes[at], sizeof value);
  return ntohl(value);
}

void store(Bytes& bytes, size_t at, uint32_t value) {
  value = htonl(value);
  std::memcpy(&bytes[at], &value, sizeof value);
}

}  // namespace

uint16_t internet_sum(std::span<const uint8_t> bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i++) sum += i % 2 == 0 ? uint64_t{bytes[i]} << 8 : bytes[i];
  return fold(sum);
}

uint16_t replaced(uint16_t field, uint32_t from, uint32_t to) {
  const uint64_t sum =
      uint64_t{static_cast<uint16_t>(~field)} + (~from >> 16) + (~from & 0xffff) + (to >> 16) + (to & 0xffff);
  return static_cast<uint16_t>(~fold(sum));
}

Outcome expected(const Bytes& header, tsoff_direction direction, uint32_t offset) {
  Outcome outcome{TSOFF_MALFORMED, header};
  const size_t length = static_cast<size_t>(header[12] >> 4) * 4;
  if (length < 20 || length > header.size()) return outcome;
  const OptionList list = options_of(std::span(header).first(length));
  const auto option =
      std::ranges::find_if(list.options, [](const Option& o) { return o.kind == 8 && o.length == 10; });
  if (option == list.options.end()) {
    outcome.verdict = list.whole ? TSOFF_NO_OPTION : TSOFF_MALFORMED;
    return outcome;
  }
  const bool ack = (header[13] & 0x10) != 0;
  const size_t at = option->at + (direction == TSOFF_DIR_OUT ? 2 : 6);
  const uint32_t value = load(header, at);
  outcome.verdict = TSOFF_KEPT;
  if (offset == 0 || (direction == TSOFF_DIR_IN && (!ack || value == 0))) return outcome;
  outcome.verdict = TSOFF_REWRITTEN;
  store(outcome.header, at, direction == TSOFF_DIR_OUT ? value + offset : value - offset);
  return outcome;
}

Outcome actual(const Bytes& header, tsoff_direction direction, uint32_t offset) {
  // An allocation of just that size: a sanitizer sees a read behind its end.
  const std::unique_ptr<uint8_t[]> tcp(new uint8_t[header.size()]);
  std::ranges::copy(header, tcp.get());
  tsoff_change change{};
  const tsoff_verdict verdict =
      tsoff_rewrite(tcp.get(), static_cast<unsigned>(header.size()), direction, offset, &change);
  if (verdict == TSOFF_REWRITTEN) {
    const auto field = static_cast<uint16_t>(tcp[kChecksumAt] << 8 | tcp[kChecksumAt + 1]);
    const uint16_t now = replaced(field, ntohl(change.from), ntohl(change.to));
    tcp[kChecksumAt] = static_cast<uint8_t>(now >> 8);
    tcp[kChecksumAt + 1] = static_cast<uint8_t>(now);
  }
  return {verdict, Bytes(tcp.get(), tcp.get() + header.size())};
}

std::string disagreement(const Bytes& header, tsoff_direction direction, uint32_t offset) {
  const Outcome want = expected(header, direction, offset);
  const Outcome got = actual(header, direction, offset);
  if (want.verdict != got.verdict)
    return "verdict " + std::to_string(got.verdict) + " where it should be " + std::to_string(want.verdict);
  for (size_t i = 0; i < header.size(); i++)
    if (i != kChecksumAt && i != kChecksumAt + 1 && want.header[i] != got.header[i])
      return "byte " + std::to_string(i) + " differs";
  if (got.verdict != TSOFF_REWRITTEN)
    return want.header == got.header ? "" : "the checksum of an untouched header was changed";
  // The sum over everything, the field included, must not change; 0 and ffff are the same there.
  const auto sum = [](const Bytes& bytes) { return internet_sum(bytes) % 0xffff; };
  return sum(header) == sum(got.header) ? "" : "the checksum is wrong";
}

}  // namespace tsoffset_test

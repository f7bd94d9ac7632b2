// SPDX-License-Identifier: Apache-2.0
// Which format is it? If none of ours: what is it then, and what can the user do about it?
#include <algorithm>
#include <string_view>

#include "source/format.h"

namespace tsaudit::source {
namespace {

using namespace std::string_view_literals;

struct Compression {
  std::string_view magic;
  const char* name;
  const char* command;
};
constexpr Compression kCompressions[] = {
    {"\x1f\x8b"sv, "gzip", "zcat"},
    {"\x28\xb5\x2f\xfd"sv, "zstd", "zstdcat"},
    {"\xfd"
     "7zXZ\0"sv,
     "xz", "xzcat"},
    {"BZh"sv, "bzip2", "bzcat"},
    {"\x04\x22\x4d\x18"sv, "lz4", "lz4cat"},
};

struct OtherFormat {
  std::string_view magic;
  const char* name;
};
constexpr OtherFormat kOtherFormats[] = {
    {"GMBU"sv, "Network Monitor"}, {"RTSS"sv, "Network Monitor"}, {"TRSNIFF data"sv, "Sniffer"},
    {"iptrace "sv, "iptrace"},     {"XCP\0"sv, "NetXRay"},
};

bool is_text(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](unsigned char c) { return c >= ' ' || (c >= '\t' && c <= '\r'); });
}

Error describe_stranger(std::string_view bytes) {
  if (bytes.empty()) return {Errc::not_a_capture, "empty"};
  for (const Compression& it : kCompressions) {
    if (!bytes.starts_with(it.magic)) continue;
    return {Errc::compressed,
            fmt::format("compressed with {0}; try: {1} FILE | tsaudit analyze -", it.name, it.command)};
  }
  for (const OtherFormat& it : kOtherFormats) {
    if (!bytes.starts_with(it.magic)) continue;
    return {Errc::unsupported,
            fmt::format("{} format is not read here; try: editcap FILE OUT.pcapng", it.name)};
  }
  const std::string_view start = bytes.substr(0, kMagicSize);
  if (start.size() < 4) {
    return {Errc::not_a_capture, fmt::format("{} bytes cannot be a capture", start.size())};
  }
  return {Errc::not_a_capture, fmt::format("{}not a capture in pcap, pcapng, snoop or ERF format",
                                           is_text(start) ? "text, " : "")};
}

}  // namespace

Result<Recognised> recognise(Window& in, bool at_end) {
  if (in.size() < kMagicSize && !at_end) return Recognised{nullptr, kMagicSize};
  const auto opened = [](Result<std::unique_ptr<FormatReader>> reader) -> Result<Recognised> {
    if (!reader) return reader.error();
    return Recognised{*std::move(reader), 0};
  };
  if (in.size() >= 4 && is_pcap(in.data())) return opened(open_pcap(in));
  if (in.size() >= 4 && is_pcapng(in.data())) return opened(open_pcapng(in));
  if (in.size() >= 8 && is_snoop(in.data())) return opened(open_snoop(in));

  const Error stranger = describe_stranger({reinterpret_cast<const char*>(in.data()), in.size()});
  if (stranger.code != Errc::not_a_capture) return stranger;
  const ErfGuess erf = guess_erf(in, at_end);
  if (erf.plausible && erf.need != 0) return Recognised{nullptr, erf.need};
  if (erf.plausible) return opened(open_erf());
  return stranger;
}

}  // namespace tsaudit::source

// SPDX-License-Identifier: Apache-2.0
// Reads what `tsoffset -j show` prints.
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tsaudit/verify.h"

namespace tsaudit {
namespace {

/// "10.0.0.1:443" or "[2001:db8::1]:443".
bool parse_endpoint(std::string_view text, Endpoint& out) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view address = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  return error == std::errc() && end == port.data() + port.size() && parse_ip(address, out.address);
}

/// The name of what is wrong; empty: nothing.
const char* read_entry(const nlohmann::json& json, OffsetEntry& entry) {
  if (!json.is_object()) return "is no object";
  for (const auto& [name, endpoint] :
       {std::pair{"local", &entry.local}, std::pair{"remote", &entry.remote}}) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string()) return "lacks local or remote";
    if (!parse_endpoint(found->get_ref<const std::string&>(), *endpoint))
      return "has an address that is none";
  }
  const auto offset = json.find("offset");
  if (offset == json.end() || !offset->is_number_integer()) return "lacks offset";
  const bool in_range = offset->is_number_unsigned() ? offset->get<uint64_t>() <= UINT32_MAX
                                                     : offset->get<int64_t>() >= INT32_MIN;
  if (!in_range) return "has an offset beyond 32 bits";
  entry.offset = static_cast<uint32_t>(offset->get<int64_t>());
  return "";
}

}  // namespace

Result<std::vector<OffsetEntry>> read_offset_table(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Errc::cannot_open, fmt::format("{}: {}", path, std::strerror(errno))};
  const nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
  const auto bad = [&](std::string_view what) {
    return Error{Errc::corrupt, fmt::format("{}: {}", path, what)};
  };
  if (json.is_discarded() || !json.is_array())
    return bad("is no table: wanted is what 'tsoffset -j show' prints");
  std::vector<OffsetEntry> table;
  for (size_t i = 0; i < json.size(); ++i) {
    OffsetEntry entry;
    const std::string_view what = read_entry(json[i], entry);
    if (!what.empty()) return bad(fmt::format("entry {} {}", i + 1, what));
    // The socket itself adds this one: no packet is rewritten on its way.
    if (json[i].value("mode", "wire") == "socket") entry.offset = 0;
    table.push_back(entry);
  }
  return table;
}

}  // namespace tsaudit

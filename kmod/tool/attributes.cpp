// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "attributes.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>

#include <algorithm>

namespace tsoffset {
namespace {

void put_optional(nlmsghdr* message, uint16_t type, const std::optional<uint32_t>& value) {
  if (value) mnl_attr_put_u32(message, type, *value);
}

void read_host(const nlattr* attr, Address& address) {
  const size_t size = mnl_attr_get_payload_len(attr);
  address.family = size == 4 ? AF_INET : AF_INET6;
  const auto* bytes = static_cast<const uint8_t*>(mnl_attr_get_payload(attr));
  std::copy_n(bytes, std::min<size_t>(size, 16), address.bytes.begin());
}

constexpr const char* kStatNames[TSOFF_S_MAX + 1] = {
    nullptr,    nullptr,    "out",        "in",      "no_option", "malformed", "unwritable",
    "fragment", "fraglist", "table_full", "expired", "entries",   "limit",
};

}  // namespace

void put_entry(nlmsghdr* message, const Entry& entry, bool whole) {
  nlattr* nest = mnl_attr_nest_start(message, TSOFF_A_ENTRY);
  mnl_attr_put(message, TSOFF_E_LOCAL_ADDR, entry.local.size(), entry.local.bytes.data());
  mnl_attr_put(message, TSOFF_E_REMOTE_ADDR, entry.remote.size(), entry.remote.bytes.data());
  mnl_attr_put_u16(message, TSOFF_E_LOCAL_PORT, htons(entry.local.port));
  mnl_attr_put_u16(message, TSOFF_E_REMOTE_PORT, htons(entry.remote.port));
  if (whole) {
    put_optional(message, TSOFF_E_OFFSET, entry.offset);
    put_optional(message, TSOFF_E_LAST_TSVAL, entry.last_tsval);
    if (entry.mode) mnl_attr_put_u8(message, TSOFF_E_MODE, *entry.mode);
    put_optional(message, TSOFF_E_TIMEOUT, entry.timeout);
    put_optional(message, TSOFF_E_RATE_WAS, entry.rate_was);
    put_optional(message, TSOFF_E_RATE_NOW, entry.rate_now);
  }
  mnl_attr_nest_end(message, nest);
}

Entry read_entry(const nlattr* nest) {
  Entry entry;
  for (const nlattr* attr : Attributes(nest)) {
    switch (mnl_attr_get_type(attr)) {
      case TSOFF_E_LOCAL_ADDR:
        read_host(attr, entry.local);
        break;
      case TSOFF_E_REMOTE_ADDR:
        read_host(attr, entry.remote);
        break;
      case TSOFF_E_LOCAL_PORT:
        entry.local.port = ntohs(mnl_attr_get_u16(attr));
        break;
      case TSOFF_E_REMOTE_PORT:
        entry.remote.port = ntohs(mnl_attr_get_u16(attr));
        break;
      case TSOFF_E_OFFSET:
        entry.offset = mnl_attr_get_u32(attr);
        break;
      case TSOFF_E_MODE:
        entry.mode = mnl_attr_get_u8(attr);
        break;
      case TSOFF_E_TIMEOUT:
        entry.timeout = mnl_attr_get_u32(attr);
        break;
      case TSOFF_E_RATE_NOW:
        entry.rate_now = mnl_attr_get_u32(attr);
        break;
      case TSOFF_E_STATE:
        entry.state = mnl_attr_get_u32(attr);
        break;
      case TSOFF_E_TSVAL:
        entry.tsval = mnl_attr_get_u32(attr);
        break;
      case TSOFF_E_PACKETS_OUT:
        entry.packets_out = mnl_attr_get_u64(attr);
        break;
      case TSOFF_E_PACKETS_IN:
        entry.packets_in = mnl_attr_get_u64(attr);
        break;
      case TSOFF_E_IDLE:
        entry.idle = mnl_attr_get_u32(attr);
        break;
      default:
        break;  // a newer module's
    }
  }
  return entry;
}

Event read_event(const nlmsghdr* message) {
  const auto* header = static_cast<const genlmsghdr*>(mnl_nlmsg_get_payload(message));
  Event event{static_cast<tsoff_cmd>(header->cmd), {}, {}};
  for (const nlattr* attr : Attributes(message, sizeof(genlmsghdr))) {
    if (mnl_attr_get_type(attr) == TSOFF_A_ENTRY) event.entry = read_entry(attr);
    if (mnl_attr_get_type(attr) == TSOFF_A_REASON) event.reason = mnl_attr_get_u32(attr);
  }
  return event;
}

Stats read_stats(const nlattr* nest) {
  Stats stats;
  for (const nlattr* attr : Attributes(nest)) {
    const uint16_t type = mnl_attr_get_type(attr);
    if (type <= TSOFF_S_MAX && kStatNames[type]) stats.emplace_back(kStatNames[type], mnl_attr_get_u64(attr));
  }
  return stats;
}

}  // namespace tsoffset

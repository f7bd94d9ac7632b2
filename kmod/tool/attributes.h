// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Entries as netlink attributes, and back.
#pragma once

#include <libmnl/libmnl.h>

#include "kernel.h"

namespace tsoffset {

// The attributes of a nest, or of a message behind its extra header, for a range-based for: libmnl's own
// macros are not C++. Stops at what is cut.
class Attributes {
 public:
  explicit Attributes(const nlattr* nest)
      : first_(static_cast<const nlattr*>(mnl_attr_get_payload(nest))),
        end_(byte(first_) + mnl_attr_get_payload_len(nest)) {}
  Attributes(const nlmsghdr* message, size_t skip)
      : first_(static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, skip))),
        end_(static_cast<const char*>(mnl_nlmsg_get_payload_tail(message))) {}

  class Iterator {
   public:
    Iterator(const nlattr* at, const char* end) : at_(at), end_(end) {}
    const nlattr* operator*() const { return at_; }
    Iterator& operator++() {
      at_ = mnl_attr_next(at_);
      return *this;
    }
    bool operator!=(const Iterator&) const { return mnl_attr_ok(at_, static_cast<int>(end_ - byte(at_))); }

   private:
    const nlattr* at_;
    const char* end_;
  };
  Iterator begin() const { return {first_, end_}; }
  Iterator end() const { return {nullptr, nullptr}; }

 private:
  static const char* byte(const nlattr* attr) { return reinterpret_cast<const char*>(attr); }
  const nlattr* first_;
  const char* end_;
};

inline constexpr size_t kEntryRoom = 160;  // of one entry as put_entry() writes it, at most

// Just the connection, or with what is to be stored.
void put_entry(nlmsghdr* message, const Entry& entry, bool whole);

// `nest` is TSOFF_A_ENTRY.
Entry read_entry(const nlattr* nest);

Event read_event(const nlmsghdr* message);
Stats read_stats(const nlattr* nest);

}  // namespace tsoffset

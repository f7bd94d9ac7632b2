// SPDX-License-Identifier: GPL-2.0-only
//
// Entries as netlink attributes, and back.
#pragma once

#include <libmnl/libmnl.h>

#include "kernel.h"

namespace tsoffset {

inline constexpr size_t kEntryRoom = 160;  // of one entry as put_entry() writes it, at most

// Just the connection, or with what is to be stored.
void put_entry(nlmsghdr* message, const Entry& entry, bool whole);

// `nest` is TSOFF_A_ENTRY.
Entry read_entry(const nlattr* nest);

Event read_event(const nlmsghdr* message);
Stats read_stats(const nlattr* nest);

}  // namespace tsoffset

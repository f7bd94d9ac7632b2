/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TSOFF_NETLINK_H
#define _TSOFF_NETLINK_H

#include "tsoff_table.h"

/* Tells listeners. Caller may sleep and holds tsoff_net::lock, for the order of events. */
void tsoff_netlink_event(struct tsoff_net *tn, enum tsoff_cmd cmd, struct tsoff_entry *e);

int tsoff_netlink_init(void);
void tsoff_netlink_exit(void);

#endif /* _TSOFF_NETLINK_H */

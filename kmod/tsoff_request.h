/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One command with its entries: all of them, or none.
 */
#ifndef _TSOFF_REQUEST_H
#define _TSOFF_REQUEST_H

#include <linux/netlink.h>
#include "tsoff_table.h"

/* One entry of it, as parsed. */
struct tsoff_request {
	const struct nlattr *attr;	/* for the message if it fails */
	struct tsoff_key key;
	u32 value;		/* the offset, or the last TSval */
	u32 timeout;
	u32 rate_was;
	u32 rate_now;
	u8 mode;
	bool has_offset : 1;
	bool has_last_tsval : 1;
	bool has_mode : 1;
	bool has_timeout : 1;
	/* By staging: */
	bool inserted : 1;
	struct tsoff_entry *entry;
	struct sock *sk;
};

int tsoff_requests_store(struct tsoff_net *tn, struct tsoff_request *requests,
			 unsigned int n, bool replace,
			 struct netlink_ext_ack *extack);

int tsoff_requests_delete(struct tsoff_net *tn, struct tsoff_request *requests,
			  unsigned int n, bool force,
			  struct netlink_ext_ack *extack);

#endif /* _TSOFF_REQUEST_H */

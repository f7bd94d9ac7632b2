// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that can fail happens while staging. New entries are then in the table
 * with an offset of 0, which changes no packet: had a connection been seen with
 * its offset and then without, its peer would discard what follows. Committing
 * cannot fail.
 */
#include <linux/slab.h>
#include <net/sock.h>
#include "tsoff_hook.h"
#include "tsoff_netlink.h"
#include "tsoff_request.h"
#include "tsoff_socket.h"

/* The error, after its reason was put where the user sees it. */
#define REFUSE(error, message) ({					\
	NL_SET_ERR_MSG_ATTR(extack, r->attr, message);			\
	error;								\
})

static int check_rate(const struct tsoff_request *r, u32 socket_rate,
		      struct netlink_ext_ack *extack)
{
	u32 now = r->rate_now ?: socket_rate;

	if (r->rate_now && socket_rate && r->rate_now != socket_rate)
		return REFUSE(-EINVAL,
			      "the local socket's clock does not tick at the rate given");
	if (r->rate_was && now && r->rate_was != now)
		return REFUSE(-EINVAL,
			      "the clock's tick rate changed, which no offset can mend: its TSval would soon be off again");
	return 0;
}

/* Turns a last TSval into the offset, and looks whether the socket will do. */
static int check_socket(struct tsoff_request *r, u8 mode, u32 applied,
			struct netlink_ext_ack *extack)
{
	u32 rate = 0, tsval = 0;
	int err;

	if (!r->sk && mode == TSOFF_MODE_SOCKET)
		return REFUSE(-ENOTCONN,
			      "socket mode needs an established local socket, and there is none of these addresses and ports");
	if (!r->sk && r->has_last_tsval)
		return REFUSE(-ENOTCONN,
			      "the offset can be computed against a local socket's clock alone, and there is none of these addresses and ports");
	/* While a socket is being restored this may be about to change: wire mode can wait for it. */
	if (r->sk && !tsoff_socket_has_timestamps(r->sk) &&
	    (mode == TSOFF_MODE_SOCKET || r->has_last_tsval))
		return REFUSE(-EOPNOTSUPP,
			      "this connection does without timestamps");
	if (r->sk)
		tsval = tsoff_socket_tsval(r->sk, &rate);
	err = check_rate(r, rate, extack);
	if (err)
		return err;
	if (r->has_last_tsval)
		r->value = r->value + 1 - (tsval - applied);
	return 0;
}

static int stage_new(struct tsoff_net *tn, struct tsoff_request *r,
		     struct netlink_ext_ack *extack)
{
	u8 mode = r->has_mode ? r->mode : TSOFF_MODE_WIRE;
	struct tsoff_entry *e;
	int err;

	if (!r->has_offset && !r->has_last_tsval)
		return REFUSE(-EINVAL,
			      "neither an offset nor a last TSval");
	err = check_socket(r, mode, 0, extack);
	if (err)
		return err;
	if (mode == TSOFF_MODE_WIRE) {
		err = tsoff_hook_register(tn);
		if (err)
			return REFUSE(err,
				      "the netfilter hooks could not be registered");
	}

	e = kzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);
	if (!e)
		return -ENOMEM;
	e->key = r->key;
	e->mode = mode;
	e->timeout = r->has_timeout ? r->timeout : TSOFF_TIMEOUT_DEFAULT;
	e->used = jiffies;
	atomic_set(&e->state, r->sk ? TSOFF_STATE_LOCAL : 0);
	if (mode == TSOFF_MODE_SOCKET)
		tsoff_socket_apply(r->sk, e, 0); /* changes nothing, but now it knows its socket */
	err = tsoff_insert(tn, e);
	if (err) {
		kfree(e);
		if (err == -ENOSPC)
			return REFUSE(err,
				      "the table is full (module parameter max_entries)");
		return err;
	}
	r->entry = e;
	r->inserted = true;
	return 0;
}

static int stage_change(struct tsoff_request *r, struct tsoff_entry *e,
			struct netlink_ext_ack *extack)
{
	int err;

	if (r->has_mode && r->mode != e->mode)
		return REFUSE(-EBUSY,
			      "this connection has an offset in the other mode, and the two would add up: delete that first");
	err = check_socket(r, e->mode, e->mode == TSOFF_MODE_SOCKET ? e->offset : 0, extack);
	if (err)
		return err;
	r->entry = e;
	return 0;
}

/* The record of a socket that is no more does not stand in the way of a new one. */
static void drop_stale(struct tsoff_net *tn, const struct tsoff_request *r)
{
	struct tsoff_entry *e = tsoff_find(tn, &r->key);

	if (!e || e->mode != TSOFF_MODE_SOCKET || tsoff_socket_has(tn->net, e))
		return;
	e->reason = TSOFF_REASON_CLOSED;
	tsoff_count(tn, TSOFF_S_EXPIRED);
	tsoff_netlink_event(tn, TSOFF_CMD_DEL, e);
	tsoff_remove(tn, e);
}

static int stage(struct tsoff_net *tn, struct tsoff_request *r, bool replace,
		 struct netlink_ext_ack *extack)
{
	struct tsoff_entry *e = tsoff_find(tn, &r->key);

	r->sk = tsoff_socket_get(tn->net, &r->key);
	if (!e)
		return stage_new(tn, r, extack);
	if (replace)
		return stage_change(r, e, extack);
	if (e->mode != (r->has_mode ? r->mode : TSOFF_MODE_WIRE))
		return REFUSE(-EBUSY,
			      "this connection has an offset in the other mode, and the two would add up: delete that first");
	return REFUSE(-EEXIST,
		      "this connection has an offset already");
}

static void commit(struct tsoff_net *tn, struct tsoff_request *r)
{
	struct tsoff_entry *e = r->entry;

	if (r->has_timeout)
		WRITE_ONCE(e->timeout, r->timeout);
	if (r->has_offset || r->has_last_tsval) {
		if (e->mode == TSOFF_MODE_SOCKET)
			tsoff_socket_apply(r->sk, e, r->value);
		else
			WRITE_ONCE(e->offset, r->value);
	}
	WRITE_ONCE(tn->generation, tn->generation + 1);
	tsoff_netlink_event(tn, r->inserted ? TSOFF_CMD_ADD : TSOFF_CMD_SET, e);
}

int tsoff_requests_store(struct tsoff_net *tn, struct tsoff_request *requests,
			 unsigned int n, bool replace,
			 struct netlink_ext_ack *extack)
{
	unsigned int i, staged;
	int err = 0;

	mutex_lock(&tn->lock);
	for (i = 0; i < n; i++) /* before staging, which must not find its own work gone */
		drop_stale(tn, &requests[i]);
	for (staged = 0; staged < n && !err; staged++) {
		err = stage(tn, &requests[staged], replace, extack);
		cond_resched();
	}
	for (i = 0; i < staged; i++) {
		struct tsoff_request *r = &requests[i];

		if (!err)
			commit(tn, r);
		else if (r->inserted)
			tsoff_remove(tn, r->entry);
		if (r->sk)
			sock_put(r->sk);
		cond_resched();
	}
	tsoff_gc_arm(tn); /* on failure too: hooks may have been registered for nothing */
	mutex_unlock(&tn->lock);
	return err;
}

static int check_delete(struct tsoff_net *tn, struct tsoff_request *r, bool force,
			struct netlink_ext_ack *extack)
{
	struct tsoff_entry *e = tsoff_find(tn, &r->key);

	if (!e)
		return REFUSE(-ENOENT,
			      "this connection has no offset");
	if (!force && tsoff_live(tn, e))
		return REFUSE(-EBUSY,
			      "the connection is live and would stall without its offset (force deletes it nevertheless)");
	return 0;
}

int tsoff_requests_delete(struct tsoff_net *tn, struct tsoff_request *requests,
			  unsigned int n, bool force,
			  struct netlink_ext_ack *extack)
{
	unsigned int i;
	int err = 0;

	mutex_lock(&tn->lock);
	for (i = 0; i < n && !err; i++)
		err = check_delete(tn, &requests[i], force, extack);
	for (i = 0; i < n && !err; i++) {
		struct tsoff_entry *e = tsoff_find(tn, &requests[i].key);

		if (!e) /* named twice */
			continue;
		tsoff_socket_undo(tn->net, e);
		e->reason = TSOFF_REASON_COMMAND;
		tsoff_netlink_event(tn, TSOFF_CMD_DEL, e);
		tsoff_remove(tn, e);
		cond_resched();
	}
	mutex_unlock(&tn->lock);
	return err;
}

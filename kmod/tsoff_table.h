/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connections of one network namespace. Hooks read under RCU; who changes
 * anything but the atomics holds tsoff_net::lock.
 */
#ifndef _TSOFF_TABLE_H
#define _TSOFF_TABLE_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/rhashtable.h>
#include <linux/workqueue.h>
#include "tsoff_rewrite.h"
#include "uapi/tsoffset.h"

#define TSOFF_TIMEOUT_DEFAULT	(5 * 24 * 3600)	/* as conntrack's established */
#define TSOFF_TIMEOUT_MAX	(30 * 24 * 3600)	/* in jiffies < 2^32, see tsoff_idle() */

/* Hashed and compared as bytes: no holes, and what is unused is 0. */
struct tsoff_key {
	union nf_inet_addr local;
	union nf_inet_addr remote;
	__be16 local_port;
	__be16 remote_port;
	u32 family;
};

struct tsoff_entry {
	struct rhash_head node;
	struct tsoff_key key;
	u8 mode;
	u32 offset;		/* 0 until committed: then a hook changes nothing */
	u32 timeout;		/* seconds */
	u32 socket_tsoffset;	/* socket mode: where we left the socket's own */
	unsigned long used;	/* jiffies */
	atomic_t state;		/* TSOFF_STATE_* */
	atomic64_t packets[2];	/* by enum tsoff_direction */
	bool doomed;		/* will be taken out, for @reason */
	int reason;		/* TSOFF_REASON_* */
	struct tsoff_entry *next; /* of the list of those */
	struct rcu_head rcu;
};

struct tsoff_stats {
	unsigned long n[TSOFF_S_MAX + 1];
};

struct tsoff_net {
	struct net *net;
	struct mutex lock;		/* of who changes the table */
	struct rhashtable table;
	unsigned int entries;
	unsigned int wire_entries;
	unsigned int generation;	/* of the table's content, for dumps */
	bool hooked;
	struct delayed_work gc;
	struct tsoff_stats __percpu *stats;
};

#define tsoff_count(tn, which) this_cpu_inc((tn)->stats->n[which])

extern const struct rhashtable_params tsoff_rht_params;
extern unsigned int tsoff_max_entries;

struct tsoff_net *tsoff_net(const struct net *net);

/* Caller is in an RCU read section, or holds the lock. */
struct tsoff_entry *tsoff_find(struct tsoff_net *tn, const struct tsoff_key *key);

/* Caller holds the lock. What tsoff_remove() took out is freed after a grace period. */
int tsoff_insert(struct tsoff_net *tn, struct tsoff_entry *e);
void tsoff_remove(struct tsoff_net *tn, struct tsoff_entry *e);

/* Is it the entry of a connection that would stall without it? */
bool tsoff_live(struct tsoff_net *tn, struct tsoff_entry *e);

/* A packet of @e went by. False if it belongs to a later connection. */
bool tsoff_note(struct tsoff_net *tn, struct tsoff_entry *e,
		enum tsoff_direction dir, bool syn, bool fin, bool rst);

/* Seconds since the last packet. A difference mod 2^32 where long has 32 bits. */
static inline unsigned long tsoff_idle(const struct tsoff_entry *e)
{
	unsigned long used = READ_ONCE(e->used);

	/* Before jiffies: a packet that passes in between would have been in the future. */
	smp_rmb();
	return (jiffies - used) / HZ;
}

/* Deletes what is not live, or all; returns how many. Caller holds the lock. */
unsigned int tsoff_flush(struct tsoff_net *tn, bool all);

/* See to it that expiry runs while there is something to expire. */
void tsoff_gc_arm(struct tsoff_net *tn);

u64 tsoff_stat(struct tsoff_net *tn, enum tsoff_stat which);

int tsoff_table_init(void);
void tsoff_table_exit(void);

#endif /* _TSOFF_TABLE_H */

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "tsoff_hook.h"
#include "tsoff_netlink.h"
#include "tsoff_socket.h"
#include "tsoff_table.h"

unsigned int tsoff_max_entries = 1 << 18;
module_param_named(max_entries, tsoff_max_entries, uint, 0644);
MODULE_PARM_DESC(max_entries, "entries in one network namespace, at most");

static unsigned int gc_seconds = 10;
module_param(gc_seconds, uint, 0644);
MODULE_PARM_DESC(gc_seconds, "how often entries are looked at for expiry");

static unsigned int closed_seconds = 120;
module_param(closed_seconds, uint, 0644);
MODULE_PARM_DESC(closed_seconds, "how long the entry of a closed connection stays after its last packet");

const struct rhashtable_params tsoff_rht_params = {
	.head_offset		= offsetof(struct tsoff_entry, node),
	.key_offset		= offsetof(struct tsoff_entry, key),
	.key_len		= sizeof(struct tsoff_key),
	.automatic_shrinking	= true,
};

static unsigned int tsoff_net_id __read_mostly;

struct tsoff_net *tsoff_net(const struct net *net)
{
	return net_generic(net, tsoff_net_id);
}

struct tsoff_entry *tsoff_find(struct tsoff_net *tn, const struct tsoff_key *key)
{
	return rhashtable_lookup_fast(&tn->table, key, tsoff_rht_params);
}

int tsoff_insert(struct tsoff_net *tn, struct tsoff_entry *e)
{
	int err;

	lockdep_assert_held(&tn->lock);
	if (tn->entries >= READ_ONCE(tsoff_max_entries)) {
		tsoff_count(tn, TSOFF_S_TABLE_FULL);
		return -ENOSPC;
	}
	err = rhashtable_lookup_insert_fast(&tn->table, &e->node, tsoff_rht_params);
	if (err)
		return err;
	tn->entries++;
	tn->wire_entries += e->mode == TSOFF_MODE_WIRE;
	WRITE_ONCE(tn->generation, tn->generation + 1);
	return 0;
}

/* Out of the table; hooks may still be looking at it. */
static void unlink_entry(struct tsoff_net *tn, struct tsoff_entry *e)
{
	lockdep_assert_held(&tn->lock);
	WARN_ON_ONCE(rhashtable_remove_fast(&tn->table, &e->node, tsoff_rht_params));
	tn->entries--;
	tn->wire_entries -= e->mode == TSOFF_MODE_WIRE;
	WRITE_ONCE(tn->generation, tn->generation + 1);
}

void tsoff_remove(struct tsoff_net *tn, struct tsoff_entry *e)
{
	unlink_entry(tn, e);
	kfree_rcu(e, rcu);
}

static bool closed(int state)
{
	const int both = TSOFF_STATE_FIN_OUT | TSOFF_STATE_FIN_IN;

	return (state & both) == both ||
	       state & (TSOFF_STATE_RST | TSOFF_STATE_GONE | TSOFF_STATE_REUSED);
}

/* An established local connection is asked itself, which no packet can feign. */
static bool socket_exists(struct tsoff_net *tn, struct tsoff_entry *e)
{
	if (e->mode == TSOFF_MODE_SOCKET)
		return tsoff_socket_has(tn->net, e);
	if (tsoff_socket_exists(tn->net, &e->key)) {
		atomic_or(TSOFF_STATE_LOCAL, &e->state);
		atomic_andnot(TSOFF_STATE_GONE, &e->state);
		return true;
	}
	if (atomic_read(&e->state) & TSOFF_STATE_LOCAL)
		atomic_or(TSOFF_STATE_GONE, &e->state);
	return false;
}

bool tsoff_live(struct tsoff_net *tn, struct tsoff_entry *e)
{
	bool exists = socket_exists(tn, e);
	int state = atomic_read(&e->state);

	return !closed(state) && (exists || state & TSOFF_STATE_SEEN);
}

bool tsoff_note(struct tsoff_net *tn, struct tsoff_entry *e,
		enum tsoff_direction dir, bool syn, bool fin, bool rst)
{
	int state = atomic_read(&e->state);
	unsigned long now = jiffies;
	int set = 0;

	if (state & TSOFF_STATE_REUSED)
		return false;

	if (dir == TSOFF_DIR_OUT && syn) {
		/*
		 * The local end is beyond its handshake, so this is another
		 * connection's. (An arriving SYN proves nothing: anyone can
		 * send one.)
		 */
		if (state & TSOFF_STATE_SEEN) {
			atomic_or(TSOFF_STATE_REUSED, &e->state);
			mod_delayed_work(system_power_efficient_wq, &tn->gc, 0);
			return false;
		}
	} else if (dir == TSOFF_DIR_OUT && !rst) {
		set |= TSOFF_STATE_SEEN;
		/* It lives: that RST was not valid, or not from its peer. */
		if (state & TSOFF_STATE_RST)
			atomic_andnot(TSOFF_STATE_RST, &e->state);
	}
	if (fin)
		set |= dir == TSOFF_DIR_OUT ? TSOFF_STATE_FIN_OUT : TSOFF_STATE_FIN_IN;
	if (rst)
		set |= TSOFF_STATE_RST;

	/* Do not dirty the cache line for every packet of a busy connection. */
	if (set & ~state)
		atomic_or(set, &e->state);
	if (READ_ONCE(e->used) != now)
		WRITE_ONCE(e->used, now);
	return true;
}

enum { KEEP = -1 };

static int judge_expired(struct tsoff_net *tn, struct tsoff_entry *e)
{
	unsigned long idle = tsoff_idle(e);
	bool exists = socket_exists(tn, e);
	int state = atomic_read(&e->state);

	if (state & TSOFF_STATE_REUSED)
		return TSOFF_REASON_REUSED;
	if (exists)
		return KEEP;
	if (e->mode == TSOFF_MODE_SOCKET)
		return TSOFF_REASON_CLOSED;
	if (closed(state) && idle >= READ_ONCE(closed_seconds))
		return TSOFF_REASON_CLOSED;
	return idle >= e->timeout ? TSOFF_REASON_IDLE : KEEP;
}

static int judge_dead(struct tsoff_net *tn, struct tsoff_entry *e)
{
	return tsoff_live(tn, e) ? KEEP : TSOFF_REASON_COMMAND;
}

static int judge_all(struct tsoff_net *tn, struct tsoff_entry *e)
{
	return TSOFF_REASON_COMMAND;
}

/*
 * Takes out all entries for which @judge gives a reason. Not during the walk:
 * that counts how far it got in a chain, so having paused it would skip what
 * moved up for the removed. And events and sockets want to sleep.
 */
static unsigned int reap(struct tsoff_net *tn,
			 int (*judge)(struct tsoff_net *, struct tsoff_entry *))
{
	struct tsoff_entry *e, *dead = NULL;
	struct rhashtable_iter walk;
	unsigned int n = 0, looked = 0;

	lockdep_assert_held(&tn->lock);
	rhashtable_walk_enter(&tn->table, &walk);
	rhashtable_walk_start(&walk);
	while ((e = rhashtable_walk_next(&walk))) {
		if (IS_ERR(e))
			continue; /* the table is being resized: the walk began anew */
		if (!e->doomed) {
			e->reason = judge(tn, e);
			if (e->reason != KEEP) {
				e->doomed = true;
				e->next = dead;
				dead = e;
			}
		}
		if (!(++looked % 1024)) {
			rhashtable_walk_stop(&walk);
			cond_resched();
			rhashtable_walk_start(&walk);
		}
	}
	rhashtable_walk_stop(&walk);
	rhashtable_walk_exit(&walk);

	while ((e = dead)) {
		dead = e->next;
		unlink_entry(tn, e);
		if (e->reason == TSOFF_REASON_COMMAND)
			tsoff_socket_undo(tn->net, e);
		else
			tsoff_count(tn, TSOFF_S_EXPIRED);
		tsoff_netlink_event(tn, TSOFF_CMD_DEL, e);
		kfree_rcu(e, rcu);
		n++;
		cond_resched();
	}
	return n;
}

unsigned int tsoff_flush(struct tsoff_net *tn, bool all)
{
	return reap(tn, all ? judge_all : judge_dead);
}

void tsoff_gc_arm(struct tsoff_net *tn)
{
	queue_delayed_work(system_power_efficient_wq, &tn->gc,
			   max(READ_ONCE(gc_seconds), 1U) * HZ);
}

static void gc(struct work_struct *work)
{
	struct tsoff_net *tn = container_of(to_delayed_work(work), struct tsoff_net, gc);

	mutex_lock(&tn->lock);
	reap(tn, judge_expired);
	/* Here and not when the last entry goes: registering is not cheap. */
	if (!tn->wire_entries)
		tsoff_hook_unregister(tn);
	if (tn->entries)
		tsoff_gc_arm(tn);
	mutex_unlock(&tn->lock);
}

u64 tsoff_stat(struct tsoff_net *tn, enum tsoff_stat which)
{
	u64 sum = 0;
	int cpu;

	switch (which) {
	case TSOFF_S_ENTRIES:
		return READ_ONCE(tn->entries);
	case TSOFF_S_LIMIT:
		return READ_ONCE(tsoff_max_entries);
	default:
		for_each_possible_cpu(cpu)
			sum += per_cpu_ptr(tn->stats, cpu)->n[which];
		return sum;
	}
}

static int __net_init net_init(struct net *net)
{
	struct tsoff_net *tn = tsoff_net(net);
	int err;

	tn->net = net;
	tn->generation = 1;
	mutex_init(&tn->lock);
	INIT_DEFERRABLE_WORK(&tn->gc, gc);
	tn->stats = alloc_percpu_gfp(struct tsoff_stats, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!tn->stats)
		return -ENOMEM;
	err = rhashtable_init(&tn->table, &tsoff_rht_params);
	if (err)
		free_percpu(tn->stats);
	return err;
}

/* A grace period follows, and then net_exit: no hook runs any more by then. */
static void __net_exit net_pre_exit(struct net *net)
{
	struct tsoff_net *tn = tsoff_net(net);

	mutex_lock(&tn->lock);
	tsoff_hook_unregister(tn);
	mutex_unlock(&tn->lock);
}

static void free_entry(void *entry, void *unused)
{
	kfree(entry);
}

static void __net_exit net_exit(struct net *net)
{
	struct tsoff_net *tn = tsoff_net(net);

	cancel_delayed_work_sync(&tn->gc);
	rhashtable_free_and_destroy(&tn->table, free_entry, NULL);
	free_percpu(tn->stats);
}

static struct pernet_operations net_ops = {
	.init		= net_init,
	.pre_exit	= net_pre_exit,
	.exit		= net_exit,
	.id		= &tsoff_net_id,
	.size		= sizeof(struct tsoff_net),
};

int tsoff_table_init(void)
{
	BUILD_BUG_ON(sizeof(struct tsoff_key) != 40);
	/* Where jiffies have 32 bits, expiry has days to see that it is over before idle time wraps. */
	BUILD_BUG_ON((u64)TSOFF_TIMEOUT_MAX * HZ > U32_MAX / 4 * 3);
	return register_pernet_subsys(&net_ops);
}

void tsoff_table_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}

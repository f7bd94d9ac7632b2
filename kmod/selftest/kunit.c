// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the rewriting with the kernel's own checksum functions, and the table
 * with what decides about the life of its entries.
 */
#include <kunit/test.h>
#include <net/checksum.h>
#include <net/net_namespace.h>
#include "../tsoff_hook.h"
#include "../tsoff_table.h"
#include "kunit.h"

/* Rewriting */

enum { HEADER = 20, LONGEST = 60, ACK = 0x10 };

struct header {
	u8 bytes[LONGEST] __aligned(4);
	unsigned int len;
};

/* @nops before a timestamps option, padded; the checksum is right. */
static void make_header(struct header *h, unsigned int nops, u32 tsval, u32 tsecr, u8 flags)
{
	__be32 values[2] = { htonl(tsval), htonl(tsecr) };
	__sum16 sum;

	memset(h, 0, sizeof(*h));
	h->len = ALIGN(HEADER + nops + 10, 4);
	h->bytes[12] = h->len / 4 << 4;
	h->bytes[13] = flags;
	memset(h->bytes + HEADER, 1, nops);
	h->bytes[HEADER + nops] = 8;
	h->bytes[HEADER + nops + 1] = 10;
	memcpy(h->bytes + HEADER + nops + 2, values, sizeof(values));
	sum = csum_fold(csum_partial(h->bytes, h->len, 0));
	memcpy(h->bytes + 16, &sum, sizeof(sum));
}

static u32 value_at(const struct header *h, unsigned int at)
{
	__be32 value;

	memcpy(&value, h->bytes + at, sizeof(value));
	return ntohl(value);
}

static enum tsoff_verdict rewrite(struct header *h, enum tsoff_direction dir, u32 offset)
{
	struct tsoff_change change;
	enum tsoff_verdict verdict = tsoff_rewrite(h->bytes, h->len, dir, offset, &change);

	if (verdict == TSOFF_REWRITTEN)
		csum_replace4((__sum16 *)(h->bytes + 16), change.from, change.to);
	return verdict;
}

static const u32 edges[] = {
	0, 1, 2, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff,
};

static void rewrite_edges(struct kunit *test)
{
	unsigned int nops, i, j;
	struct header h;

	for (nops = 0; nops <= 30; nops++) {
		for (i = 0; i < ARRAY_SIZE(edges); i++) {
			for (j = 0; j < ARRAY_SIZE(edges); j++) {
				u32 value = edges[i], offset = edges[j];

				make_header(&h, nops, value, 7, ACK);
				KUNIT_EXPECT_EQ(test, (int)rewrite(&h, TSOFF_DIR_OUT, offset),
						offset ? TSOFF_REWRITTEN : TSOFF_KEPT);
				KUNIT_EXPECT_EQ(test, value_at(&h, HEADER + nops + 2), value + offset);
				KUNIT_EXPECT_EQ(test, value_at(&h, HEADER + nops + 6), 7U);
				KUNIT_EXPECT_EQ(test, (int)csum_fold(csum_partial(h.bytes, h.len, 0)), 0);

				make_header(&h, nops, 7, value, ACK);
				KUNIT_EXPECT_EQ(test, (int)rewrite(&h, TSOFF_DIR_IN, offset),
						offset && value ? TSOFF_REWRITTEN : TSOFF_KEPT);
				KUNIT_EXPECT_EQ(test, value_at(&h, HEADER + nops + 6),
						value ? value - offset : 0);
				KUNIT_EXPECT_EQ(test, (int)csum_fold(csum_partial(h.bytes, h.len, 0)), 0);
			}
		}
	}
}

static void rewrite_cut_short(struct kunit *test)
{
	struct header h;
	unsigned int len;

	for (len = HEADER; len < 32; len++) {
		make_header(&h, 2, 1, 2, ACK);
		h.len = len;
		KUNIT_EXPECT_EQ(test, (int)rewrite(&h, TSOFF_DIR_OUT, 5), TSOFF_MALFORMED);
		KUNIT_EXPECT_EQ(test, value_at(&h, HEADER + 4), 1U);
	}
}

/* The table, in the initial namespace */

static struct tsoff_entry *make_entry(unsigned int n)
{
	struct tsoff_entry *e = kzalloc(sizeof(*e), GFP_KERNEL);

	if (!e)
		return NULL;
	e->key.family = AF_INET;
	e->key.local.ip = htonl(0xc0000201);	/* 192.0.2.0/24: documentation */
	e->key.remote.ip = htonl(0xc0000202);
	e->key.local_port = htons(1 + n % 60000);
	e->key.remote_port = htons(1 + n / 60000);
	e->timeout = 100;
	e->used = jiffies;
	return e;
}

static void table_insert_find_remove(struct kunit *test)
{
	struct tsoff_net *tn = tsoff_net(&init_net);
	unsigned int n, before;
	struct tsoff_entry *e;

	mutex_lock(&tn->lock);
	before = tn->entries;
	for (n = 0; n < 5000; n++) {
		e = make_entry(n);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, e);
		KUNIT_EXPECT_EQ(test, tsoff_insert(tn, e), 0);
		KUNIT_EXPECT_PTR_EQ(test, tsoff_find(tn, &e->key), e);
	}
	e = make_entry(77);
	KUNIT_EXPECT_EQ(test, tsoff_insert(tn, e), -EEXIST);
	KUNIT_EXPECT_EQ(test, tn->entries, before + 5000);
	for (n = 0; n < 5000; n += 2) {
		struct tsoff_entry *key = make_entry(n);

		tsoff_remove(tn, tsoff_find(tn, &key->key));
		KUNIT_EXPECT_NULL(test, tsoff_find(tn, &key->key));
		kfree(key);
	}
	KUNIT_EXPECT_EQ(test, tsoff_flush(tn, true), 2500U);
	KUNIT_EXPECT_EQ(test, tn->entries, before);
	kfree(e);
	mutex_unlock(&tn->lock);
}

static void table_limit(struct kunit *test)
{
	struct tsoff_net *tn = tsoff_net(&init_net);
	unsigned int limit = tsoff_max_entries;
	struct tsoff_entry *one = make_entry(1), *two = make_entry(2);

	mutex_lock(&tn->lock);
	tsoff_max_entries = tn->entries + 1;
	KUNIT_EXPECT_EQ(test, tsoff_insert(tn, one), 0);
	KUNIT_EXPECT_EQ(test, tsoff_insert(tn, two), -ENOSPC);
	tsoff_max_entries = limit;
	tsoff_remove(tn, one);
	kfree(two);
	mutex_unlock(&tn->lock);
}

/* What packets say about the life of a connection. */
enum { OUT = TSOFF_DIR_OUT, IN = TSOFF_DIR_IN };
enum { SYN = 1, FIN = 2, RST = 4 };

static const struct step {
	int before, dir, flags, after;
	bool ours;
} steps[] = {
	/*  1 */ { 0, OUT, SYN, 0, true },
	/*  2 */ { 0, IN, SYN, 0, true },
	/*  3 */ { 0, IN, 0, 0, true },
	/*  4 */ { 0, OUT, 0, TSOFF_STATE_SEEN, true },
	/*  5 */ { TSOFF_STATE_SEEN, IN, SYN, TSOFF_STATE_SEEN, true },
	/*  6 */ { TSOFF_STATE_SEEN, OUT, SYN, TSOFF_STATE_SEEN | TSOFF_STATE_REUSED, false },
	/*  7 */ { TSOFF_STATE_REUSED, OUT, 0, TSOFF_STATE_REUSED, false },
	/*  8 */ { TSOFF_STATE_REUSED, IN, 0, TSOFF_STATE_REUSED, false },
	/*  9 */ { TSOFF_STATE_SEEN, OUT, FIN, TSOFF_STATE_SEEN | TSOFF_STATE_FIN_OUT, true },
	/* 10 */ { TSOFF_STATE_SEEN, IN, FIN, TSOFF_STATE_SEEN | TSOFF_STATE_FIN_IN, true },
	/* 11 */ { TSOFF_STATE_SEEN, IN, RST, TSOFF_STATE_SEEN | TSOFF_STATE_RST, true },
	/* 12 */ { TSOFF_STATE_SEEN | TSOFF_STATE_RST, IN, 0, TSOFF_STATE_SEEN | TSOFF_STATE_RST, true },
	/* 13 */ { TSOFF_STATE_SEEN | TSOFF_STATE_RST, OUT, 0, TSOFF_STATE_SEEN, true },
	/* 14 */ { 0, OUT, RST, TSOFF_STATE_RST, true },
	/* 15 */ { 0, OUT, RST | FIN, TSOFF_STATE_RST | TSOFF_STATE_FIN_OUT, true },
};

static void table_lifetime_steps(struct kunit *test)
{
	struct tsoff_net *tn = tsoff_net(&init_net);
	struct tsoff_entry *e = make_entry(1);
	int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct step *s = &steps[i];

		atomic_set(&e->state, s->before);
		KUNIT_EXPECT_EQ_MSG(test,
				    tsoff_note(tn, e, s->dir, s->flags & SYN, s->flags & FIN,
					       s->flags & RST),
				    s->ours, "step %d", i + 1);
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&e->state), s->after, "step %d", i + 1);
	}
	kfree(e);
}

static void table_live(struct kunit *test)
{
	struct tsoff_net *tn = tsoff_net(&init_net);
	struct tsoff_entry *e = make_entry(1);
	static const struct { int state; bool live; } cases[] = {
		{ 0, false },
		{ TSOFF_STATE_SEEN, true },
		{ TSOFF_STATE_SEEN | TSOFF_STATE_FIN_OUT, true },
		{ TSOFF_STATE_SEEN | TSOFF_STATE_FIN_IN, true },
		{ TSOFF_STATE_SEEN | TSOFF_STATE_FIN_IN | TSOFF_STATE_FIN_OUT, false },
		{ TSOFF_STATE_SEEN | TSOFF_STATE_RST, false },
		{ TSOFF_STATE_SEEN | TSOFF_STATE_REUSED, false },
		{ TSOFF_STATE_SEEN | TSOFF_STATE_LOCAL, false },	/* no such socket */
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		atomic_set(&e->state, cases[i].state);
		KUNIT_EXPECT_EQ_MSG(test, tsoff_live(tn, e), cases[i].live, "state %x", cases[i].state);
	}
	kfree(e);
}

static void hooks_are_idempotent(struct kunit *test)
{
	struct tsoff_net *tn = tsoff_net(&init_net);

	mutex_lock(&tn->lock);
	KUNIT_EXPECT_EQ(test, tsoff_hook_register(tn), 0);
	KUNIT_EXPECT_EQ(test, tsoff_hook_register(tn), 0);
	KUNIT_EXPECT_TRUE(test, tn->hooked);
	tsoff_hook_unregister(tn);
	tsoff_hook_unregister(tn);
	KUNIT_EXPECT_FALSE(test, tn->hooked);
	mutex_unlock(&tn->lock);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rewrite_edges),
	KUNIT_CASE(rewrite_cut_short),
	KUNIT_CASE(table_insert_find_remove),
	KUNIT_CASE(table_limit),
	KUNIT_CASE(table_lifetime_steps),
	KUNIT_CASE(table_live),
	KUNIT_CASE(hooks_are_idempotent),
	{}
};

static struct kunit_suite suite = {
	.name = "tsoffset",
	.test_cases = cases,
};

/*
 * Not kunit_test_suite(): that has the suite run before the module's own init
 * (kunit_module_notify(), MODULE_STATE_COMING), when there are no tables yet.
 */
void tsoff_kunit(void)
{
	kunit_run_tests(&suite);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "tsoff_rewrite.h"

/* Byte by byte: the value may be at any alignment. */
static u32 get_be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static void put_be32(u8 *p, u32 value)
{
	p[0] = value >> 24;
	p[1] = value >> 16;
	p[2] = value >> 8;
	p[3] = value;
}

enum {
	MIN_HEADER	= 20,
	BYTE_DOFF	= 12,
	BYTE_FLAGS	= 13,
	FLAG_ACK	= 0x10,
	KIND_EOL	= 0,
	KIND_NOP	= 1,
	KIND_TIMESTAMP	= 8,
	LEN_TIMESTAMP	= 10,
};

/*
 * Where the first timestamps option is, walking as the receiver will: an option
 * that says less than 2 or more than there is ends the list, and kind 8 of
 * another length is not a timestamps option.
 */
static int find_option(const u8 *tcp, unsigned int end, enum tsoff_verdict *why)
{
	unsigned int at = MIN_HEADER;

	*why = TSOFF_NO_OPTION;
	while (at < end && tcp[at] != KIND_EOL) {
		unsigned int len;

		if (tcp[at] == KIND_NOP) {
			at++;
			continue;
		}
		len = at + 1 < end ? tcp[at + 1] : 0;
		if (len < 2 || len > end - at) {
			*why = TSOFF_MALFORMED;
			return -1;
		}
		if (tcp[at] == KIND_TIMESTAMP && len == LEN_TIMESTAMP)
			return at;
		at += len;
	}
	return -1;
}

static __be32 as_summed(const u8 *value, unsigned int at)
{
	union {
		u8 byte[4];
		__be32 word;
	} u;
	unsigned int odd = at & 1;

	/* b0 b1 b2 b3 at an odd offset is summed as (.. b0) (b1 b2) (b3 ..). */
	u.byte[(0 + odd) & 3] = value[0];
	u.byte[(1 + odd) & 3] = value[1];
	u.byte[(2 + odd) & 3] = value[2];
	u.byte[(3 + odd) & 3] = value[3];
	return u.word;
}

enum tsoff_verdict tsoff_rewrite(u8 *tcp, unsigned int len,
				 enum tsoff_direction dir, u32 offset,
				 struct tsoff_change *change)
{
	unsigned int end = (tcp[BYTE_DOFF] >> 4) * 4;
	enum tsoff_verdict why;
	u32 value;
	int at;

	if (end < MIN_HEADER || end > len)
		return TSOFF_MALFORMED;
	at = find_option(tcp, end, &why);
	if (at < 0)
		return why;

	at += dir == TSOFF_DIR_OUT ? 2 : 6;
	value = get_be32(tcp + at);
	if (!offset)
		return TSOFF_KEPT;
	/* An echo of 0 says "nothing to echo", and without ACK it has no meaning. */
	if (dir == TSOFF_DIR_IN && (!value || !(tcp[BYTE_FLAGS] & FLAG_ACK)))
		return TSOFF_KEPT;

	change->from = as_summed(tcp + at, at);
	put_be32(tcp + at, dir == TSOFF_DIR_OUT ? value + offset : value - offset);
	change->to = as_summed(tcp + at, at);
	return TSOFF_REWRITTEN;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between Linux 5.10 and the newest, and nothing else.
 * A kernel older than 6.18 hands the hash table to the lookup of a socket; one
 * older than 6.7 has no microsecond timestamps.
 */
#ifndef _TSOFF_COMPAT_H
#define _TSOFF_COMPAT_H

#include <linux/version.h>
#include <net/genetlink.h>
#include <net/inet_hashtables.h>
#include <net/inet6_hashtables.h>
#include <net/tcp.h>

/* __inet_lookup_established() and its sister. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define TSOFF_LOOKUP(lookup, net, ...) lookup(net, &tcp_hashinfo, __VA_ARGS__)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define TSOFF_LOOKUP(lookup, net, ...) lookup(net, (net)->ipv4.tcp_death_row.hashinfo, __VA_ARGS__)
#else
#define TSOFF_LOOKUP(lookup, net, ...) lookup(net, __VA_ARGS__)
#endif

/* The present value of the clock that @tp stamps with, before its own offset. */
static inline u32 tsoff_clock(const struct tcp_sock *tp, u32 *rate)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	*rate = TCP_TS_HZ;
	return tcp_time_stamp_raw();
#else
	*rate = tp->tcp_usec_ts ? USEC_PER_SEC : MSEC_PER_SEC;
	return tcp_clock_ts(tp->tcp_usec_ts);
#endif
}

/* Who may listen to events: was spelled as a command's permission at first. */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define TSOFF_MCAST_FLAGS GENL_MCAST_CAP_NET_ADMIN
#else
#define TSOFF_MCAST_FLAGS GENL_UNS_ADMIN_PERM
#endif

/* Strict about the header's reserved bytes, where the kernel can be told so. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define TSOFF_STRICT_HEADER
#else
#define TSOFF_STRICT_HEADER .resv_start_op = __TSOFF_CMD_MAX,
#endif

#endif /* _TSOFF_COMPAT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local sockets: socket mode, and what others want to know of them.
 */
#ifndef _TSOFF_SOCKET_H
#define _TSOFF_SOCKET_H

#include <linux/types.h>

struct net;
struct sock;
struct tsoff_entry;
struct tsoff_key;

/*
 * The full socket of a connection, with a reference for sock_put(), or NULL. A
 * socket that is bound to a device is not found, and neither is one that has
 * not been accepted to be (SYN_RECV) or is no more (TIME_WAIT).
 */
struct sock *tsoff_socket_get(struct net *net, const struct tsoff_key *key);

/* Is there any socket of it, TIME_WAIT included? */
bool tsoff_socket_exists(struct net *net, const struct tsoff_key *key);

/* Socket mode: is the socket that got the offset still there, and still has it? */
bool tsoff_socket_has(struct net *net, const struct tsoff_entry *e);

/* What the socket would stamp now, its own offset included, and its tick rate in Hz. */
u32 tsoff_socket_tsval(const struct sock *sk, u32 *rate);

bool tsoff_socket_has_timestamps(const struct sock *sk);

/* Socket mode: replaces what @e has added so far by @offset. May sleep. */
void tsoff_socket_apply(struct sock *sk, struct tsoff_entry *e, u32 offset);

/* Socket mode: takes the offset back, if its socket is still there. May sleep. */
void tsoff_socket_undo(struct net *net, struct tsoff_entry *e);

#endif /* _TSOFF_SOCKET_H */

// SPDX-License-Identifier: GPL-2.0-only
#include "tsoff_compat.h"
#include "tsoff_socket.h"
#include "tsoff_table.h"

/*
 * With a reference; of any state that the table of connections holds. The
 * kernel's lookup walks that table under RCU and leaves it to its caller to be
 * in a read section, which commands and expiry, with a mutex alone, are not.
 */
static struct sock *lookup(struct net *net, const struct tsoff_key *key)
{
	u16 port = ntohs(key->local_port);
	struct sock *sk;

	rcu_read_lock();
#if IS_ENABLED(CONFIG_IPV6)
	if (key->family == AF_INET6)
		sk = TSOFF_LOOKUP(__inet6_lookup_established, net, &key->remote.in6,
				  key->remote_port, &key->local.in6, port, 0, 0);
	else
#endif
		sk = TSOFF_LOOKUP(__inet_lookup_established, net, key->remote.ip,
				  key->remote_port, key->local.ip, port, 0, 0);
	rcu_read_unlock();
	return sk;
}

struct sock *tsoff_socket_get(struct net *net, const struct tsoff_key *key)
{
	struct sock *sk = lookup(net, key);

	if (sk && !sk_fullsock(sk)) {
		sock_gen_put(sk);
		return NULL;
	}
	return sk;
}

bool tsoff_socket_exists(struct net *net, const struct tsoff_key *key)
{
	struct sock *sk = lookup(net, key);

	if (sk)
		sock_gen_put(sk);
	return sk;
}

bool tsoff_socket_has(struct net *net, const struct tsoff_entry *e)
{
	struct sock *sk = tsoff_socket_get(net, &e->key);
	bool has;

	if (!sk)
		return false;
	/*
	 * A later connection with these addresses and ports begins with the same
	 * (the kernel hashes them, or the addresses alone), unless it was restored
	 * with another. So it is what was added that tells them apart. A record of
	 * 0 passes for the later connection's, for which it says as little: there
	 * is nothing to take back, and another offset is put on top of 0.
	 */
	has = READ_ONCE(tcp_sk(sk)->tsoffset) == READ_ONCE(e->socket_tsoffset);
	sock_put(sk);
	return has;
}

u32 tsoff_socket_tsval(const struct sock *sk, u32 *rate)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return tsoff_clock(tp, rate) + READ_ONCE(tp->tsoffset);
}

bool tsoff_socket_has_timestamps(const struct sock *sk)
{
	return tcp_sk(sk)->rx_opt.tstamp_ok;
}

void tsoff_socket_apply(struct sock *sk, struct tsoff_entry *e, u32 offset)
{
	struct tcp_sock *tp = tcp_sk(sk);

	/* The offset is written by setsockopt() and read in softirq, all under this. */
	lock_sock(sk);
	WRITE_ONCE(tp->tsoffset, tp->tsoffset - e->offset + offset);
	WRITE_ONCE(e->socket_tsoffset, tp->tsoffset);
	release_sock(sk);
	WRITE_ONCE(e->offset, offset);
}

void tsoff_socket_undo(struct net *net, struct tsoff_entry *e)
{
	struct sock *sk;

	if (e->mode != TSOFF_MODE_SOCKET || !tsoff_socket_has(net, e))
		return;
	sk = tsoff_socket_get(net, &e->key);
	if (!sk)
		return;
	tsoff_socket_apply(sk, e, 0);
	sock_put(sk);
}

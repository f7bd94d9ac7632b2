// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wire mode: the two places that see each packet of local sockets and of
 * forwarded hosts alike, with the addresses that are on the wire.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "tsoff_hook.h"
#include "tsoff_table.h"

static void count_verdict(struct tsoff_net *tn, struct tsoff_entry *e,
			  enum tsoff_direction dir, enum tsoff_verdict verdict)
{
	switch (verdict) {
	case TSOFF_REWRITTEN:
		atomic64_inc(&e->packets[dir]);
		tsoff_count(tn, dir == TSOFF_DIR_OUT ? TSOFF_S_OUT : TSOFF_S_IN);
		break;
	case TSOFF_NO_OPTION:
		tsoff_count(tn, TSOFF_S_NO_OPTION);
		break;
	case TSOFF_MALFORMED:
		tsoff_count(tn, TSOFF_S_MALFORMED);
		break;
	case TSOFF_KEPT:
		break;
	}
}

/* @th and @len bytes from there belong to @skb alone. */
static enum tsoff_verdict shift(struct sk_buff *skb, struct tcphdr *th,
				unsigned int len, enum tsoff_direction dir,
				u32 offset)
{
	struct tsoff_change change;
	enum tsoff_verdict verdict;

	verdict = tsoff_rewrite((u8 *)th, len, dir, offset, &change);
	/*
	 * Knows about CHECKSUM_PARTIAL, where the field holds the sum of the
	 * pseudo header alone, and about CHECKSUM_COMPLETE, where the sum of
	 * all bytes stays the same since the field makes up for the value.
	 */
	if (verdict == TSOFF_REWRITTEN)
		inet_proto_csum_replace4(&th->check, skb, change.from, change.to, false);
	return verdict;
}

/*
 * A GSO packet of other kinds has one header for all of its segments. In this
 * kind each segment brings its own, before its data, and segmentation copies
 * no more than addresses and ports into it from the first.
 */
static bool own_fraglist(struct sk_buff *skb)
{
	struct sk_buff **link = &skb_shinfo(skb)->frag_list;

	for (; *link; link = &(*link)->next) {
		struct sk_buff *seg = *link;

		/* Someone holds the whole list, a packet socket for example. */
		if (skb_shared(seg)) {
			struct sk_buff *own = skb_clone(seg, GFP_ATOMIC);

			if (!own)
				return false;
			own->next = seg->next;
			*link = own;
			consume_skb(seg);
			seg = own;
		}
		if (skb_unclone(seg, GFP_ATOMIC))
			return false;
	}
	return true;
}

static void shift_fraglist(struct tsoff_net *tn, struct sk_buff *skb,
			   enum tsoff_direction dir, u32 offset)
{
	struct sk_buff *seg;

	skb_walk_frags(skb, seg) {
		u8 *th = skb_transport_header(seg);
		long len = skb_tail_pointer(seg) - th;

		if (!skb_transport_header_was_set(seg) ||
		    len < (long)sizeof(struct tcphdr) ||
		    shift(seg, (struct tcphdr *)th, len, dir, offset) == TSOFF_MALFORMED)
			tsoff_count(tn, TSOFF_S_MALFORMED);
	}
	tsoff_count(tn, TSOFF_S_FRAGLIST);
}

/* The TCP header is at @thoff. Whatever is wrong with a packet, it goes on its way. */
static void handle(struct tsoff_net *tn, struct sk_buff *skb, unsigned int thoff,
		   struct tsoff_key *key, enum tsoff_direction dir, bool fragment)
{
	struct tcphdr _th, *th;
	struct tsoff_entry *e;
	enum tsoff_verdict verdict;
	bool fraglist;
	unsigned int len;
	u32 offset;

	th = skb_header_pointer(skb, thoff, sizeof(_th), &_th);
	if (!th)
		return;
	key->local_port = dir == TSOFF_DIR_OUT ? th->source : th->dest;
	key->remote_port = dir == TSOFF_DIR_OUT ? th->dest : th->source;

	e = rhashtable_lookup(&tn->table, key, tsoff_rht_params);
	if (!e || e->mode != TSOFF_MODE_WIRE)
		return;
	if (fragment) {
		tsoff_count(tn, TSOFF_S_FRAGMENT);
		return;
	}
	if (!tsoff_note(tn, e, dir, th->syn, th->fin, th->rst))
		return;

	len = th->doff * 4;
	if (len < sizeof(*th) || skb->len < thoff + len) {
		tsoff_count(tn, TSOFF_S_MALFORMED);
		return;
	}
	fraglist = skb_is_gso(skb) && skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST;
	if (skb_ensure_writable(skb, thoff + len) ||
	    (fraglist && (skb_unclone(skb, GFP_ATOMIC) || !own_fraglist(skb)))) {
		tsoff_count(tn, TSOFF_S_UNWRITABLE);
		return;
	}
	th = (struct tcphdr *)(skb->data + thoff); /* it may have moved */
	offset = READ_ONCE(e->offset);
	verdict = shift(skb, th, len, dir, offset);
	if (fraglist)
		shift_fraglist(tn, skb, dir, offset);
	count_verdict(tn, e, dir, verdict);
}

/*
 * Is the end of @dir to be served here? A VRF has a packet meet the hooks twice,
 * at the port and at the VRF's own device. All that crosses a port meets them
 * there once each way, be it forwarded or of a local socket. What stays in this
 * machine meets no port: it leaves by the VRF's device, which does not tell it
 * from what goes on to a port yet, and comes in by it again. Both ends are
 * served there. (The round that follows an arrival at a port has no
 * PACKET_LOOPBACK.)
 */
static bool serves(const struct sk_buff *skb, const struct nf_hook_state *state,
		   enum tsoff_direction dir)
{
	if (state->hook == NF_INET_POST_ROUTING)
		return dir == TSOFF_DIR_OUT && !netif_is_l3_master(state->out);
	if (netif_is_l3_master(state->in))
		return skb->pkt_type == PACKET_LOOPBACK;
	return dir == TSOFF_DIR_IN;
}

static void serve4(struct sk_buff *skb, struct net *net, enum tsoff_direction dir)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct tsoff_key key = { .family = AF_INET };

	/* A later fragment has no ports, so nobody can tell whose it is. */
	if (iph->protocol != IPPROTO_TCP || iph->frag_off & htons(IP_OFFSET))
		return;
	key.local.ip = dir == TSOFF_DIR_OUT ? iph->saddr : iph->daddr;
	key.remote.ip = dir == TSOFF_DIR_OUT ? iph->daddr : iph->saddr;
	handle(tsoff_net(net), skb, ip_hdrlen(skb), &key, dir, ip_is_fragment(iph));
}

static unsigned int hook4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (serves(skb, state, TSOFF_DIR_OUT))
		serve4(skb, state->net, TSOFF_DIR_OUT);
	if (serves(skb, state, TSOFF_DIR_IN))
		serve4(skb, state->net, TSOFF_DIR_IN);
	return NF_ACCEPT;
}

#if IS_ENABLED(CONFIG_IPV6)
static void serve6(struct sk_buff *skb, struct net *net, enum tsoff_direction dir)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	struct tsoff_key key = { .family = AF_INET6 };
	u8 nexthdr = ip6h->nexthdr;
	__be16 frag_off = 0;
	int thoff;

	/* Stops at the header of a later fragment, which then is not TCP. */
	thoff = ipv6_skip_exthdr(skb, sizeof(*ip6h), &nexthdr, &frag_off);
	if (thoff < 0 || nexthdr != IPPROTO_TCP)
		return;
	key.local.in6 = dir == TSOFF_DIR_OUT ? ip6h->saddr : ip6h->daddr;
	key.remote.in6 = dir == TSOFF_DIR_OUT ? ip6h->daddr : ip6h->saddr;
	handle(tsoff_net(net), skb, thoff, &key, dir,
	       frag_off & htons(IP6_OFFSET | IP6_MF));
}

static unsigned int hook6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (serves(skb, state, TSOFF_DIR_OUT))
		serve6(skb, state->net, TSOFF_DIR_OUT);
	if (serves(skb, state, TSOFF_DIR_IN))
		serve6(skb, state->net, TSOFF_DIR_IN);
	return NF_ACCEPT;
}
#endif

/*
 * Out: after source NAT. In: before conntrack and destination NAT, and after
 * defragmentation where there is any.
 */
static const struct nf_hook_ops hooks[] = {
	{
		.hook		= hook4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= NF_IP_PRI_NAT_SRC + 10,
	},
	{
		.hook		= hook4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= NF_IP_PRI_RAW - 10,
	},
#if IS_ENABLED(CONFIG_IPV6)
	{
		.hook		= hook6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= NF_IP6_PRI_NAT_SRC + 10,
	},
	{
		.hook		= hook6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= NF_IP6_PRI_RAW - 10,
	},
#endif
};

int tsoff_hook_register(struct tsoff_net *tn)
{
	int err;

	lockdep_assert_held(&tn->lock);
	if (tn->hooked)
		return 0;
	err = nf_register_net_hooks(tn->net, hooks, ARRAY_SIZE(hooks));
	tn->hooked = !err;
	return err;
}

void tsoff_hook_unregister(struct tsoff_net *tn)
{
	lockdep_assert_held(&tn->lock);
	if (!tn->hooked)
		return;
	nf_unregister_net_hooks(tn->net, hooks, ARRAY_SIZE(hooks));
	tn->hooked = false;
}

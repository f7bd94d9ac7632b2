// SPDX-License-Identifier: GPL-2.0-only
/*
 * The protocol is described in uapi/tsoffset.h.
 */
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include "tsoff_compat.h"
#include "tsoff_netlink.h"
#include "tsoff_request.h"
#include "tsoff_socket.h"

static struct genl_family family;

/* Of what is not named here, userspace may send nothing. */
static const struct nla_policy entry_policy[TSOFF_E_MAX + 1] = {
	[TSOFF_E_LOCAL_ADDR]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[TSOFF_E_REMOTE_ADDR]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[TSOFF_E_LOCAL_PORT]	= { .type = NLA_U16 },
	[TSOFF_E_REMOTE_PORT]	= { .type = NLA_U16 },
	[TSOFF_E_OFFSET]	= { .type = NLA_U32 },
	[TSOFF_E_LAST_TSVAL]	= { .type = NLA_U32 },
	[TSOFF_E_MODE]		= NLA_POLICY_MAX(NLA_U8, TSOFF_MODE_MAX),
	[TSOFF_E_TIMEOUT]	= NLA_POLICY_MIN(NLA_U32, 1),
	[TSOFF_E_RATE_WAS]	= NLA_POLICY_MIN(NLA_U32, 1),
	[TSOFF_E_RATE_NOW]	= NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy policy[TSOFF_A_MAX + 1] = {
	[TSOFF_A_ENTRY]		= NLA_POLICY_NESTED(entry_policy),
	[TSOFF_A_FLAGS]		= NLA_POLICY_MASK(NLA_U32, TSOFF_FLAGS_ALL),
};

/* The parser of the kernel lets the last one win; a doubled attribute is a mistake. */
static int reject_doubled(const struct nlattr *head, int len, int repeatable,
			  struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	u32 seen = 0;
	int rest;

	BUILD_BUG_ON(TSOFF_E_MAX >= 32 || TSOFF_A_MAX >= 32);
	nla_for_each_attr(attr, head, len, rest) {
		if (nla_type(attr) == repeatable)
			continue;
		if (seen & BIT(nla_type(attr))) {
			NL_SET_ERR_MSG_ATTR(extack, attr, "attribute given twice");
			return -EINVAL;
		}
		seen |= BIT(nla_type(attr));
	}
	return 0;
}

static int check_top(struct genl_info *info)
{
	return reject_doubled(genlmsg_data(info->genlhdr),
			      genlmsg_len(info->genlhdr), TSOFF_A_ENTRY,
			      info->extack);
}

static bool get_address(const struct nlattr *attr, u32 family, union nf_inet_addr *to)
{
	memcpy(to, nla_data(attr), nla_len(attr));
	if (family == AF_INET)
		return to->ip && !ipv4_is_multicast(to->ip) && !ipv4_is_lbcast(to->ip);
	return !ipv6_addr_any(&to->in6) && !ipv6_addr_is_multicast(&to->in6) &&
	       !ipv6_addr_v4mapped(&to->in6);
}

static int get_key(struct nlattr **tb, const struct nlattr *attr, struct tsoff_key *key,
		   struct netlink_ext_ack *extack)
{
	const struct nlattr *local = tb[TSOFF_E_LOCAL_ADDR], *remote = tb[TSOFF_E_REMOTE_ADDR];

	if (!local || !remote || !tb[TSOFF_E_LOCAL_PORT] || !tb[TSOFF_E_REMOTE_PORT]) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "local and remote address and port are all needed");
		return -EINVAL;
	}
	if (nla_len(local) != nla_len(remote) ||
	    (nla_len(local) != sizeof(struct in_addr) &&
	     nla_len(local) != sizeof(struct in6_addr))) {
		NL_SET_ERR_MSG_ATTR(extack, remote, "addresses are of 4 or of 16 bytes, both alike");
		return -EINVAL;
	}
	key->family = nla_len(local) == sizeof(struct in_addr) ? AF_INET : AF_INET6;
	key->local_port = nla_get_be16(tb[TSOFF_E_LOCAL_PORT]);
	key->remote_port = nla_get_be16(tb[TSOFF_E_REMOTE_PORT]);
	if (!get_address(local, key->family, &key->local) ||
	    !get_address(remote, key->family, &key->remote)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "not the address of a TCP connection (an IPv4-mapped one is IPv4 on the wire)");
		return -EINVAL;
	}
	if (!key->local_port || !key->remote_port) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a port is 0");
		return -EINVAL;
	}
	return 0;
}

static int get_request(const struct nlattr *attr, struct tsoff_request *r,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TSOFF_E_MAX + 1];
	int err;

	err = nla_parse_nested(tb, TSOFF_E_MAX, attr, entry_policy, extack) ?:
	      reject_doubled(nla_data(attr), nla_len(attr), -1, extack) ?:
	      get_key(tb, attr, &r->key, extack);
	if (err)
		return err;
	if (tb[TSOFF_E_OFFSET] && tb[TSOFF_E_LAST_TSVAL]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[TSOFF_E_LAST_TSVAL], "either an offset or a last TSval");
		return -EINVAL;
	}
	r->attr = attr;
	r->has_offset = !!tb[TSOFF_E_OFFSET];
	r->has_last_tsval = !!tb[TSOFF_E_LAST_TSVAL];
	if (r->has_offset)
		r->value = nla_get_u32(tb[TSOFF_E_OFFSET]);
	if (r->has_last_tsval)
		r->value = nla_get_u32(tb[TSOFF_E_LAST_TSVAL]);
	r->has_mode = !!tb[TSOFF_E_MODE];
	if (r->has_mode)
		r->mode = nla_get_u8(tb[TSOFF_E_MODE]);
	r->has_timeout = !!tb[TSOFF_E_TIMEOUT];
	if (r->has_timeout)
		r->timeout = nla_get_u32(tb[TSOFF_E_TIMEOUT]);
	if (r->timeout > TSOFF_TIMEOUT_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, tb[TSOFF_E_TIMEOUT], "a timeout is 30 days at most");
		return -ERANGE;
	}
	if (tb[TSOFF_E_RATE_WAS])
		r->rate_was = nla_get_u32(tb[TSOFF_E_RATE_WAS]);
	if (tb[TSOFF_E_RATE_NOW])
		r->rate_now = nla_get_u32(tb[TSOFF_E_RATE_NOW]);
	return 0;
}

/* All entries of the message, for kvfree(). */
static struct tsoff_request *get_requests(struct genl_info *info, unsigned int *count)
{
	const struct nlattr *head = genlmsg_data(info->genlhdr), *attr;
	int len = genlmsg_len(info->genlhdr), rest, err = check_top(info);
	struct tsoff_request *requests;
	unsigned int n = 0;

	if (err)
		return ERR_PTR(err);
	nla_for_each_attr(attr, head, len, rest)
		n += nla_type(attr) == TSOFF_A_ENTRY;
	if (!n) {
		NL_SET_ERR_MSG(info->extack, "no entry given");
		return ERR_PTR(-EINVAL);
	}
	requests = kvcalloc(n, sizeof(*requests), GFP_KERNEL_ACCOUNT);
	if (!requests)
		return ERR_PTR(-ENOMEM);
	*count = n;
	n = 0;
	nla_for_each_attr(attr, head, len, rest) {
		if (nla_type(attr) != TSOFF_A_ENTRY)
			continue;
		err = get_request(attr, &requests[n++], info->extack);
		if (err) {
			kvfree(requests);
			return ERR_PTR(err);
		}
	}
	return requests;
}

static bool forced(struct genl_info *info)
{
	return info->attrs[TSOFF_A_FLAGS] &&
	       nla_get_u32(info->attrs[TSOFF_A_FLAGS]) & TSOFF_FLAG_FORCE;
}

static int cmd_store(struct sk_buff *skb, struct genl_info *info)
{
	struct tsoff_request *requests;
	unsigned int n;
	int err;

	requests = get_requests(info, &n);
	if (IS_ERR(requests))
		return PTR_ERR(requests);
	err = tsoff_requests_store(tsoff_net(genl_info_net(info)), requests, n,
				   info->genlhdr->cmd == TSOFF_CMD_SET, info->extack);
	kvfree(requests);
	return err;
}

static int cmd_delete(struct sk_buff *skb, struct genl_info *info)
{
	struct tsoff_request *requests;
	unsigned int n;
	int err;

	requests = get_requests(info, &n);
	if (IS_ERR(requests))
		return PTR_ERR(requests);
	err = tsoff_requests_delete(tsoff_net(genl_info_net(info)), requests, n,
				    forced(info), info->extack);
	kvfree(requests);
	return err;
}

static bool put_address(struct sk_buff *skb, int type, u32 family, const union nf_inet_addr *address)
{
	return nla_put(skb, type, family == AF_INET ? sizeof(address->in) : sizeof(address->in6), address);
}

static bool put_key(struct sk_buff *skb, const struct tsoff_key *key)
{
	return put_address(skb, TSOFF_E_LOCAL_ADDR, key->family, &key->local) ||
	       put_address(skb, TSOFF_E_REMOTE_ADDR, key->family, &key->remote) ||
	       nla_put_be16(skb, TSOFF_E_LOCAL_PORT, key->local_port) ||
	       nla_put_be16(skb, TSOFF_E_REMOTE_PORT, key->remote_port);
}

static bool put_socket(struct sk_buff *skb, struct tsoff_net *tn, const struct tsoff_entry *e)
{
	struct sock *sk = tsoff_socket_get(tn->net, &e->key);
	u32 rate, tsval;

	if (!sk)
		return false;
	tsval = tsoff_socket_tsval(sk, &rate);
	sock_put(sk);
	if (e->mode == TSOFF_MODE_WIRE)
		tsval += READ_ONCE(e->offset);
	return nla_put_u32(skb, TSOFF_E_TSVAL, tsval) ||
	       nla_put_u32(skb, TSOFF_E_RATE_NOW, rate);
}

static int put_entry(struct sk_buff *skb, struct tsoff_net *tn, const struct tsoff_entry *e)
{
	struct nlattr *nest = nla_nest_start(skb, TSOFF_A_ENTRY);

	if (!nest)
		return -EMSGSIZE;
	if (put_key(skb, &e->key) ||
	    nla_put_u32(skb, TSOFF_E_OFFSET, READ_ONCE(e->offset)) ||
	    nla_put_u8(skb, TSOFF_E_MODE, e->mode) ||
	    nla_put_u32(skb, TSOFF_E_TIMEOUT, READ_ONCE(e->timeout)) ||
	    nla_put_u32(skb, TSOFF_E_STATE, atomic_read(&e->state)) ||
	    nla_put_u32(skb, TSOFF_E_IDLE, tsoff_idle(e)) ||
	    nla_put_u64_64bit(skb, TSOFF_E_PACKETS_OUT,
			      atomic64_read(&e->packets[TSOFF_DIR_OUT]), TSOFF_E_PAD) ||
	    nla_put_u64_64bit(skb, TSOFF_E_PACKETS_IN,
			      atomic64_read(&e->packets[TSOFF_DIR_IN]), TSOFF_E_PAD) ||
	    put_socket(skb, tn, e)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int cmd_get(struct sk_buff *skb, struct genl_info *info)
{
	struct tsoff_net *tn = tsoff_net(genl_info_net(info));
	struct tsoff_request request = {};
	struct tsoff_entry *e;
	struct sk_buff *reply;
	void *header;
	int err = check_top(info);

	if (err)
		return err;
	if (!info->attrs[TSOFF_A_ENTRY]) {
		NL_SET_ERR_MSG(info->extack, "no entry given");
		return -EINVAL;
	}
	err = get_request(info->attrs[TSOFF_A_ENTRY], &request, info->extack);
	if (err)
		return err;
	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &family, 0, TSOFF_CMD_GET);

	rcu_read_lock();
	e = tsoff_find(tn, &request.key);
	err = !header ? -EMSGSIZE : !e ? -ENOENT : put_entry(reply, tn, e);
	rcu_read_unlock();
	if (err) {
		if (err == -ENOENT)
			NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[TSOFF_A_ENTRY], "this connection has no offset");
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);
}

struct dump {
	struct rhashtable_iter walk;
	unsigned int restarts;
};

static int dump_start(struct netlink_callback *cb)
{
	struct dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL);

	if (!dump)
		return -ENOMEM;
	rhashtable_walk_enter(&tsoff_net(sock_net(cb->skb->sk))->table, &dump->walk);
	cb->args[0] = (long)dump;
	return 0;
}

static int dump_done(struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->args[0];

	rhashtable_walk_exit(&dump->walk);
	kfree(dump);
	return 0;
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    struct tsoff_net *tn, const struct tsoff_entry *e)
{
	void *header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   &family, NLM_F_MULTI, TSOFF_CMD_GET);

	if (!header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, header);
	if (put_entry(skb, tn, e)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

static int cmd_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->args[0];
	struct tsoff_net *tn = tsoff_net(sock_net(cb->skb->sk));
	struct tsoff_entry *e;

	rhashtable_walk_start(&dump->walk);
	/* Peek first: the one that did not fit last time. */
	for (e = rhashtable_walk_peek(&dump->walk); e; e = rhashtable_walk_next(&dump->walk)) {
		/* A resize begins the walk anew, so something may come twice. */
		if (IS_ERR(e))
			dump->restarts++;
		cb->seq = READ_ONCE(tn->generation) + dump->restarts;
		if (!IS_ERR(e) && dump_one(skb, cb, tn, e))
			break;
	}
	rhashtable_walk_stop(&dump->walk);
	cb->seq = READ_ONCE(tn->generation) + dump->restarts;
	return skb->len;
}

static int cmd_flush(struct sk_buff *skb, struct genl_info *info)
{
	struct tsoff_net *tn = tsoff_net(genl_info_net(info));
	struct sk_buff *reply;
	void *header;
	unsigned int n;
	int err = check_top(info);

	if (err)
		return err;
	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &family, 0, TSOFF_CMD_FLUSH);

	mutex_lock(&tn->lock);
	n = tsoff_flush(tn, forced(info));
	mutex_unlock(&tn->lock);

	if (!header || nla_put_u32(reply, TSOFF_A_DELETED, n)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);
}

static int cmd_stats(struct sk_buff *skb, struct genl_info *info)
{
	struct tsoff_net *tn = tsoff_net(genl_info_net(info));
	struct sk_buff *reply;
	struct nlattr *nest;
	void *header;
	int i;

	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &family, 0, TSOFF_CMD_STATS);
	nest = header ? nla_nest_start(reply, TSOFF_A_STATS) : NULL;
	if (!nest)
		goto too_small;
	for (i = TSOFF_S_OUT; i <= TSOFF_S_MAX; i++)
		if (nla_put_u64_64bit(reply, i, tsoff_stat(tn, i), TSOFF_S_PAD))
			goto too_small;
	nla_nest_end(reply, nest);
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);

too_small:
	nlmsg_free(reply);
	return -EMSGSIZE;
}

/*
 * Expiry may want to tell something while the module is being unloaded. The
 * family's group then belongs to someone else.
 */
static DECLARE_RWSEM(events_lock);
static bool events_on;

void tsoff_netlink_event(struct tsoff_net *tn, enum tsoff_cmd cmd, struct tsoff_entry *e)
{
	struct sk_buff *skb;
	void *header;

	down_read(&events_lock);
	if (!events_on || !genl_has_listeners(&family, tn->net, 0))
		goto out;
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		goto lost;
	header = genlmsg_put(skb, 0, 0, &family, 0, cmd);
	if (!header || put_entry(skb, tn, e) ||
	    (cmd == TSOFF_CMD_DEL && nla_put_u32(skb, TSOFF_A_REASON, e->reason))) {
		nlmsg_free(skb);
		goto lost;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&family, tn->net, skb, 0, 0, GFP_KERNEL);
	goto out;
lost:
	genl_set_err(&family, tn->net, 0, 0, -ENOBUFS); /* the listeners see that one is missing */
out:
	up_read(&events_lock);
}

static const struct genl_ops ops[] = {
	{
		.cmd	= TSOFF_CMD_ADD,
		.doit	= cmd_store,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= TSOFF_CMD_SET,
		.doit	= cmd_store,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= TSOFF_CMD_DEL,
		.doit	= cmd_delete,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= TSOFF_CMD_GET,
		.doit	= cmd_get,
		.start	= dump_start,
		.dumpit	= cmd_dump,
		.done	= dump_done,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= TSOFF_CMD_FLUSH,
		.doit	= cmd_flush,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= TSOFF_CMD_STATS,
		.doit	= cmd_stats,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = TSOFF_GENL_EVENTS, .flags = TSOFF_MCAST_FLAGS },
};

static struct genl_family family __ro_after_init = {
	.name		= TSOFF_GENL_NAME,
	.version	= TSOFF_GENL_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.parallel_ops	= true,	/* each namespace has a lock of its own */
	.maxattr	= TSOFF_A_MAX,
	.policy		= policy,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
	TSOFF_STRICT_HEADER
};

int tsoff_netlink_init(void)
{
	int err = genl_register_family(&family);

	if (!err) {
		down_write(&events_lock);
		events_on = true;
		up_write(&events_lock);
	}
	return err;
}

void tsoff_netlink_exit(void)
{
	down_write(&events_lock);
	events_on = false;
	up_write(&events_lock);
	genl_unregister_family(&family);
}

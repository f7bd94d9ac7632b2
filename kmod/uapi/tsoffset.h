/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * tsoffset: an offset for the TCP timestamps of a connection
 * ==========================================================
 *
 * A connection that moves to another host meets another timestamp clock there.
 * If its TSval falls below what its peer has seen, the peer's PAWS check
 * (RFC 7323, section 5) discards everything that it sends. This module keeps an
 * offset for each such connection:
 *
 *	outgoing	TSval' = TSval + offset
 *	incoming	TSecr' = TSecr - offset, if ACK is set and TSecr is not 0
 *
 * mod 2^32, in ticks of the timestamp clock whatever their length. "Local" is
 * the end that moved, whether its socket is on this machine or on a machine
 * that this one forwards for. Addresses and ports are those on the wire: after
 * source NAT of what leaves, before destination NAT of what arrives.
 *
 * Modes
 * -----
 *
 * TSOFF_MODE_WIRE (the default) rewrites packets in the netfilter hooks of the
 * network namespace. The entry should be in place before the connection's
 * first packet after the move.
 *
 * TSOFF_MODE_SOCKET adds the offset once to a local socket's own, at no cost
 * per packet. The socket must exist; the best moment is while it is still in
 * TCP_REPAIR mode. It keeps the offset when the module is unloaded. The entry
 * is the record of it, which keeps a second offset from being put on top.
 *
 * Generic netlink family "tsoffset", version 1
 * --------------------------------------------
 *
 * Each command acts on the network namespace of its sender, and needs
 * CAP_NET_ADMIN in the user namespace that owns it. Messages are validated
 * strictly. An attribute may be given once, except TSOFF_A_ENTRY. What was
 * wrong is said in NLMSGERR_ATTR_MSG, and where in NLMSGERR_ATTR_OFFS.
 *
 * TSOFF_CMD_ADD	TSOFF_A_ENTRY, once or more. EEXIST if any is there.
 * TSOFF_CMD_SET	The same, but replaces the offset, the mode excepted.
 * TSOFF_CMD_DEL	TSOFF_A_ENTRY, once or more; the addresses and ports alone
 *			count. ENOENT if any is absent. EBUSY if any belongs to a
 *			live connection, which would stall again, unless
 *			TSOFF_FLAG_FORCE is given. In socket mode the socket's own
 *			offset is restored.
 *
 * Each of these three does all that it was told or nothing, however many
 * entries one message has. A large table so needs a large message; the
 * sender's socket buffer is the limit (SO_SNDBUFFORCE).
 *
 * TSOFF_CMD_GET	One entry by TSOFF_A_ENTRY; answered with that entry. As a
 *			dump, all of them, one a message. A dump during which the
 *			table changed is marked NLM_F_DUMP_INTR: do it again.
 * TSOFF_CMD_FLUSH	Deletes all entries that are not live; with
 *			TSOFF_FLAG_FORCE all. Answered with TSOFF_A_DELETED.
 * TSOFF_CMD_STATS	Answered with TSOFF_A_STATS.
 *
 * Events go to the multicast group "events": TSOFF_CMD_ADD, TSOFF_CMD_SET and
 * TSOFF_CMD_DEL with one TSOFF_A_ENTRY each; for TSOFF_CMD_DEL,
 * TSOFF_A_REASON says why.
 *
 * Lifetime
 * --------
 *
 * An entry goes when both ends have sent FIN, or one RST, or its local socket
 * is gone, and nothing was seen for a while (longer than TIME_WAIT); or after
 * TSOFF_E_TIMEOUT seconds without a packet if there is no local socket; or at
 * once when its local end opens a new connection with the same addresses and
 * ports. Otherwise only by command.
 */
#ifndef _UAPI_TSOFFSET_H
#define _UAPI_TSOFFSET_H

#define TSOFF_GENL_NAME		"tsoffset"
#define TSOFF_GENL_VERSION	1
#define TSOFF_GENL_EVENTS	"events"

enum tsoff_cmd {
	TSOFF_CMD_UNSPEC,
	TSOFF_CMD_ADD,
	TSOFF_CMD_SET,
	TSOFF_CMD_DEL,
	TSOFF_CMD_GET,
	TSOFF_CMD_FLUSH,
	TSOFF_CMD_STATS,
	__TSOFF_CMD_MAX
};

#define TSOFF_CMD_MAX (__TSOFF_CMD_MAX - 1)

enum tsoff_attr {
	TSOFF_A_UNSPEC,
	TSOFF_A_PAD,
	TSOFF_A_ENTRY,		/* nested TSOFF_E_* */
	TSOFF_A_FLAGS,		/* u32, TSOFF_FLAG_* */
	TSOFF_A_STATS,		/* nested TSOFF_S_*, from the kernel */
	TSOFF_A_DELETED,	/* u32, from the kernel: how many */
	TSOFF_A_REASON,		/* u32, TSOFF_REASON_*, from the kernel */
	__TSOFF_A_MAX
};

#define TSOFF_A_MAX (__TSOFF_A_MAX - 1)

#define TSOFF_FLAG_FORCE	(1U << 0)	/* even if a live connection stalls */
#define TSOFF_FLAGS_ALL		TSOFF_FLAG_FORCE

enum tsoff_entry_attr {
	TSOFF_E_UNSPEC,
	TSOFF_E_PAD,
	/* Which connection: all four, addresses of 4 or 16 bytes, both alike. */
	TSOFF_E_LOCAL_ADDR,
	TSOFF_E_REMOTE_ADDR,
	TSOFF_E_LOCAL_PORT,	/* be16 */
	TSOFF_E_REMOTE_PORT,	/* be16 */
	/*
	 * What to add: TSOFF_E_OFFSET, or TSOFF_E_LAST_TSVAL, the last TSval
	 * that the peer saw. From the latter the kernel computes the offset
	 * that lets the next TSval be one more; this needs the local socket.
	 */
	TSOFF_E_OFFSET,		/* u32 */
	TSOFF_E_LAST_TSVAL,	/* u32 */
	TSOFF_E_MODE,		/* u8, enum tsoff_mode */
	TSOFF_E_TIMEOUT,	/* u32, seconds */
	/*
	 * u32, Hz: the tick rate before the move and now. An offset cannot
	 * mend a changed rate, so EINVAL if they differ. Without RATE_NOW,
	 * the local socket's is taken if there is one. From the kernel:
	 * RATE_NOW of the local socket.
	 */
	TSOFF_E_RATE_WAS,
	TSOFF_E_RATE_NOW,
	/* From the kernel only. */
	TSOFF_E_STATE,		/* u32, TSOFF_STATE_* */
	TSOFF_E_TSVAL,		/* u32: the local socket's TSval on the wire, now */
	TSOFF_E_PACKETS_OUT,	/* u64: rewritten, a GSO packet counts as one */
	TSOFF_E_PACKETS_IN,	/* u64 */
	TSOFF_E_IDLE,		/* u32: seconds since the last packet */
	__TSOFF_E_MAX
};

#define TSOFF_E_MAX (__TSOFF_E_MAX - 1)

enum tsoff_mode {
	TSOFF_MODE_WIRE,
	TSOFF_MODE_SOCKET,
	__TSOFF_MODE_MAX
};

#define TSOFF_MODE_MAX (__TSOFF_MODE_MAX - 1)

#define TSOFF_STATE_SEEN	(1U << 0)	/* a packet of the established connection */
#define TSOFF_STATE_FIN_OUT	(1U << 1)
#define TSOFF_STATE_FIN_IN	(1U << 2)
#define TSOFF_STATE_RST		(1U << 3)
#define TSOFF_STATE_LOCAL	(1U << 4)	/* there is, or was, a local socket */
#define TSOFF_STATE_GONE	(1U << 5)	/* the local socket is gone */
#define TSOFF_STATE_REUSED	(1U << 6)	/* the local end opened a new connection */

enum tsoff_reason {
	TSOFF_REASON_COMMAND,
	TSOFF_REASON_CLOSED,
	TSOFF_REASON_IDLE,
	TSOFF_REASON_REUSED,
};

/* All u64. What is counted belongs to a connection in the table. */
enum tsoff_stat {
	TSOFF_S_UNSPEC,
	TSOFF_S_PAD,
	TSOFF_S_OUT,		/* packets whose TSval was rewritten */
	TSOFF_S_IN,		/* packets whose TSecr was rewritten */
	TSOFF_S_NO_OPTION,	/* untouched: no timestamps option */
	TSOFF_S_MALFORMED,	/* untouched: header or option list is cut or silly */
	TSOFF_S_UNWRITABLE,	/* untouched: no memory for a private header */
	TSOFF_S_FRAGMENT,	/* untouched: first IP fragment */
	TSOFF_S_FRAGLIST,	/* rewritten, each segment of a GSO list on its own */
	TSOFF_S_TABLE_FULL,	/* entries refused */
	TSOFF_S_EXPIRED,	/* entries whose lifetime ended */
	TSOFF_S_ENTRIES,	/* now, of every mode */
	TSOFF_S_LIMIT,		/* how many there may be */
	__TSOFF_S_MAX
};

#define TSOFF_S_MAX (__TSOFF_S_MAX - 1)

#endif /* _UAPI_TSOFFSET_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rewriting of one TCP header: bytes in, bytes out, nothing of the kernel.
 * So the same file is compiled into the user-space tests and their fuzzer.
 */
#ifndef _TSOFF_REWRITE_H
#define _TSOFF_REWRITE_H

#include <linux/types.h>

enum tsoff_direction {
	TSOFF_DIR_OUT,	/* the local end sends: TSval += offset */
	TSOFF_DIR_IN,	/* the local end receives: TSecr -= offset */
};

enum tsoff_verdict {
	TSOFF_REWRITTEN,
	TSOFF_KEPT,		/* there is a value, and it stays as it is */
	TSOFF_NO_OPTION,
	TSOFF_MALFORMED,
};

/*
 * What the checksum has to be told: this 32-bit word became that. A value at an
 * odd offset straddles the checksum's 16-bit words, so both are rotated to lie
 * as the sum saw them.
 */
struct tsoff_change {
	__be32 from;
	__be32 to;
};

/*
 * Shifts the first timestamps option of the TCP header at @tcp, of which @len
 * bytes may be read and written (@len >= 20). The checksum is the caller's:
 * after TSOFF_REWRITTEN, and only then, apply @change.
 */
enum tsoff_verdict tsoff_rewrite(u8 *tcp, unsigned int len,
				 enum tsoff_direction dir, u32 offset,
				 struct tsoff_change *change);

#endif /* _TSOFF_REWRITE_H */

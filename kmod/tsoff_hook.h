/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TSOFF_HOOK_H
#define _TSOFF_HOOK_H

struct tsoff_net;

/* Both are idempotent; the caller holds tsoff_net::lock. */
int tsoff_hook_register(struct tsoff_net *tn);
void tsoff_hook_unregister(struct tsoff_net *tn);

#endif /* _TSOFF_HOOK_H */

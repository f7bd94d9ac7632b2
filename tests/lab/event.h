// SPDX-License-Identifier: Apache-2.0
// What the kernel side of the rig (fate.bpf.c) tells the user side (kernel_events.cpp).
#pragma once

#include <linux/types.h>

enum lab_event_kind {
  LAB_ARRIVED = 1,  // netif_receive_skb on a watched namespace's device: where AF_PACKET taps see it too
  LAB_STATE = 2,    // tcp_probe: an established socket is about to process it; the state is the one before
  LAB_FREED = 3,    // kfree_skb: dropped, for `reason`
};

#define LAB_HEADER_BYTES 120  // the longest IPv4 header and the longest TCP header

struct lab_event {
  __u64 time_ns;  // monotonic
  __u64 skb;      // address; only an alias for the packet while it lives, so headers must agree too
  __u32 kind;
  __u32 netns;   // inode of the namespace (LAB_ARRIVED)
  __u32 reason;  // enum skb_drop_reason of the running kernel, 0 where it has none (LAB_FREED)
  __u32 length;  // skb->len from the IP header (LAB_ARRIVED)
  // The receiver (LAB_STATE).
  __u32 ts_recent;
  __u32 ts_recent_stamp;
  __u32 rcv_nxt;
  __u32 rcv_wup;
  __u32 rcv_wnd;
  __u32 snd_una;
  __u32 snd_nxt;
  __u32 snd_wl1;
  __u32 snd_wnd;
  __u32 rto_jiffies;
  __u8 header[LAB_HEADER_BYTES];  // from the IP header on (LAB_ARRIVED, LAB_FREED)
};

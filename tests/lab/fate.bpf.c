// SPDX-License-Identifier: Apache-2.0
// The truth: what became of each packet, told by the kernel's own tracepoints.
//
// Compiled once, relocated at load (CO-RE), so one object serves every kernel with BTF from 5.10 on. Only the
// members that are read are declared; libbpf finds their offsets in the running kernel's BTF.
#include <linux/bpf.h>
#include <stdbool.h>
// After linux/bpf.h, whose types the helpers use.
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "event.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ns_common {
  unsigned int inum;
};
struct net {
  struct ns_common ns;
};
typedef struct {
  struct net* net;
} possible_net_t;
struct net_device {
  possible_net_t nd_net;
};
struct sk_buff {
  struct net_device* dev;
  unsigned int len;
  __u16 network_header;
  unsigned char* head;
  unsigned char* data;
};
struct sock_common {
  possible_net_t skc_net;
};
struct sock {
  struct sock_common __sk_common;
};
struct tcp_options_received {
  int ts_recent_stamp;
  __u32 ts_recent;
};
struct inet_connection_sock {
  __u32 icsk_rto;
};
struct tcp_sock {
  struct inet_connection_sock inet_conn;
  struct tcp_options_received rx_opt;
  __u32 rcv_nxt;
  __u32 rcv_wup;
  __u32 rcv_wnd;
  __u32 snd_una;
  __u32 snd_nxt;
  __u32 snd_wl1;
  __u32 snd_wnd;
};
#pragma clang attribute pop

enum skb_drop_reason { SKB_NOT_DROPPED_YET };  // since 5.17; its values are read by name in user space

char LICENSE[] SEC("license") = "Dual BSD/GPL";  // the tracing helpers want a licence that the GPL admits

// Namespaces whose devices are watched: network traffic of the rest of the machine costs one comparison.
const volatile __u32 watched[4];

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 16 << 20);
} events SEC(".maps");

// Packets on their way: address of an skb that arrived. A free of any other skb is not our business.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, __u64);
  __type(value, __u32);
} arrived SEC(".maps");

// Events that found the ring full. Not 0: the truth is incomplete and the run worthless.
__u64 lost;

static struct lab_event* reserve(__u32 kind, const void* skb) {
  struct lab_event* event = bpf_ringbuf_reserve(&events, sizeof *event, 0);
  if (!event) {
    __sync_fetch_and_add(&lost, 1);
    return 0;
  }
  __builtin_memset(event, 0, sizeof *event);
  event->time_ns = bpf_ktime_get_ns();
  event->skb = (__u64)skb;
  event->kind = kind;
  return event;
}

SEC("raw_tp/netif_receive_skb")
int on_arrival(struct bpf_raw_tracepoint_args* ctx) {
  struct sk_buff* skb = (struct sk_buff*)ctx->args[0];
  const __u32 netns = BPF_CORE_READ(skb, dev, nd_net.net, ns.inum);
  if (!netns || (netns != watched[0] && netns != watched[1] && netns != watched[2] && netns != watched[3]))
    return 0;
  struct lab_event* event = reserve(LAB_ARRIVED, skb);
  if (!event) return 0;
  event->netns = netns;
  event->length = BPF_CORE_READ(skb, len);
  // Here skb->data is the IP header; network_header is set only after this tracepoint.
  bpf_probe_read_kernel(event->header, LAB_HEADER_BYTES, BPF_CORE_READ(skb, data));
  const __u64 key = (__u64)skb;
  bpf_map_update_elem(&arrived, &key, &netns, BPF_ANY);
  bpf_ringbuf_submit(event, 0);
  return 0;
}

SEC("raw_tp/tcp_probe")
int on_state(struct bpf_raw_tracepoint_args* ctx) {
  struct tcp_sock* tp = (struct tcp_sock*)ctx->args[0];
  const __u64 key = ctx->args[1];
  if (!bpf_map_lookup_elem(&arrived, &key)) return 0;
  struct lab_event* event = reserve(LAB_STATE, (void*)key);
  if (!event) return 0;
  event->ts_recent = BPF_CORE_READ(tp, rx_opt.ts_recent);
  event->ts_recent_stamp = (__u32)BPF_CORE_READ(tp, rx_opt.ts_recent_stamp);
  event->rcv_nxt = BPF_CORE_READ(tp, rcv_nxt);
  event->rcv_wup = BPF_CORE_READ(tp, rcv_wup);
  event->rcv_wnd = BPF_CORE_READ(tp, rcv_wnd);
  event->snd_una = BPF_CORE_READ(tp, snd_una);
  event->snd_nxt = BPF_CORE_READ(tp, snd_nxt);
  event->snd_wl1 = BPF_CORE_READ(tp, snd_wl1);
  event->snd_wnd = BPF_CORE_READ(tp, snd_wnd);
  event->rto_jiffies = BPF_CORE_READ(tp, inet_conn.icsk_rto);
  bpf_ringbuf_submit(event, 0);
  return 0;
}

SEC("raw_tp/kfree_skb")
int on_free(struct bpf_raw_tracepoint_args* ctx) {
  struct sk_buff* skb = (struct sk_buff*)ctx->args[0];
  const __u64 key = (__u64)skb;
  if (!bpf_map_lookup_elem(&arrived, &key)) return 0;
  bpf_map_delete_elem(&arrived, &key);
  struct lab_event* event = reserve(LAB_FREED, skb);
  if (!event) return 0;
  // The third argument came with the reasons. Without them the branch is cut at load, so that the verifier
  // does not see an argument that the tracepoint does not have.
  if (bpf_core_type_exists(enum skb_drop_reason)) event->reason = (__u32)ctx->args[2];
  bpf_probe_read_kernel(event->header, LAB_HEADER_BYTES,
                        BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header));
  bpf_ringbuf_submit(event, 0);
  return 0;
}

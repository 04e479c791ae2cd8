// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A queueing discipline that drops all packets that it is given.
//
// variants:
//   qdisc: ENQUEUE=1 // A queueing discipline, which drops what it is given by a kernel function.
//   qdisc_incomplete: ENQUEUE=0
//       // The queueing discipline without the function that packets are given to.
#include "struct_ops.h"

#define IFNAMSIZ 16
#define NET_XMIT_DROP 1

/* Structures of the kernel's: to declare them is not enough to name the kernel's function. */
struct sk_buff {
};

struct bpf_sk_buff_ptr {
};

struct Qdisc_ops {
	int (*enqueue)(void *skb, void *sch, void *to_free);
	void *(*dequeue)(void *sch);
	int (*init)(void *sch, void *arg, void *extack);
	void (*reset)(void *sch);
	void (*destroy)(void *sch);
	char id[IFNAMSIZ];
};

#if ENQUEUE
extern void bpf_qdisc_skb_drop(struct sk_buff *skb, struct bpf_sk_buff_ptr *to_free)
	SEC(".ksyms");

FUNCTION(enqueue, enqueue)
{
	bpf_qdisc_skb_drop((struct sk_buff *)ctx[0], (struct bpf_sk_buff_ptr *)ctx[2]);
	return NET_XMIT_DROP;
}
#endif

FUNCTION(dequeue, dequeue)
{
	return 0;
}

FUNCTION(init, begin)
{
	return 0;
}

FUNCTION(reset, reset)
{
	return 0;
}

FUNCTION(destroy, destroy)
{
	return 0;
}

SEC(LINKED)
struct Qdisc_ops queue = {
#if ENQUEUE
	.enqueue = (void *)enqueue,
#endif
	.dequeue = (void *)dequeue,
	.init = (void *)begin,
	.reset = (void *)reset,
	.destroy = (void *)destroy,
	.id = "ls_queue",
};

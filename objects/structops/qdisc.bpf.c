// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A queueing discipline that has nothing to send. It lacks the function that packets are given to,
// without which the kernel registers none.
#include "struct_ops.h"

#define IFNAMSIZ 16

struct Qdisc_ops {
	void *(*dequeue)(void *sch);
	void (*reset)(void *sch);
	void (*destroy)(void *sch);
	char id[IFNAMSIZ];
};

FUNCTION(dequeue, dequeue)
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
	.dequeue = (void *)dequeue,
	.reset = (void *)reset,
	.destroy = (void *)destroy,
	.id = "ls_queue",
};

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that asks for types of module veth, which the kernel itself may have instead.
#include "core.h"

struct veth_rq {
	_Bool rx_notify_masked;
} relocatable;

struct veth_priv {
	int unused;
} relocatable;

struct answers answers SEC(".maps");

SEC("xdp")
int reader(struct xdp_md *ctx)
{
	struct veth_rq *queue = 0;

	tell(&answers, 0, type_exists(struct veth_priv));
	tell(&answers, 1, type_size(struct veth_priv));
	if (field_exists(queue->rx_notify_masked))
		tell(&answers, 2, field_offset(queue->rx_notify_masked));
	return 1;
}

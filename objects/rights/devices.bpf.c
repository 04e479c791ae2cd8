// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A socket filter with a map of devices, for CAP_NET_ADMIN, which it does not use.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} devices SEC(".maps");

SEC("socket")
int pass(void *ctx)
{
	return 0;
}

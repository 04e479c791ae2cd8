// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What compilers write in different ways: references to maps that do not come first in their
// section, to global data and to functions, and what maps hold from the start.
#include "../bpf.h"

struct inner {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(key_size, 4);
	__uint(max_entries, 2);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [0] = (void *)&first, [1] = (void *)&second } };

int tail(void *ctx);

struct {
	__uint(type, MAP_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(max_entries, 1);
	__array(values, int(void *));
} programs SEC(".maps") = { .values = { [0] = (void *)tail } };

__u32 one = 1, two = 2;
static volatile __u32 own = 3;

static __noinline __u32 add(__u32 n)
{
	return n + own;
}

SEC("xdp") int tail(void *ctx)
{
	return 42;
}

SEC("xdp") int use(void *ctx)
{
	__u32 key = 0;
	__u32 *n = map_lookup_elem(&second, &key);

	tail_call(ctx, &programs, 0);
	return n ? add(*n) + two : one;
}

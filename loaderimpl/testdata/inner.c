// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps that hold maps and programs from the start; the outer ones are used before the inner ones are defined.
#include "bpf.h"

struct inner {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
};

extern struct inner first, second;
int last(void *ctx);

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(key_size, 4);
	__uint(max_entries, 4);
	__array(values, struct inner);
} in_array SEC(".maps") = { .values = { [0] = (void *)&first, [3] = (void *)&second } };

struct {
	__uint(type, MAP_HASH_OF_MAPS);
	__uint(key_size, 4);
	__uint(max_entries, 8);
	__array(values, struct inner);
} in_hash SEC(".maps") = { .values = { [5] = (void *)&second } };

struct inner first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, MAP_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(max_entries, 3);
	__array(values, int(void *));
} programs SEC(".maps") = { .values = { [2] = (void *)last } };

SEC("xdp") int last(void *ctx)
{
	return 42;
}

SEC("xdp") int use(void *ctx)
{
	tail_call(ctx, &programs, 2);
	return XDP_PASS;
}

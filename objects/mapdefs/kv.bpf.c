// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose key and value have types of one kind.
//
// variants:
//   kv_char: KEY=__u8 VALUE=char // A map from one byte to one byte.
//   kv_enum: KEY=enum colour VALUE=enum shape // A map from an enum to an enum.
//   kv_struct: KEY=struct endpoint VALUE=struct traffic // A map from a struct to a struct.
//   kv_union: KEY=union address VALUE=union number // A map from a union to a union.
//   kv_typedef: KEY=address_t VALUE=bytes_t // A map from a typedef to a typedef.
//   kv_qualifier: KEY=const __u32 VALUE=volatile __u64
//       // A map whose key type is const, and whose value type is volatile.
//   kv_array: KEY=__u32 VALUE=__u16[6] // A map whose value is an array.
//   kv_zero_array: KEY=__u32 VALUE=struct header
//       // A map whose value ends in an array of no length.
//   kv_anonymous: KEY=__u32 VALUE=struct { __u32 left; __u32 right; }
//       // A map whose value is a struct without a name.
#include "bpf.h"

enum colour { RED, GREEN };
enum shape { ROUND, SQUARE };

struct endpoint {
	__u32 address;
	__u16 port;
	__u16 zero;
};

struct traffic {
	__u64 packets;
	__u64 bytes;
};

union address {
	__u32 v4;
	__u32 v6[4];
};

union number {
	__u64 whole;
	__u32 half[2];
};

typedef __u32 address_t;
typedef __u64 bytes_t;

struct header {
	__u32 length;
	__u8 payload[0];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, KEY);
	__type(value, VALUE);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

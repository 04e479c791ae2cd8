// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure that the kernel has for tests: it holds programs, which run by BPF_PROG_TEST_RUN, and
// is never registered (net/bpf/bpf_dummy_struct_ops.c).
//
// variants:
//   dummy: SECTION=LINKED SUFFIX= ONE="struct_ops/test_1" TWO="struct_ops/test_2"
//       // A structure that the kernel has for tests and does not register, for a link.
//   dummy_by_map: SECTION=UNLINKED // The structure, for its map.
//   dummy_sleepable_two: TWO="struct_ops.s/test_2"
//       // The structure with a program that may sleep where the kernel forbids it.
#include "struct_ops.h"

struct bpf_dummy_ops_state {
	int val;
};

#define JOIN(a, b) a##b
#define STRUCTURE(suffix) JOIN(bpf_dummy_ops, suffix)

struct STRUCTURE(SUFFIX) {
	int (*test_1)(struct bpf_dummy_ops_state *state);
	int (*test_2)(struct bpf_dummy_ops_state *state, int a1, unsigned short a2, char a3,
		      unsigned long a4);
};

SEC(ONE)
int one(__u64 *ctx)
{
	return 1001;
}

SEC(TWO)
int two(__u64 *ctx)
{
	return 1002;
}

SEC(SECTION)
struct STRUCTURE(SUFFIX) dummy = {
	.test_1 = (void *)one,
	.test_2 = (void *)two,
};

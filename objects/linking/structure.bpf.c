// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure that the kernel has for tests, in the section in which another object has one.
//
// variants:
//   structure: NAME=first FUNCTION=one RESULT=1001
//       // A structure of the kernel's whose function gives 1001.
//   structure_other: NAME=second FUNCTION=two RESULT=1002
//       // Another structure, whose function gives 1002.
//   structure_same: NAME=first FUNCTION=two RESULT=1002
//       // A structure of the name of the first one, whose function gives 1002.
#include "bpf.h"

struct bpf_dummy_ops_state {
	int val;
};

struct bpf_dummy_ops {
	int (*test_1)(struct bpf_dummy_ops_state *state);
	int (*test_2)(struct bpf_dummy_ops_state *state, int a1, unsigned short a2, char a3,
		      unsigned long a4);
};

SEC("struct_ops/test_1")
int FUNCTION(__u64 *ctx)
{
	return RESULT;
}

SEC(".struct_ops.link")
struct bpf_dummy_ops NAME = {
	.test_1 = (void *)FUNCTION,
};

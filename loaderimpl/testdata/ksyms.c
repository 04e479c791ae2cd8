// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Symbols of the kernel's: without a type, variables, and functions, called or only looked at.
#include "bpf.h"

#define KSYM SEC(".ksyms")
struct task_struct {
	int pid;
};
extern const void untyped KSYM;
extern const void untyped_weak KSYM __weak;
extern const int variable KSYM;
extern const int variable_weak KSYM __weak;
extern struct task_struct *function(struct task_struct *task) KSYM;
extern void function___variant(int a, __u64 b) KSYM __weak;

SEC("raw_tp/sys_enter") int use(void *ctx)
{
	__u64 seen = (__u64)&untyped + (__u64)&untyped_weak + (__u64)&variable;

	if (&variable_weak)
		seen += variable_weak;
	if (function___variant)
		function___variant(1, 2);
	function(0);
	return seen;
}

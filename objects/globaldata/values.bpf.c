// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Variables in data, in read-only data and in data of zeros, a program that reads each, and
// programs that write to those that can be written to.
#include "bpf.h"

volatile const __u32 constant = 7;
volatile __u32 initialised = 40;
volatile __u32 zero;

SEC("xdp")
int read_constant(struct xdp_md *ctx)
{
	return constant;
}

SEC("xdp")
int read_initialised(struct xdp_md *ctx)
{
	return initialised;
}

SEC("xdp")
int read_zero(struct xdp_md *ctx)
{
	return zero;
}

SEC("xdp")
int write_initialised(struct xdp_md *ctx)
{
	initialised = 41;
	return XDP_PASS;
}

SEC("xdp")
int write_zero(struct xdp_md *ctx)
{
	zero = 1;
	return XDP_PASS;
}

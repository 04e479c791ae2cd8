// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A function that adds 1000, which another object calls, and a program that the kernel takes under
// the GPL only, without a licence.

static long (*const bpf_probe_read_kernel)(void *to, unsigned int size,
					   const void *from) = (void *)113;

__attribute__((noinline)) int shared(int x)
{
	asm volatile("" : "+r"(x));
	return x + 1000;
}

__attribute__((section("xdp"), used)) int run(void *ctx)
{
	unsigned int nothing;

	bpf_probe_read_kernel(&nothing, sizeof(nothing), 0);
	return shared(5);
}

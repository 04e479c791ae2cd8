// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A value of the kernel's configuration that no kernel has, and programs that return its halves.
//
// variants:
//   kconfig_bool: TYPE=_Bool LINK= // A value that is y or n.
//   kconfig_tristate: TYPE=enum libbpf_tristate // A value that is y, n or m.
//   kconfig_char: TYPE=char // A value that is a letter or a small number.
//   kconfig_byte: TYPE=unsigned char // A value of 8 bits without a sign.
//   kconfig_short: TYPE=short // A value of 16 bits.
//   kconfig_ushort: TYPE=unsigned short // A value of 16 bits without a sign.
//   kconfig_int: TYPE=int // A value of 32 bits.
//   kconfig_uint: TYPE=unsigned int // A value of 32 bits without a sign.
//   kconfig_long: TYPE=long long // A value of 64 bits.
//   kconfig_ulong: TYPE=unsigned long long // A value of 64 bits without a sign.
//   kconfig_weak: TYPE=int LINK=__weak // A value that programs can do without.
//   kconfig_enum: TYPE=enum other // A value of an enum that is not libbpf's of three states.
#include "extern.h"

enum other { OTHER = 1 };

extern TYPE CONFIG_LOADSTONE __kconfig LINK;

SEC("xdp")
int low(struct xdp_md *ctx)
{
	return (__u64)CONFIG_LOADSTONE;
}

SEC("xdp")
int high(struct xdp_md *ctx)
{
	return (__u64)CONFIG_LOADSTONE >> 32;
}

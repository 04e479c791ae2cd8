// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that reads an option of the kernel's configuration, which is one byte.
//
// variants:
//   kconfig_bool: BYTE=_Bool PROGRAM=read // A program that reads an option as a boolean.
//   kconfig_bool_other: PROGRAM=read_other // Another program that reads it as a boolean.
//   kconfig_char: BYTE=char PROGRAM=read_other
//       // Another program that reads the option as a character: y, m or n.
#include "extern.h"

extern BYTE CONFIG_LOADSTONE __kconfig;

SEC("xdp")
int PROGRAM(struct xdp_md *ctx)
{
	return CONFIG_LOADSTONE;
}

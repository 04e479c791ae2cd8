// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that reads an option of the kernel's configuration, which another object reads too.
//
// variants:
//   kconfig: TYPE=int LINK= PROGRAM=read // A program that reads an option of the configuration.
//   kconfig_other: PROGRAM=read_other // Another program that reads the option.
//   kconfig_long: TYPE=long PROGRAM=read_other
//       // The other program, which declares the option with another type.
//   kconfig_weak: LINK=__weak PROGRAM=read_weak
//       // A program that reads the option and can do without.
//   kconfig_weak_other: LINK=__weak PROGRAM=read_other
//       // Another program that reads the option and can do without.
#include "extern.h"

extern TYPE CONFIG_LOADSTONE __kconfig LINK;

SEC("xdp")
int PROGRAM(struct xdp_md *ctx)
{
	return CONFIG_LOADSTONE;
}

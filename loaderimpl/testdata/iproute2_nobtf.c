// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The same maps, compiled without BTF.
#include "iproute2.c"

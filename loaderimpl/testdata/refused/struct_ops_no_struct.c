// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure for the kernel to call that is none.
#include "../bpf.h"

int ops SEC(".struct_ops") = 1;

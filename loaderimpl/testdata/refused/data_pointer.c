// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Global data with a pointer in it.
#include "../bpf.h"

int target = 5;
int *pointer SEC(".data.pointers") = &target;

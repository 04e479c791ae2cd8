// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A variable that is no struct.
#include "../bpf.h"

int m SEC(".maps");

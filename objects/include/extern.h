/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How an object declares what it expects the kernel to have: values of its configuration, and its
 * symbols.
 */
#pragma once

#include "bpf.h"

#define __kconfig EXTERN_SEC(".kconfig")
#define __ksym EXTERN_SEC(".ksyms")

enum libbpf_tristate {
	TRI_NO = 0,
	TRI_YES = 1,
	TRI_MODULE = 2,
};

static __u32 (*const bpf_get_smp_processor_id)(void) = (void *)8;
static void *(*const bpf_this_cpu_ptr)(const void *percpu_ptr) = (void *)154;

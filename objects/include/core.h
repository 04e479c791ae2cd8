/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a program asks for what depends on the types of a kernel: CO-RE relocations. The numbers are
 * the compiler's (clang's BPFCORE.h); a loader finds others in the object (enum bpf_core_relo_kind,
 * include/uapi/linux/bpf.h).
 */
#pragma once

#include "bpf.h"

#define relocatable __attribute__((preserve_access_index))

#define field_offset(field) __builtin_preserve_field_info(field, 0)
#define field_size(field) __builtin_preserve_field_info(field, 1)
#define field_exists(field) __builtin_preserve_field_info(field, 2)
#define field_signed(field) __builtin_preserve_field_info(field, 3)
#define field_left(field) __builtin_preserve_field_info(field, 4)
#define field_right(field) __builtin_preserve_field_info(field, 5)

#define type_id_here(type) __builtin_btf_type_id(*(typeof(type) *)0, 0)
#define type_id_there(type) __builtin_btf_type_id(*(typeof(type) *)0, 1)
#define type_exists(type) __builtin_preserve_type_info(*(typeof(type) *)0, 0)
#define type_size(type) __builtin_preserve_type_info(*(typeof(type) *)0, 1)
#define type_matches(type) __builtin_preserve_type_info(*(typeof(type) *)0, 2)

#define enumerator_exists(type, name) __builtin_preserve_enum_value(*(typeof(type) *)name, 0)
#define enumerator_value(type, name) __builtin_preserve_enum_value(*(typeof(type) *)name, 1)

/* Reads a field that may be of some bits only, there or here. */
#define read_bits(from, field) ({ \
	const void *at = (const void *)(from) + field_offset((from)->field); \
	__u64 bits = 0; \
\
	asm volatile("" : "+r"(at)); \
	switch (field_size((from)->field)) { \
	case 1: \
		bits = *(const __u8 *)at; \
		break; \
	case 2: \
		bits = *(const __u16 *)at; \
		break; \
	case 4: \
		bits = *(const __u32 *)at; \
		break; \
	case 8: \
		bits = *(const __u64 *)at; \
		break; \
	} \
	bits <<= field_left((from)->field); \
	if (field_signed((from)->field)) \
		bits = (__s64)bits >> field_right((from)->field); \
	else \
		bits >>= field_right((from)->field); \
	bits; \
})

/* What a program tells: numbers, each in a place of its own. A place that it does not fill is 0. */
struct answers {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 32);
	__type(key, __u32);
	__type(value, __u64);
};

static inline __attribute__((always_inline)) void tell(void *answers, __u32 place, __u64 number)
{
	bpf_map_update_elem(answers, &place, &number, BPF_ANY);
}

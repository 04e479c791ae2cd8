/* SPDX-License-Identifier: Apache-2.0 */
/* What each version of libbpf can do, as far as its driver lets it. */
#ifndef CLAIMS_H
#define CLAIMS_H

static const struct { const char *feature, *support, *reason; } claims[] = {
	{ FEATURE_BTF_MAPS, SUPPORT_YES, "" },
	{ FEATURE_IGNORE_UNKNOWN_FIELDS, SUPPORT_YES, "" },
	{ FEATURE_PINNING, SUPPORT_YES, "" },
	{ FEATURE_NUMA, SUPPORT_YES, "" },
	{ FEATURE_MAP_IN_MAP, SUPPORT_YES, "" },
	{ FEATURE_MAP_CREATE, SUPPORT_YES, "" },
	{ FEATURE_UNPRIVILEGED, SUPPORT_YES, "" },
#if HAVE_TOKENS
	{ FEATURE_BPF_TOKEN, SUPPORT_YES, "" },
#else
	{ FEATURE_BPF_TOKEN, SUPPORT_NO, NO_TOKENS },
#endif
	{ FEATURE_METADATA, SUPPORT_KERNEL_DEPENDENT, "needs BPF_PROG_BIND_MAP" },
#if AT_LEAST(1, 0)
	{ FEATURE_LEGACY_MAPS, SUPPORT_NO, "removed in libbpf 1.0" },
#else
	{ FEATURE_LEGACY_MAPS, SUPPORT_YES, "" },
#endif
#if AT_LEAST(0, 6)
	{ FEATURE_GLOBAL_DATA, SUPPORT_YES, "" },
#else
	{ FEATURE_GLOBAL_DATA, SUPPORT_PARTIAL, "one .data, .rodata and .bss only" },
#endif
	{ FEATURE_KCONFIG, SUPPORT_YES, "" },
#if AT_LEAST(0, 6)
	{ FEATURE_KSYMS, SUPPORT_YES, "" },
#else
	{ FEATURE_KSYMS, SUPPORT_PARTIAL, "functions, and what modules have, came with 0.4 to 0.6" },
#endif
	{ FEATURE_IPROUTE2_MAPS, SUPPORT_NO, "libbpf does not know struct bpf_elf_map" },
	{ FEATURE_CALLBACK_MAPS, SUPPORT_NO, "libbpf has no callbacks for maps" },
#if HAVE_HANDLERS
	{ FEATURE_PROGRAM_HANDLERS, SUPPORT_YES, "" },
#else
	{ FEATURE_PROGRAM_HANDLERS, SUPPORT_NO, "libbpf_register_prog_handler came with 0.8" },
#endif
#if HAVE_LINKER
	{ FEATURE_STATIC_LINK, SUPPORT_YES, "" },
#else
	{ FEATURE_STATIC_LINK, SUPPORT_NO, NO_LINKER },
#endif
	{ FEATURE_XDP_ATTACH, SUPPORT_YES, "" },
	{ FEATURE_XDP_CHAIN, SUPPORT_NO, "the business of libxdp" },
#if AT_LEAST(1, 4)
	{ FEATURE_STRUCT_OPS, SUPPORT_YES, "" },
#elif AT_LEAST(1, 2)
	{ FEATURE_STRUCT_OPS, SUPPORT_PARTIAL, "no other names, optional sections or members to set" },
#else
	{ FEATURE_STRUCT_OPS, SUPPORT_PARTIAL, "registered by maps only" },
#endif
	{ FEATURE_CORE, SUPPORT_YES, "" },
#if HAVE_CUSTOM_BTF
	{ FEATURE_CUSTOM_BTF, SUPPORT_YES, "" },
#else
	{ FEATURE_CUSTOM_BTF, SUPPORT_NO, NO_CUSTOM_BTF },
#endif
	{ FEATURE_SPLIT_BTF, SUPPORT_NO, NO_SPLIT_BTF },
};

#endif

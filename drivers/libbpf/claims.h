/* SPDX-License-Identifier: Apache-2.0 */
/* What each version of libbpf can do, as far as its driver lets it. */
#ifndef CLAIMS_H
#define CLAIMS_H

static const struct { const char *feature, *support, *reason; } claims[] = {
	{ "btf-maps", "yes", "" },
	{ "ignore-unknown-fields", "yes", "" },
	{ "pinning", "yes", "" },
	{ "numa", "yes", "" },
	{ "map-in-map", "yes", "" },
	{ "map-create", "yes", "" },
	{ "metadata", "kernel-dependent", "needs BPF_PROG_BIND_MAP" },
#if AT_LEAST(1, 0)
	{ "legacy-maps", "no", "removed in libbpf 1.0" },
#else
	{ "legacy-maps", "yes", "" },
#endif
#if AT_LEAST(0, 6)
	{ "global-data", "yes", "" },
#else
	{ "global-data", "partial", "one .data, .rodata and .bss only" },
#endif
	{ "iproute2-maps", "no", "libbpf does not know struct bpf_elf_map" },
	{ "callback-maps", "no", "libbpf has no callbacks for maps" },
#if HAVE_HANDLERS
	{ "program-handlers", "yes", "" },
#else
	{ "program-handlers", "no", "libbpf_register_prog_handler came with 0.8" },
#endif
	{ "static-link", "no", "not in this driver" },
	{ "xdp-chain", "no", "the business of libxdp" },
	{ "struct-ops", "partial", "this driver loads them and does not attach them" },
	{ "split-btf", "no", "not in this driver" },
};

#endif

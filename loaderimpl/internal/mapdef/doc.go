// SPDX-License-Identifier: Apache-2.0

// Package mapdef reads what an object says of its maps. Four ways to define maps, and handlers of
// the caller's, end in one [Definition]; no layer above asks which way it was.
//
// Read definition.go, then find.go ([Find]: sections to definitions), then a file for each way:
//
//	btf.go        section .maps
//	values.go       what maps hold from the start
//	legacy.go     section maps, and struct bpf_map_def in it
//	layout.go       which struct it is
//	iproute2.go     struct bpf_elf_map
//	samples.go      struct bpf_load_map_def
//	data.go       .data, .rodata, .bss, .percpu
//	arena.go      .addr_space.1, an arena's variables
//	kconfig.go    values of the kernel's configuration, which no section holds
//	structops.go  .struct_ops and .struct_ops.link
//	handler.go    handlers of the caller's
//	unread.go     sections that look as if they held maps, and that nothing reads
//	slot.go       checks what maps hold from the start, once everything is found
package mapdef

/* SPDX-License-Identifier: Apache-2.0 */
/* Code generated from loader/protocol by go generate ./loader. DO NOT EDIT. */
/*
 * The words of the loader protocol for drivers in C. It needs nothing but libc: copy it beside
 * your driver.
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <errno.h>

#define PROTOCOL_VERSION 1

#define MAX_LINE 1048576 /* bytes of a line, without its newline */
#define MAX_TEXT 65536 /* bytes of a message, log or trace */

#define OP_HELLO "hello" /* opens the conversation */
#define OP_CREATE "create" /* makes one map without an object, and pins it */
#define OP_OPEN "open" /* reads one object */
/* changes a map, program, variable or member of an opened object before the load */
#define OP_SET "set"
#define OP_LOAD "load" /* makes the object's maps and programs in the kernel */
#define OP_ATTACH "attach" /* attaches a loaded program */
#define OP_DETACH "detach" /* undoes one attach */
#define OP_UPDATE "update" /* puts another structure in the place of one that is attached */
#define OP_PIN "pin" /* pins a loaded map or program, or a link */
#define OP_UNPIN "unpin" /* removes a pin that the loader made */
#define OP_CLOSE "close" /* gives up a session and everything it holds that is not pinned */
#define OP_LINK "link" /* links several objects into one, in a file */
/* puts one program of an opened object into the chain of an interface */
#define OP_CHAIN_ADD "chain_add"
/* links programs of opened objects with a dispatcher into one program, for an interface to run */
#define OP_CHAIN_LINK "chain_link"
/* takes one program out of the chain of an interface, or takes the chain apart */
#define OP_CHAIN_REMOVE "chain_remove"
/* removes what is left of chains that no interface runs, as of a loader that died */
#define OP_CHAIN_CLEAN "chain_clean"
#define OP_QUERY "query" /* asks for the loader's own view */
#define OP_RESET "reset" /* gives up all sessions */
#define OP_BYE "bye" /* ends the conversation */

#define STAGE_OPEN "open" /* reading the object */
#define STAGE_LINK "link" /* linking several objects into one */
#define STAGE_LOAD "load" /* anything from here to programs in the kernel */
#define STAGE_LOAD_CREATE "load/create" /* creating maps */
#define STAGE_LOAD_PIN "load/pin" /* pinning a map, or reusing a pinned one */
#define STAGE_LOAD_RELOCATE "load/relocate" /* relocating: maps, calls, CO-RE */
#define STAGE_LOAD_VERIFY "load/verify" /* loading programs: the kernel's verifier */
#define STAGE_ATTACH "attach" /* attaching and detaching */
/* any of these; the loader is one command, and its caller sees no more than how it ends */
#define STAGE_COMMAND "command"

#define CLASS_MALFORMED "malformed" /* not an object that can be read */
#define CLASS_MALFORMED_ELF "malformed/elf" /* broken as an ELF file */
#define CLASS_MALFORMED_BTF "malformed/btf" /* broken BTF */
#define CLASS_INVALID "invalid" /* can be read, and makes no sense */
/* a map definition that contradicts itself */
#define CLASS_INVALID_MAP_DEFINITION "invalid/map-definition"
#define CLASS_INVALID_RELOCATION "invalid/relocation" /* a relocation that leads nowhere */
#define CLASS_INVALID_PROGRAM "invalid/program" /* not a valid program */
/* a pinned map that differs from its definition */
#define CLASS_INVALID_INCOMPATIBLE_PIN "invalid/incompatible-pin"
/* makes sense, but the loader or the kernel does not do it */
#define CLASS_NOT_SUPPORTED "not-supported"
/* an unknown field of a map definition */
#define CLASS_NOT_SUPPORTED_MAP_FIELD "not-supported/map-field"
/* a way of defining maps that the loader does not read */
#define CLASS_NOT_SUPPORTED_MAP_DEFINITION "not-supported/map-definition"
/* a program's section that has no type */
#define CLASS_NOT_SUPPORTED_SECTION "not-supported/section"
#define CLASS_NOT_SUPPORTED_KERNEL "not-supported/kernel" /* this kernel lacks it */
#define CLASS_NOT_FOUND "not-found" /* something named does not exist */
#define CLASS_NOT_FOUND_BTF "not-found/btf" /* BTF that is needed */
#define CLASS_NOT_FOUND_SYMBOL "not-found/symbol" /* a symbol that nothing defines */
#define CLASS_NAME_CONFLICT "name-conflict" /* the name is taken */
#define CLASS_PERMISSION "permission" /* not allowed */
#define CLASS_LIMIT "limit" /* too many, too big, too long */
#define CLASS_BUSY "busy" /* in use */
#define CLASS_VERIFIER "verifier" /* the kernel's verifier refused a program */
#define CLASS_IO "io" /* reading or writing a file failed */
#define CLASS_UNCLASSIFIED "unclassified" /* refused, and a program cannot tell why */

#define FEATURE_BTF_MAPS "btf-maps" /* reads map definitions in `.maps` */
#define FEATURE_LEGACY_MAPS "legacy-maps" /* reads `struct bpf_map_def` in `maps` */
#define FEATURE_IPROUTE2_MAPS "iproute2-maps" /* reads `struct bpf_elf_map` in `maps` */
/* hands sections of maps that it does not know to its caller */
#define FEATURE_CALLBACK_MAPS "callback-maps"
/* asks its caller about programs in sections that it does not know */
#define FEATURE_PROGRAM_HANDLERS "program-handlers"
#define FEATURE_PINNING "pinning" /* pins maps by name, and uses maps that are pinned */
#define FEATURE_NUMA "numa" /* puts maps on a NUMA node */
#define FEATURE_MAP_IN_MAP "map-in-map" /* makes maps of maps */
#define FEATURE_GLOBAL_DATA "global-data" /* makes maps of `.data`, `.rodata`, `.bss` */
/* fills in `__kconfig` externs, with the text of its caller where it has some */
#define FEATURE_KCONFIG "kconfig"
/* finds what the kernel has for `__ksym` externs: addresses, variables, functions */
#define FEATURE_KSYMS "ksyms"
#define FEATURE_METADATA "metadata" /* keeps read-only data with a program that does not use it */
#define FEATURE_STATIC_LINK "static-link" /* links several objects into one */
#define FEATURE_XDP_ATTACH "xdp-attach" /* attaches one XDP program to an interface */
#define FEATURE_XDP_CHAIN "xdp-chain" /* runs several XDP programs on one interface */
/* links several XDP programs into one for an interface */
#define FEATURE_XDP_LINKED_CHAIN "xdp-linked-chain"
#define FEATURE_STRUCT_OPS "struct-ops" /* registers `struct_ops` */
/* applies CO-RE relocations, against the running kernel and its modules */
#define FEATURE_CORE "core"
/* applies them against the BTF of a file instead: `kernel_types` */
#define FEATURE_CUSTOM_BTF "custom-btf"
/* finds types for them in more BTF of its caller: `extra_types` */
#define FEATURE_SPLIT_BTF "split-btf"
/* has the option of `open` of that name */
#define FEATURE_IGNORE_UNKNOWN_FIELDS "ignore-unknown-fields"
#define FEATURE_MAP_CREATE "map-create" /* makes a map without an object: `create` */
/* loads as a user with the capabilities that the kernel asks for */
#define FEATURE_UNPRIVILEGED "unprivileged"
/* makes everything with a BPF token, where it is told to: `token_path` */
#define FEATURE_BPF_TOKEN "bpf-token"
/* reads an object when it is told to load it: `open` looks at nothing */
#define FEATURE_ONE_STEP "one-step"

#define SUPPORT_YES "yes"
#define SUPPORT_NO "no"
#define SUPPORT_PARTIAL "partial"
#define SUPPORT_KERNEL_DEPENDENT "kernel-dependent"

#define ATTRIBUTE_TYPE "type" /* the kernel's number */
#define ATTRIBUTE_KEY_SIZE "key_size" /* bytes */
#define ATTRIBUTE_VALUE_SIZE "value_size" /* bytes; of global data a larger or smaller section */
/* what a map of global data holds from the start: bytes as hexadecimal digits */
#define ATTRIBUTE_CONTENTS "contents"
/* what a variable holds from the start: bytes as hexadecimal digits */
#define ATTRIBUTE_INITIAL_VALUE "initial_value"
#define ATTRIBUTE_MAX_ENTRIES "max_entries" /* elements; bytes of a ring buffer */
#define ATTRIBUTE_MAP_FLAGS "map_flags" /* BPF_F_... */
#define ATTRIBUTE_NUMA_NODE "numa_node" /* counts if map_flags has BPF_F_NUMA_NODE */
#define ATTRIBUTE_MAP_EXTRA "map_extra" /* depends on the map's type */
#define ATTRIBUTE_PIN_PATH "pin_path" /* path to pin the map at, or to reuse it from */
#define ATTRIBUTE_REUSE "reuse" /* path of a pinned map to use instead of creating one */
/* path of a pinned map that shows what the elements of a map of maps look like */
#define ATTRIBUTE_INNER_MAP "inner_map"
#define ATTRIBUTE_AUTOCREATE "autocreate" /* false leaves the map out */
#define ATTRIBUTE_AUTOLOAD "autoload" /* false leaves the program out */
#define ATTRIBUTE_PROGRAM_TYPE "program_type" /* libbpf's section name of the type, such as xdp */
/* value of a member: a number in as many bytes as the kernel has for it, a truth, a string */
#define ATTRIBUTE_MEMBER_VALUE "member_value"
/* name of the program that a member calls; none if empty */
#define ATTRIBUTE_MEMBER_PROGRAM "member_program"

#define LAYOUT_BPF_MAP_DEF "bpf_map_def" /* 5 numbers of 32 bits: libbpf 0.x */
#define LAYOUT_BPF_ELF_MAP "bpf_elf_map" /* 9 numbers: iproute2 */
/* 7 numbers: struct bpf_load_map_def of the kernel's samples */
#define LAYOUT_BPF_LOAD_MAP "bpf_load_map"

#define HANDLER_MAP_SECTION "map-section" /* section vendor_maps */
#define HANDLER_MAP_FIELD "map-field" /* fields vendor_... of BTF map definitions */
#define HANDLER_PROGRAM_PREFIX "program-prefix" /* sections vendor/NAME */
#define HANDLER_PROGRAM_EXACT "program-exact" /* section vendor */
/* sections that neither the loader nor another handler knows */
#define HANDLER_PROGRAM_FALLBACK "program-fallback"

#define TARGET_MAP "map"
#define TARGET_PROGRAM "program"
#define TARGET_VARIABLE "variable" /* for set: a variable of global data */
/* for set: a struct_ops map, and a member of its structure */
#define TARGET_STRUCT_OPS "struct_ops"
#define TARGET_LINK "link" /* for pin and unpin: an attachment, by its handle */

#define KIND_XDP "xdp" /* the interface with index ifindex */
#define KIND_TC "tc" /* the ingress of the interface with index ifindex */
#define KIND_TCX "tcx" /* the ingress of the interface with index ifindex */
#define KIND_CGROUP "cgroup" /* the cgroup at path */
/* the kernel: the program is the name of a struct_ops map then */
#define KIND_STRUCT_OPS "struct_ops"
#define KIND_HANDLER "handler" /* what the program's section handler attaches it to */

#define MODE_NATIVE "native" /* in the driver: XDP_FLAGS_DRV_MODE */
#define MODE_SKB "skb" /* in the network stack: XDP_FLAGS_SKB_MODE */

#define WAY_LINK "link" /* a bpf_link */
#define WAY_NETLINK "netlink" /* the interface: IFLA_XDP */

#define ACTION_ABORTED "aborted" /* XDP_ABORTED */
#define ACTION_DROP "drop" /* XDP_DROP */
#define ACTION_PASS "pass" /* XDP_PASS */
#define ACTION_TX "tx" /* XDP_TX */
#define ACTION_REDIRECT "redirect" /* XDP_REDIRECT */

#define QUERY_CHAIN "chain"
#define QUERY_METADATA "metadata"
#define QUERY_UNKNOWN_FIELDS "unknown-fields"
#define QUERY_STRUCT_OPS "struct_ops" /* what is registered with the kernel */

/* The class of a refusal of which no more is known than its errno, which is positive. */
static const char *class_of_errno(int err)
{
	switch (err) {
	case ENOEXEC: case EBADMSG: case EILSEQ:
		return CLASS_MALFORMED;
	case EINVAL: case EDOM: case ERANGE:
		return CLASS_INVALID;
	case EOPNOTSUPP: case 524 /* the kernel's ENOTSUPP */: case ENOSYS: case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		return CLASS_NOT_SUPPORTED;
	case ENOENT: case ESRCH: case ENODEV: case ENXIO:
		return CLASS_NOT_FOUND;
	case EEXIST:
		return CLASS_NAME_CONFLICT;
	case EPERM: case EACCES:
		return CLASS_PERMISSION;
	case E2BIG: case ENOMEM: case ENOSPC: case ENAMETOOLONG: case EMFILE: case ENFILE: case EFBIG:
		return CLASS_LIMIT;
	case EBUSY: case EAGAIN: case ETXTBSY:
		return CLASS_BUSY;
	case EIO: case EROFS: case ENOTDIR: case EISDIR: case EBADF:
		return CLASS_IO;
	default:
		return CLASS_UNCLASSIFIED;
	}
}

#endif

// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mapTypes holds the names of enum bpf_map_type of include/uapi/linux/bpf.h, by number.
var mapTypes = [...]string{
	"unspec", "hash", "array", "prog_array", "perf_event_array", "percpu_hash", "percpu_array",
	"stack_trace", "cgroup_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps",
	"hash_of_maps", "devmap", "sockmap", "cpumap", "xskmap", "sockhash", "cgroup_storage",
	"reuseport_sockarray", "percpu_cgroup_storage", "queue", "stack", "sk_storage", "devmap_hash",
	"struct_ops", "ringbuf", "inode_storage", "task_storage", "bloom_filter", "user_ringbuf",
	"cgrp_storage", "arena", "insn_array",
}

func mapTypeName(typ uint32) string { return nameOf(mapTypes[:], typ) }

// nameOf returns the name of a number, or the number where it has none.
func nameOf(names []string, n uint32) string {
	if uint64(n) < uint64(len(names)) {
		return names[n]
	}
	return strconv.FormatUint(uint64(n), 10)
}

// programTypes holds the names of enum bpf_prog_type of include/uapi/linux/bpf.h, by number.
var programTypes = [...]string{
	"unspec", "socket_filter", "kprobe", "sched_cls", "sched_act", "tracepoint", "xdp", "perf_event",
	"cgroup_skb", "cgroup_sock", "lwt_in", "lwt_out", "lwt_xmit", "sock_ops", "sk_skb",
	"cgroup_device", "sk_msg", "raw_tracepoint", "cgroup_sock_addr", "lwt_seg6local", "lirc_mode2",
	"sk_reuseport", "flow_dissector", "cgroup_sysctl", "raw_tracepoint_writable", "cgroup_sockopt",
	"tracing", "struct_ops", "ext", "lsm", "sk_lookup", "syscall", "netfilter",
}

func programTypeName(typ uint32) string { return nameOf(programTypes[:], typ) }

// linkTypes holds the names of enum bpf_link_type of include/uapi/linux/bpf.h, by number.
var linkTypes = [...]string{
	"unspec", "raw_tracepoint", "tracing", "cgroup", "iter", "netns", "xdp", "perf_event",
	"kprobe_multi", "struct_ops", "netfilter", "tcx", "uprobe_multi", "netkit", "sockmap",
}

func linkTypeName(typ uint32) string { return nameOf(linkTypes[:], typ) }

// attachTypes holds the names of enum bpf_attach_type of include/uapi/linux/bpf.h, by number.
var attachTypes = [...]string{
	"cgroup_inet_ingress", "cgroup_inet_egress", "cgroup_inet_sock_create", "cgroup_sock_ops",
	"sk_skb_stream_parser", "sk_skb_stream_verdict", "cgroup_device", "sk_msg_verdict",
	"cgroup_inet4_bind", "cgroup_inet6_bind", "cgroup_inet4_connect", "cgroup_inet6_connect",
	"cgroup_inet4_post_bind", "cgroup_inet6_post_bind", "cgroup_udp4_sendmsg",
	"cgroup_udp6_sendmsg", "lirc_mode2", "flow_dissector", "cgroup_sysctl", "cgroup_udp4_recvmsg",
	"cgroup_udp6_recvmsg", "cgroup_getsockopt", "cgroup_setsockopt", "trace_raw_tp",
	"trace_fentry", "trace_fexit", "modify_return", "lsm_mac", "trace_iter",
	"cgroup_inet4_getpeername", "cgroup_inet6_getpeername", "cgroup_inet4_getsockname",
	"cgroup_inet6_getsockname", "xdp_devmap", "cgroup_inet_sock_release", "xdp_cpumap",
	"sk_lookup", "xdp", "sk_skb_verdict", "sk_reuseport_select", "sk_reuseport_select_or_migrate",
	"perf_event", "trace_kprobe_multi", "lsm_cgroup", "struct_ops", "netfilter", "tcx_ingress",
	"tcx_egress", "trace_uprobe_multi", "cgroup_unix_connect", "cgroup_unix_sendmsg",
	"cgroup_unix_recvmsg", "cgroup_unix_getpeername", "cgroup_unix_getsockname", "netkit_primary",
	"netkit_peer", "trace_kprobe_session", "trace_uprobe_session", "trace_fsession",
}

func attachTypeName(typ uint32) string { return nameOf(attachTypes[:], typ) }

// mapTypeNumber returns the number of a map type by the kernel's name in lower case.
func mapTypeNumber(name string) (uint32, error) {
	i := slices.Index(mapTypes[:], name)
	if i <= 0 {
		return 0, fmt.Errorf("no map type is named %q", name)
	}
	return uint32(i), nil
}

// mapFlags holds the BPF_F_* flags of map creation, by bit.
var mapFlags = [...]string{
	"NO_PREALLOC", "NO_COMMON_LRU", "NUMA_NODE", "RDONLY", "WRONLY", "STACK_BUILD_ID", "ZERO_SEED",
	"RDONLY_PROG", "WRONLY_PROG", "CLONE", "MMAPABLE", "PRESERVE_ELEMS", "INNER_MAP", "LINK",
	"PATH_FD", "VTYPE_BTF_OBJ_FD", "TOKEN_FD", "SEGV_ON_FAULT", "NO_USER_CONV", "RB_OVERWRITE",
}

// mapFlagNames returns flags as "0x3 (NO_PREALLOC NO_COMMON_LRU)".
func mapFlagNames(flags uint32) string {
	var names []string
	for bit, name := range mapFlags {
		if flags&(1<<bit) != 0 {
			names = append(names, name)
		}
	}
	s := "0x" + strconv.FormatUint(uint64(flags), 16)
	if len(names) > 0 {
		s += " (" + strings.Join(names, " ") + ")"
	}
	return s
}

// SPDX-License-Identifier: Apache-2.0

package code

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
)

func TestKindOf(t *testing.T) {
	for section, want := range map[string]Kind{
		"xdp":                   {Type: ebpf.XDP, AttachType: ebpf.AttachXDP},
		"?xdp":                  {Type: ebpf.XDP, AttachType: ebpf.AttachXDP},
		"xdp.frags":             {Type: ebpf.XDP, AttachType: ebpf.AttachXDP, Flags: 1 << 5},
		"xdp/cpumap":            {Type: ebpf.XDP, AttachType: ebpf.AttachXDPCPUMap},
		"tc":                    {Type: ebpf.SchedCLS},
		"tc/ingress":            {Type: ebpf.SchedCLS, AttachType: ebpf.AttachTCXIngress},
		"action":                {Type: ebpf.SchedACT},
		"socket":                {Type: ebpf.SocketFilter},
		"kprobe":                {Type: ebpf.Kprobe},
		"kprobe/vfs_read":       {Type: ebpf.Kprobe, AttachTo: "vfs_read"},
		"uprobe.s//bin/sh:main": {Type: ebpf.Kprobe, AttachTo: "/bin/sh:main", Flags: 1 << 4},
		"tracepoint/sched/exec": {Type: ebpf.TracePoint, AttachTo: "sched/exec"},
		"raw_tp/sys_enter":      {Type: ebpf.RawTracepoint, AttachTo: "sys_enter"},
		"fentry/do_exit":        {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFEntry, AttachTo: "do_exit"},
		"fexit.s/do_exit":       {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFExit, AttachTo: "do_exit", Flags: 1 << 4},
		"iter/bpf_map":          {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter, AttachTo: "bpf_map"},
		"lsm/file_open":         {Type: ebpf.LSM, AttachType: ebpf.AttachLSMMac, AttachTo: "file_open"},
		"freplace/xdp_pass":     {Type: ebpf.Extension, AttachTo: "xdp_pass"},
		"struct_ops/init":       {Type: ebpf.StructOps, AttachType: ebpf.AttachStructOps, AttachTo: "init"},
		"cgroup/skb":            {Type: ebpf.CGroupSKB},
		"cgroup_skb/egress":     {Type: ebpf.CGroupSKB, AttachType: ebpf.AttachCGroupInetEgress},
		"cgroup/connect6":       {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupInet6Connect},
		"sk_skb/stream_verdict": {Type: ebpf.SkSKB, AttachType: ebpf.AttachSkSKBStreamVerdict},
		"lwt_xmit":              {Type: ebpf.LWTXmit},
		"sockops":               {Type: ebpf.SockOps, AttachType: ebpf.AttachCGroupSockOps},
		"syscall":               {Type: ebpf.Syscall, Flags: 1 << 4},
		"sk_reuseport/migrate":  {Type: ebpf.SkReuseport, AttachType: ebpf.AttachSkReuseportSelectOrMigrate},
		"netfilter":             {Type: ebpf.Netfilter, AttachType: ebpf.AttachNetfilter},
		"kprobe.multi/vfs_*":    {Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceKprobeMulti, AttachTo: "vfs_*"},
		"raw_tp.w/nbd_send":     {Type: ebpf.RawTracepointWritable, AttachTo: "nbd_send"},
		"uprobe.session//a:b":   {Type: ebpf.Kprobe, AttachType: 57, AttachTo: "/a:b"},
		"tp_btf.s/sys_enter":    {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceRawTp, AttachTo: "sys_enter", Flags: 1 << 4},
		"fsession/do_exit":      {Type: ebpf.Tracing, AttachType: 58, AttachTo: "do_exit"},
		"usdt/./app:group:name": {Type: ebpf.Kprobe, AttachTo: "./app:group:name"},
		"cgroup/getpeername_unix": {
			Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCgroupUnixGetpeername,
		},
	} {
		got, ok := KindOf(section)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", section, ok, diff)
		}
	}
}

func TestKindOfNamesThatSayNothing(t *testing.T) {
	for _, section := range []string{"", "?", "prog", "xdp_old", "xdp/", "xdp/other", "socket/tail", "tcx", "cgroup", "cgroup/connect5",
		"fentryx/f", "sk_msg/x", "kprobes/x", "5/0"} {
		if got, ok := KindOf(section); ok || got.Type != ebpf.UnspecifiedProgram {
			t.Errorf("%q: %+v, %v", section, got, ok)
		}
	}
}

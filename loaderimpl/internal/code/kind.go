// SPDX-License-Identifier: Apache-2.0

package code

import (
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A Kind tells the kernel what a program is for.
type Kind struct {
	Type       ebpf.ProgramType
	AttachType ebpf.AttachType // the expected one; 0 where the type has none
	AttachTo   string          // kernel function, type of iterator, ...; may be empty
	Flags      uint32          // BPF_F_... of BPF_PROG_LOAD
}

// Flags of programs (include/uapi/linux/bpf.h).
const (
	flagSleepable = 1 << 4 // BPF_F_SLEEPABLE
	flagXDPFrags  = 1 << 5 // BPF_F_XDP_HAS_FRAGS
)

// KindOf returns what a section name says about the programs in it, by the rules of libbpf's table
// (section_defs, sec_def_matches): a name matches exactly, and a name of the table that ends in +
// also with a slash and anything after it. A leading ? (do not load by default) is not part of the
// name. KindOf reports false for a name that says nothing, such as "prog".
func KindOf(section string) (Kind, bool) {
	section = strings.TrimPrefix(section, "?")
	if k, ok := exactKinds[section]; ok {
		return k, true
	}
	name, target, _ := strings.Cut(section, "/")
	k, ok := prefixKinds[name]
	k.AttachTo = target
	return k, ok
}

// NeedsTarget reports whether AttachTo is needed to load, not just to attach.
func (k Kind) NeedsTarget() bool {
	switch k.Type {
	case ebpf.Tracing, ebpf.LSM, ebpf.Extension:
		return true
	}
	return false
}

// Check refuses what cannot be loaded.
func (k Kind) Check() error {
	switch {
	case k.Type == ebpf.UnspecifiedProgram:
		return refuse.ErrProgramType
	case k.NeedsTarget() && k.AttachTo == "":
		return refuse.ErrAttachTarget
	}
	return nil
}

// exactKinds lists the section names that match exactly.
var exactKinds = map[string]Kind{
	"socket":        {Type: ebpf.SocketFilter},
	"syscall":       {Type: ebpf.Syscall, Flags: flagSleepable},
	"perf_event":    {Type: ebpf.PerfEvent},
	"lirc_mode2":    {Type: ebpf.LircMode2, AttachType: ebpf.AttachLircMode2},
	"netfilter":     {Type: ebpf.Netfilter, AttachType: ebpf.AttachNetfilter},
	"sk_lookup":     {Type: ebpf.SkLookup, AttachType: ebpf.AttachSkLookup},
	"sockops":       {Type: ebpf.SockOps, AttachType: ebpf.AttachCGroupSockOps},
	"sk_msg":        {Type: ebpf.SkMsg, AttachType: ebpf.AttachSkMsgVerdict},
	"lwt_in":        {Type: ebpf.LWTIn},
	"lwt_out":       {Type: ebpf.LWTOut},
	"lwt_xmit":      {Type: ebpf.LWTXmit},
	"lwt_seg6local": {Type: ebpf.LWTSeg6Local},

	"flow_dissector":       {Type: ebpf.FlowDissector, AttachType: ebpf.AttachFlowDissector},
	"sk_reuseport":         {Type: ebpf.SkReuseport, AttachType: ebpf.AttachSkReuseportSelect},
	"sk_reuseport/migrate": {Type: ebpf.SkReuseport, AttachType: ebpf.AttachSkReuseportSelectOrMigrate},

	"xdp":              {Type: ebpf.XDP, AttachType: ebpf.AttachXDP},
	"xdp/devmap":       {Type: ebpf.XDP, AttachType: ebpf.AttachXDPDevMap},
	"xdp/cpumap":       {Type: ebpf.XDP, AttachType: ebpf.AttachXDPCPUMap},
	"xdp.frags":        {Type: ebpf.XDP, AttachType: ebpf.AttachXDP, Flags: flagXDPFrags},
	"xdp.frags/devmap": {Type: ebpf.XDP, AttachType: ebpf.AttachXDPDevMap, Flags: flagXDPFrags},
	"xdp.frags/cpumap": {Type: ebpf.XDP, AttachType: ebpf.AttachXDPCPUMap, Flags: flagXDPFrags},

	"tc":             {Type: ebpf.SchedCLS},
	"tc/ingress":     {Type: ebpf.SchedCLS, AttachType: ebpf.AttachTCXIngress},
	"tc/egress":      {Type: ebpf.SchedCLS, AttachType: ebpf.AttachTCXEgress},
	"tcx/ingress":    {Type: ebpf.SchedCLS, AttachType: ebpf.AttachTCXIngress},
	"tcx/egress":     {Type: ebpf.SchedCLS, AttachType: ebpf.AttachTCXEgress},
	"netkit/primary": {Type: ebpf.SchedCLS, AttachType: ebpf.AttachNetkitPrimary},
	"netkit/peer":    {Type: ebpf.SchedCLS, AttachType: ebpf.AttachNetkitPeer},
	"classifier":     {Type: ebpf.SchedCLS},
	"action":         {Type: ebpf.SchedACT},

	"sk_skb":                {Type: ebpf.SkSKB},
	"sk_skb/stream_parser":  {Type: ebpf.SkSKB, AttachType: ebpf.AttachSkSKBStreamParser},
	"sk_skb/stream_verdict": {Type: ebpf.SkSKB, AttachType: ebpf.AttachSkSKBStreamVerdict},
	"sk_skb/verdict":        {Type: ebpf.SkSKB, AttachType: ebpf.AttachSkSKBVerdict},

	"cgroup/skb":         {Type: ebpf.CGroupSKB},
	"cgroup_skb/ingress": {Type: ebpf.CGroupSKB, AttachType: ebpf.AttachCGroupInetIngress},
	"cgroup_skb/egress":  {Type: ebpf.CGroupSKB, AttachType: ebpf.AttachCGroupInetEgress},
	"cgroup/dev":         {Type: ebpf.CGroupDevice, AttachType: ebpf.AttachCGroupDevice},
	"cgroup/sysctl":      {Type: ebpf.CGroupSysctl, AttachType: ebpf.AttachCGroupSysctl},
	"cgroup/getsockopt":  {Type: ebpf.CGroupSockopt, AttachType: ebpf.AttachCGroupGetsockopt},
	"cgroup/setsockopt":  {Type: ebpf.CGroupSockopt, AttachType: ebpf.AttachCGroupSetsockopt},

	"cgroup/sock":         {Type: ebpf.CGroupSock, AttachType: ebpf.AttachCGroupInetSockCreate},
	"cgroup/sock_create":  {Type: ebpf.CGroupSock, AttachType: ebpf.AttachCGroupInetSockCreate},
	"cgroup/sock_release": {Type: ebpf.CGroupSock, AttachType: ebpf.AttachCgroupInetSockRelease},
	"cgroup/post_bind4":   {Type: ebpf.CGroupSock, AttachType: ebpf.AttachCGroupInet4PostBind},
	"cgroup/post_bind6":   {Type: ebpf.CGroupSock, AttachType: ebpf.AttachCGroupInet6PostBind},

	"cgroup/bind4":            {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupInet4Bind},
	"cgroup/bind6":            {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupInet6Bind},
	"cgroup/connect4":         {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupInet4Connect},
	"cgroup/connect6":         {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupInet6Connect},
	"cgroup/connect_unix":     {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCgroupUnixConnect},
	"cgroup/sendmsg4":         {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupUDP4Sendmsg},
	"cgroup/sendmsg6":         {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupUDP6Sendmsg},
	"cgroup/sendmsg_unix":     {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCgroupUnixSendmsg},
	"cgroup/recvmsg4":         {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupUDP4Recvmsg},
	"cgroup/recvmsg6":         {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupUDP6Recvmsg},
	"cgroup/recvmsg_unix":     {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCgroupUnixRecvmsg},
	"cgroup/getpeername4":     {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCgroupInet4GetPeername},
	"cgroup/getpeername6":     {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCgroupInet6GetPeername},
	"cgroup/getpeername_unix": {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCgroupUnixGetpeername},
	"cgroup/getsockname4":     {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCgroupInet4GetSockname},
	"cgroup/getsockname6":     {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCgroupInet6GetSockname},
	"cgroup/getsockname_unix": {Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCgroupUnixGetsockname},
}

// Attach types that package ebpf has no names for (include/uapi/linux/bpf.h, Linux 7.3).
const (
	attachUprobeSession ebpf.AttachType = 57
	attachFsession      ebpf.AttachType = 58
)

// prefixKinds lists the section names that may go on after a slash, mostly with what to attach to.
var prefixKinds = map[string]Kind{
	"kprobe":            {Type: ebpf.Kprobe},
	"kretprobe":         {Type: ebpf.Kprobe},
	"uprobe":            {Type: ebpf.Kprobe},
	"uretprobe":         {Type: ebpf.Kprobe},
	"uprobe.s":          {Type: ebpf.Kprobe, Flags: flagSleepable},
	"uretprobe.s":       {Type: ebpf.Kprobe, Flags: flagSleepable},
	"kprobe.multi":      {Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceKprobeMulti},
	"kretprobe.multi":   {Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceKprobeMulti},
	"kprobe.session":    {Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceKprobeSession},
	"uprobe.multi":      {Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceUprobeMulti},
	"uretprobe.multi":   {Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceUprobeMulti},
	"uprobe.multi.s":    {Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceUprobeMulti, Flags: flagSleepable},
	"uretprobe.multi.s": {Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceUprobeMulti, Flags: flagSleepable},
	"uprobe.session":    {Type: ebpf.Kprobe, AttachType: attachUprobeSession},
	"uprobe.session.s":  {Type: ebpf.Kprobe, AttachType: attachUprobeSession, Flags: flagSleepable},
	"ksyscall":          {Type: ebpf.Kprobe},
	"kretsyscall":       {Type: ebpf.Kprobe},
	"usdt":              {Type: ebpf.Kprobe},
	"usdt.s":            {Type: ebpf.Kprobe, Flags: flagSleepable},
	"tracepoint":        {Type: ebpf.TracePoint},
	"tp":                {Type: ebpf.TracePoint},
	"tracepoint.s":      {Type: ebpf.TracePoint, Flags: flagSleepable},
	"tp.s":              {Type: ebpf.TracePoint, Flags: flagSleepable},
	"raw_tracepoint":    {Type: ebpf.RawTracepoint},
	"raw_tp":            {Type: ebpf.RawTracepoint},
	"raw_tracepoint.s":  {Type: ebpf.RawTracepoint, Flags: flagSleepable},
	"raw_tp.s":          {Type: ebpf.RawTracepoint, Flags: flagSleepable},
	"raw_tracepoint.w":  {Type: ebpf.RawTracepointWritable},
	"raw_tp.w":          {Type: ebpf.RawTracepointWritable},

	"tp_btf":     {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceRawTp},
	"tp_btf.s":   {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceRawTp, Flags: flagSleepable},
	"fentry":     {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFEntry},
	"fexit":      {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFExit},
	"fmod_ret":   {Type: ebpf.Tracing, AttachType: ebpf.AttachModifyReturn},
	"iter":       {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter},
	"fentry.s":   {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFEntry, Flags: flagSleepable},
	"fsession":   {Type: ebpf.Tracing, AttachType: attachFsession},
	"fsession.s": {Type: ebpf.Tracing, AttachType: attachFsession, Flags: flagSleepable},
	"fexit.s":    {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFExit, Flags: flagSleepable},
	"fmod_ret.s": {Type: ebpf.Tracing, AttachType: ebpf.AttachModifyReturn, Flags: flagSleepable},
	"iter.s":     {Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter, Flags: flagSleepable},
	"lsm":        {Type: ebpf.LSM, AttachType: ebpf.AttachLSMMac},
	"lsm.s":      {Type: ebpf.LSM, AttachType: ebpf.AttachLSMMac, Flags: flagSleepable},
	"lsm_cgroup": {Type: ebpf.LSM, AttachType: ebpf.AttachLSMCgroup},
	"freplace":   {Type: ebpf.Extension},

	"struct_ops":   {Type: ebpf.StructOps, AttachType: ebpf.AttachStructOps},
	"struct_ops.s": {Type: ebpf.StructOps, AttachType: ebpf.AttachStructOps, Flags: flagSleepable},
}

// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// Feature describes something that specs or the harness need of a kernel, as far as it
// is a matter of configuration. What is a matter of the kernel's age is not
// told here.
type Feature struct {
	Name    string
	What    string   // in a user's words
	Symbols []string // all are needed, without CONFIG_; "A|B" is either
	Modules []string // what to load where the symbols are modules
}

// Features lists all features, in the order in which they are shown.
var Features = []Feature{
	{"boot", "boots the test VM's initramfs", []string{"BLK_DEV_INITRD", "DEVTMPFS", "TMPFS", "PROC_FS", "SYSFS", "BINFMT_ELF"}, nil},
	{"console", "a serial console", []string{consoleSymbols()}, nil},
	{"bpf", "the bpf() system call", []string{"BPF_SYSCALL"}, nil},
	{"jit", "the just-in-time compiler", []string{"BPF_JIT"}, nil},
	{"btf", "the kernel's own BTF", []string{"DEBUG_INFO_BTF"}, nil},
	{"module-btf", "BTF of modules (split BTF)", []string{"DEBUG_INFO_BTF_MODULES"}, nil},
	{"cgroup", "programs at control groups", []string{"CGROUP_BPF"}, nil},
	{"netns", "network namespaces", []string{"NET_NS"}, nil},
	{"veth", "pairs of virtual network devices", []string{"VETH"}, []string{"veth"}},
	{"dummy", "dummy network devices", []string{"DUMMY"}, []string{"dummy"}},
	{"tc", "programs at ingress and egress (tc)", []string{"NET_CLS_ACT", "NET_SCH_INGRESS", "NET_CLS_BPF"}, []string{"sch_ingress", "cls_bpf"}},
	{"tc-action", "programs as tc actions", []string{"NET_ACT_BPF"}, []string{"act_bpf"}},
	{"xsk", "AF_XDP sockets", []string{"XDP_SOCKETS"}, nil},
	{"lwt", "programs at routes", []string{"LWTUNNEL_BPF"}, nil},
	{"sockmap", "maps of sockets", []string{"NET", "BPF_STREAM_PARSER"}, nil},
	{"reuseport", "selecting a socket", []string{"INET"}, nil},
	{"numa", "memory nodes", []string{"NUMA"}, nil},
	{"lsm", "programs at security hooks", []string{"BPF_LSM"}, nil},
	{"perf", "perf events", []string{"PERF_EVENTS"}, nil},
	{"kprobe", "programs at kernel functions", []string{"KPROBE_EVENTS", "BPF_EVENTS"}, nil},
	{"kprobe-multi", "one program at many kernel functions", []string{"FPROBE", "BPF_EVENTS"}, nil},
	{"uprobe", "programs at user functions", []string{"UPROBE_EVENTS", "BPF_EVENTS"}, nil},
	{"tracepoint", "programs at tracepoints", []string{"TRACEPOINTS", "BPF_EVENTS"}, nil},
	{"fentry", "fentry, fexit and fmod_ret programs", []string{"DYNAMIC_FTRACE_WITH_DIRECT_CALLS", "BPF_JIT"}, nil},
	{"error-injection", "fmod_ret at functions open to it", []string{"FUNCTION_ERROR_INJECTION"}, nil},
	{"override", "overriding return values", []string{"BPF_KPROBE_OVERRIDE"}, nil},
	{"struct-ops", "struct_ops for TCP congestion control", []string{"BPF_JIT", "DEBUG_INFO_BTF", "INET", "TCP_CONG_ADVANCED"}, nil},
	{"tcp-bbr", "congestion control BBR, to compare with", []string{"TCP_CONG_BBR"}, []string{"tcp_bbr"}},
	{"tcp-dctcp", "congestion control DCTCP, to compare with", []string{"TCP_CONG_DCTCP"}, []string{"tcp_dctcp"}},
	{"conntrack", "functions of a module that programs call", []string{"NF_CONNTRACK", "DEBUG_INFO_BTF_MODULES"}, []string{"nf_conntrack"}},
	{"sched-ext", "struct_ops for the scheduler", []string{"SCHED_CLASS_EXT"}, nil},
	{"tracefs", "the trace file system", []string{"FTRACE", "TRACING"}, nil},
	{"unprivileged-off", "unprivileged bpf() is off by default", []string{"BPF_UNPRIV_DEFAULT_OFF"}, nil},
	{"ikconfig", "the kernel tells its configuration", []string{"IKCONFIG_PROC"}, []string{"configs"}},
	{"panic-on-lockup", "soft lockups and hung tasks are noticed", []string{"SOFTLOCKUP_DETECTOR", "DETECT_HUNG_TASK"}, nil},
}

// FindFeature returns the feature of that name.
func FindFeature(name string) (Feature, bool) {
	i := slices.IndexFunc(Features, func(f Feature) bool { return f.Name == name })
	if i < 0 {
		return Feature{}, false
	}
	return Features[i], true
}

// consoleSymbols returns the symbols of all architectures' consoles, of which a
// kernel has one.
func consoleSymbols() string {
	var symbols []string
	for _, a := range arch.All() {
		if !slices.Contains(symbols, a.Console.Kconfig) {
			symbols = append(symbols, a.Console.Kconfig)
		}
	}
	return strings.Join(symbols, "|")
}

// Verdict holds what a configuration means for a feature.
type Verdict struct {
	Feature string   `json:"feature"`
	What    string   `json:"what"`
	State   State    `json:"state"`
	Missing []string `json:"missing,omitempty"` // CONFIG_ symbols, where the state is Missing
}

// State reports whether a kernel has a feature.
type State string

// The states of a feature.
const (
	BuiltIn  State = "built in"
	AsModule State = "module" // some of it has to be loaded
	Missing  State = "missing"
)

func (v Verdict) String() string {
	if v.State == Missing {
		return "missing: " + strings.Join(v.Missing, ", ")
	}
	return string(v.State)
}

// Verdict judges a feature.
func (c *Config) Verdict(f Feature) Verdict {
	v := Verdict{Feature: f.Name, What: f.What, State: BuiltIn}
	for _, symbols := range f.Symbols {
		either := strings.Split(symbols, "|")
		switch {
		case slices.ContainsFunc(either, func(s string) bool { return c.Has(s) == Yes }):
		case slices.ContainsFunc(either, c.On):
			if v.State == BuiltIn {
				v.State = AsModule
			}
		default:
			v.State = Missing
			v.Missing = append(v.Missing, "CONFIG_"+strings.Join(either, " or CONFIG_"))
		}
	}
	return v
}

// Verdicts judges all features.
func (c *Config) Verdicts() []Verdict {
	all := make([]Verdict, len(Features))
	for i, f := range Features {
		all[i] = c.Verdict(f)
	}
	return all
}

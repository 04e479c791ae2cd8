// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestProgramsAreAttachedAsTheirSectionsSay(t *testing.T) {
	of := objects.Attach
	for _, tt := range []struct {
		object      objects.Object
		kind, probe string
	}{
		{of.XDP, "xdp", ""}, {of.Tc, "tc", ""}, {of.Tcx, "tcx", "ksym tcx_link_attach"}, {of.Cgroup, "cgroup", ""},
		{of.Tracepoint, "handler", "tracepoint sched/sched_switch"},
		{of.RawTracepoint, "handler", "type btf_trace_sys_enter"},
		{of.Kprobe, "handler", "ksym do_exit"}, {of.Kretprobe, "handler", "ksym do_exit"},
		{of.TpBTF, "handler", "type btf_trace_sched_switch"}, {of.Fentry, "handler", "func do_exit"},
		{of.Fexit, "handler", "func security_file_open"}, {of.Lsm, "handler", "func bpf_lsm_file_open"},
	} {
		got := read(tt.object.ELF()).Attach
		want := record.Attaching{Program: "handle", Kind: tt.kind, Probe: tt.probe}
		if len(got) != 1 || got[0].Attaching != want {
			t.Errorf("%s: %+v, want %+v", tt.object.Name(), got, want)
		}
	}
}

// What a section does not say is not tried, and why is told.
func TestProgramsThatAreNotTried(t *testing.T) {
	for _, tt := range []struct {
		p    ebpf.ProgramSpec
		says string
	}{
		{ebpf.ProgramSpec{Type: ebpf.UnspecifiedProgram, SectionName: "mine"}, "no type"},
		{ebpf.ProgramSpec{Type: ebpf.SocketFilter, SectionName: "socket"}, "type SocketFilter"},
		{ebpf.ProgramSpec{Type: ebpf.XDP, SectionName: "xdp/devmap", AttachType: ebpf.AttachXDPDevMap}, "element of a map"},
		{ebpf.ProgramSpec{Type: ebpf.XDP, SectionName: "xdp/cpumap", AttachType: ebpf.AttachXDPCPUMap}, "element of a map"},
		{ebpf.ProgramSpec{Type: ebpf.SchedCLS, SectionName: "netkit/primary"}, "type SchedCLS"},
		{ebpf.ProgramSpec{Type: ebpf.Kprobe, SectionName: "uprobe//bin/sh:main", AttachTo: "/bin/sh:main"}, "program of users"},
		{ebpf.ProgramSpec{Type: ebpf.Kprobe, SectionName: "usdt//bin/sh:a:b", AttachTo: "/bin/sh:a:b"}, "program of users"},
		{ebpf.ProgramSpec{Type: ebpf.Kprobe, SectionName: "kprobe"}, "does not say"},
		{ebpf.ProgramSpec{Type: ebpf.TracePoint, SectionName: "?tp"}, "does not say"},
	} {
		if a := attachmentOf(&tt.p); a.Kind != "" || !strings.Contains(a.Untried, tt.says) {
			t.Errorf("%s: %+v, want no kind, and %q", tt.p.SectionName, a.Attaching, tt.says)
		}
	}
}

func TestFurtherKindsOfAttachments(t *testing.T) {
	for _, tt := range []struct {
		p    ebpf.ProgramSpec
		want Attachment
	}{
		{ebpf.ProgramSpec{Type: ebpf.SchedCLS, SectionName: "tc/ingress", AttachType: ebpf.AttachTCXIngress}, kind("tc")},
		{ebpf.ProgramSpec{Type: ebpf.SchedCLS, SectionName: "?tcx/egress", AttachType: ebpf.AttachTCXEgress},
			Attachment{record.Attaching{Kind: "tcx", Probe: "ksym tcx_link_attach"}, "tcx"}},
		{ebpf.ProgramSpec{Type: ebpf.LSM, SectionName: "lsm_cgroup/bind", AttachTo: "bind", AttachType: ebpf.AttachLSMCgroup}, kind("cgroup")},
		{ebpf.ProgramSpec{Type: ebpf.Kprobe, SectionName: "kprobe/do_x+4", AttachTo: "do_x+4"},
			Attachment{record.Attaching{Kind: "handler", Probe: "ksym do_x"}, "function do_x"}},
		{ebpf.ProgramSpec{Type: ebpf.Kprobe, SectionName: "kprobe.multi/do_*", AttachTo: "do_*"}, kind("handler")},
		{ebpf.ProgramSpec{Type: ebpf.Kprobe, SectionName: "ksyscall/open", AttachTo: "open"}, kind("handler")},
		{ebpf.ProgramSpec{Type: ebpf.Tracing, SectionName: "iter/task", AttachTo: "task", AttachType: ebpf.AttachTraceIter},
			Attachment{record.Attaching{Kind: "handler", Probe: "func bpf_iter_task"}, "iterator task"}},
	} {
		if diff := cmp.Diff(tt.want, attachmentOf(&tt.p)); diff != "" {
			t.Errorf("%s: %s", tt.p.SectionName, diff)
		}
	}
}

// Programs of a structure are attached with it, by its map.
func TestStructuresAreAttachedByTheirMaps(t *testing.T) {
	got := read(objects.StructOps.TCP.ELF()).Attach
	for _, a := range got {
		if a.Kind != "struct_ops" {
			t.Errorf("%+v", a)
		}
	}
	if len(got) != 1 {
		t.Errorf("%d attachments: %+v", len(got), got)
	}
}

// That nothing is tried of an object that could not be read is said, and not passed over.
func TestAnObjectThatCannotBeReadIsNotTried(t *testing.T) {
	o := &Object{Needs: read(objects.StructOps.TCPByMap.ELF())}
	if got := o.Attaching(); len(got) != 1 || got[0].Kind != "" ||
		!strings.Contains(got[0].Untried, o.Needs.Unread) || o.Needs.Unread == "" {
		t.Errorf("%+v", got)
	}
	all := record.Attached{Untried: o.Attaching()[0].Untried}
	a := Of(o, attachedAs(verdict.Pass, all))
	if lines := a.Attachments(); len(lines) != 1 || !strings.HasPrefix(lines[0], "every program: not tried: ") {
		t.Errorf("%q", lines)
	}
}

var (
	done   = record.Attached{Program: "a", Kind: "xdp", Link: 7, By: "xdp", To: "interface lsat0"}
	skip   = record.Attached{Program: "b", Untried: "it is a library"}
	absent = record.Attached{Program: "c", Kind: "handler",
		Refusal: &record.Refusal{Op: "attach", Stage: "attach", Class: "not-found", Errno: 2},
		Probe:   &record.Probe{Need: "tracepoint x/y"}}
	exists = record.Attached{Program: "d", Kind: "handler",
		Refusal: &record.Refusal{Op: "attach", Stage: "attach", Class: "busy", Errno: 16, Message: "no room"},
		Probe:   &record.Probe{Need: "ksym do_exit", Has: true}}
	untold = record.Attached{Program: "e", Kind: "cgroup",
		Refusal: &record.Refusal{Op: "attach", Stage: "attach", Class: "permission", Errno: 1}}
)

// attachedAs returns a verdict on a loaded object whose programs were attached so.
func attachedAs(kind verdict.Kind, all ...record.Attached) verdict.Verdict {
	return verdict.Verdict{
		Cell: verdict.Cell{Loader: "l", Kernel: "5.10", KernelRelease: "5.10.1"}, Kind: kind,
		Reason: "attach", Checked: &record.Checked{Attached: all},
	}
}

func TestARefusedAttachmentIsTheCause(t *testing.T) {
	o := &Object{Label: "x.o", Needs: Needs{Attach: []Attachment{
		{record.Attaching{Program: "c", Kind: "handler", Probe: "tracepoint x/y"}, "tracepoint x/y"},
	}}}
	for _, tt := range []struct {
		name  string
		v     verdict.Verdict
		cause Cause
		says  []string
		cell  string
	}{
		{"attached", attachedAs(verdict.Pass, done, skip), "", nil, "loads, attaches 1 of 2"},
		{"not tried", attachedAs(verdict.Pass, skip), "", nil, "loads"},
		{"the kernel lacks it", attachedAs(verdict.Refused, done, absent), CauseAttach, []string{"program c: the kernel lacks tracepoint x/y"}, "attach"},
		{"the kernel has it", attachedAs(verdict.Refused, exists), CauseAttach, []string{"program d: no room", "errno 16", "the kernel has ksym do_exit"}, "attach"},
		{"it cannot be told", attachedAs(verdict.Refused, untold), CauseAttach, []string{"program e: ", "cannot be told"}, "attach"},
		{"several", attachedAs(verdict.Refused, absent, exists), CauseAttach, []string{"program c: ", "; program d: "}, "attach"},
		{"left", attachedAs(verdict.Fail, done, absent), CauseLeft, nil, "left-something"},
	} {
		a := Of(o, tt.v)
		if a.Cause != tt.cause || cellOf(&a) != tt.cell || (a.Wrong != "") != (tt.cause != "") {
			t.Errorf("%s: cause %q, cell %q, wrong %q", tt.name, a.Cause, cellOf(&a), a.Wrong)
		}
		for _, want := range tt.says {
			if !strings.Contains(a.Why, want) {
				t.Errorf("%s: no %q in %q", tt.name, want, a.Why)
			}
		}
		if loads := tt.cause != CauseLeft; a.Loads() != loads {
			t.Errorf("%s: loads %t", tt.name, a.Loads())
		}
	}
}

func TestAttachmentsAreHeldAgainstExpectations(t *testing.T) {
	good, bad := attachedAs(verdict.Pass, done), attachedAs(verdict.Refused, absent)
	for _, tt := range []struct {
		name, kernel string
		v            verdict.Verdict
		wrong        bool
		cell         string
	}{
		{"attaches as expected", ">=5.8", good, false, "loads, attaches"},
		{"is refused as expected", ">=5.15", bad, false, "(attach)"},
		{"is refused", ">=5.8", bad, true, "attach"},
		{"attaches all the same", "none", good, true, "attaches!"},
		{"nothing was tried", "none", attachedAs(verdict.Pass, skip), false, "loads"},
		{"nothing was tried, and has to attach", ">=5.8", attachedAs(verdict.Pass, skip), true, "not tried!"},
	} {
		s, err := settings(t, "objects:\n  - match: x\n    attaches: {kernel: '"+tt.kernel+"'}\n")
		if err != nil {
			t.Fatal(err)
		}
		o := &Object{Label: "x"}
		o.Setting = s.For(o)
		a := Of(o, tt.v)
		if (a.Wrong != "") != tt.wrong || cellOf(&a) != tt.cell {
			t.Errorf("%s: %q, cell %q", tt.name, a.Wrong, cellOf(&a))
		}
	}
}

// Every report tells an attachment that was refused, and what was attached.
func TestReportsTellOfAttachments(t *testing.T) {
	o := &Object{Label: "x.o", Path: "x.o"}
	as := Answers{
		Kernels: []string{"5.10"}, Loaders: []string{"l"}, Attach: true,
		All: []Answer{Of(o, attachedAs(verdict.Refused, done, skip, absent))},
	}
	var table bytes.Buffer
	if err := as.Write(&table); err != nil {
		t.Fatal(err)
	}
	f := as.File(verdict.Run{}, verdict.End{})
	v := f.Verdicts[0]
	for where, text := range map[string]string{
		"table": table.String(), "summary": string(as.Summary()), "detail": v.Detail + v.Reason,
	} {
		for _, want := range []string{"attaches program a: xdp link, interface lsat0", "not tried: it is a library", "tracepoint x/y"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", where, want, text)
			}
		}
	}
	if v.Kind != verdict.Fail || v.Expected == "" || !strings.Contains(v.Again, "--attach") ||
		len(v.Sentence) != 2 {
		t.Errorf("%+v", v)
	}
}

// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"io/fs"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"
)

// A program is attached to what its section names, and detached: twice, as nothing stays.
func TestAttachBySection(t *testing.T) {
	l := begin(t)
	do(t, l, open(write(t, objects.Attach.RawTracepoint.ELF())))
	do(t, l, loader.Load{Session: "s"})
	for range 2 {
		reply := do(t, l, loader.Attach{Session: "s", Program: "handle", Kind: "handler"})
		attached, _ := reply.(*loader.OK)
		if attached == nil || attached.Handle == "" || attached.LinkID == 0 {
			t.Fatalf("%+v, want a handle and a link", reply)
		}
		detach := loader.Detach{Session: "s", Handle: attached.Handle}
		if diff := cmp.Diff(&loader.OK{}, do(t, l, detach)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAttachBySectionRefused(t *testing.T) {
	absent := &loader.Rejected{Stage: loader.AtAttach, Class: loader.NotFound, Errno: int(syscall.ENOENT)}
	for _, tt := range []struct {
		object objects.Object
		want   loader.Reply
	}{
		{objects.Attach.RawTracepointMissing, absent},
		{objects.Attach.Socket, &loader.Unsupported{Feature: "attach/handler",
			Reason: "section socket names nothing that package link attaches to"}},
	} {
		l := begin(t)
		do(t, l, open(write(t, tt.object.ELF())))
		do(t, l, loader.Load{Session: "s"})
		attach := loader.Attach{Session: "s", Program: "handle", Kind: "handler"}
		if diff := cmp.Diff(tt.want, do(t, l, attach), refused); diff != "" {
			t.Errorf("%s: %s", tt.object.Name(), diff)
		}
	}
	file := &fs.PathError{Op: "open", Path: "/sys/kernel/tracing/events/x/y/id", Err: syscall.ENOENT}
	if diff := cmp.Diff(absent, refusal(loader.AtAttach, file), refused); diff != "" {
		t.Errorf("no such tracepoint: %s", diff)
	}
}

func TestSectionsThatPackageLinkAttaches(t *testing.T) {
	for _, tt := range []struct {
		section string
		of      ebpf.ProgramSpec
		want    bool
	}{
		{"tracepoint/sched/sched_switch", ebpf.ProgramSpec{Type: ebpf.TracePoint, AttachTo: "sched/sched_switch"}, true},
		{"?tp/sched/sched_switch", ebpf.ProgramSpec{Type: ebpf.TracePoint, AttachTo: "sched/sched_switch"}, true},
		{"tracepoint/sched", ebpf.ProgramSpec{Type: ebpf.TracePoint, AttachTo: "sched"}, false},
		{"tracepoint", ebpf.ProgramSpec{Type: ebpf.TracePoint}, false},
		{"raw_tp.w/x", ebpf.ProgramSpec{Type: ebpf.RawTracepointWritable, AttachTo: "x"}, true},
		{"kprobe/do_exit", ebpf.ProgramSpec{Type: ebpf.Kprobe, AttachTo: "do_exit"}, true},
		{"kprobe/do_exit+4", ebpf.ProgramSpec{Type: ebpf.Kprobe, AttachTo: "do_exit+4"}, false},
		{"kretprobe/do_exit", ebpf.ProgramSpec{Type: ebpf.Kprobe, AttachTo: "do_exit"}, true},
		{"kprobe.multi/do_*", ebpf.ProgramSpec{Type: ebpf.Kprobe, AttachTo: "do_*"}, false},
		{"ksyscall/open", ebpf.ProgramSpec{Type: ebpf.Kprobe, AttachTo: "open"}, false},
		{"uprobe//bin/sh:main", ebpf.ProgramSpec{Type: ebpf.Kprobe, AttachTo: "/bin/sh:main"}, false},
		{"fentry/do_exit", ebpf.ProgramSpec{Type: ebpf.Tracing, AttachTo: "do_exit", AttachType: ebpf.AttachTraceFEntry}, true},
		{"iter/task", ebpf.ProgramSpec{Type: ebpf.Tracing, AttachTo: "task", AttachType: ebpf.AttachTraceIter}, true},
		{"lsm/file_open", ebpf.ProgramSpec{Type: ebpf.LSM, AttachTo: "file_open", AttachType: ebpf.AttachLSMMac}, true},
		{"lsm_cgroup/bind", ebpf.ProgramSpec{Type: ebpf.LSM, AttachTo: "bind", AttachType: ebpf.AttachLSMCgroup}, false},
		{"freplace/f", ebpf.ProgramSpec{Type: ebpf.Extension, AttachTo: "f"}, false},
	} {
		tt.of.SectionName = tt.section
		if got := bySection(&tt.of) != nil; got != tt.want {
			t.Errorf("%s: %t, want %t", tt.section, got, tt.want)
		}
	}
}

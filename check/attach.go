// SPDX-License-Identifier: Apache-2.0

package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/record"
)

// An Attachment says how a program is attached where its section says it, and what that takes of
// the kernel.
type Attachment struct {
	record.Attaching
	What string // that its probe asks for, in words: "tracepoint sched/sched_switch"; "" for nothing
}

// The kinds of attachments of the loader protocol that a check asks for.
const (
	kindXDP       = "xdp"
	kindTC        = "tc"
	kindTCX       = "tcx"
	kindCgroup    = "cgroup"
	kindStructOps = "struct_ops"
	kindHandler   = "handler" // what the section says, as "tracepoint/sched/sched_switch"
)

// cgroupTypes are the types of programs that are attached to a cgroup.
var cgroupTypes = []ebpf.ProgramType{
	ebpf.CGroupSKB, ebpf.CGroupSock, ebpf.CGroupSockAddr, ebpf.CGroupSockopt, ebpf.CGroupSysctl,
	ebpf.CGroupDevice, ebpf.SockOps,
}

// attachments returns how the programs of an object are attached, in the order of their names;
// those of a structure as one, by its map.
func attachments(spec *ebpf.CollectionSpec) []Attachment {
	var all []Attachment
	for name, m := range sorted(spec.Maps) {
		if m.Type == ebpf.StructOpsMap {
			all = append(all, Attachment{Attaching: record.Attaching{Program: name, Kind: kindStructOps}})
		}
	}
	for name, p := range sorted(spec.Programs) {
		if p.Type == ebpf.StructOps {
			continue
		}
		a := attachmentOf(p)
		a.Program = name
		all = append(all, a)
	}
	return all
}

// Attaching returns how the programs of the object are to be attached; of one that could not be
// read, that nothing is tried.
func (o *Object) Attaching() []record.Attaching {
	if o.Needs.Unread != "" && len(o.Needs.Attach) == 0 {
		return []record.Attaching{{Untried: "what the object has could not be read: " + o.Needs.Unread}}
	}
	var all []record.Attaching
	for _, a := range o.Needs.Attach {
		all = append(all, a.Attaching)
	}
	return all
}

// attachmentOf returns how one program is attached.
func attachmentOf(p *ebpf.ProgramSpec) Attachment {
	section, _, _ := strings.Cut(strings.TrimPrefix(p.SectionName, "?"), "/")
	switch {
	case p.Type == ebpf.UnspecifiedProgram:
		return untried("its section says no type that is known")
	case p.Type == ebpf.XDP && p.AttachType != ebpf.AttachXDPDevMap && p.AttachType != ebpf.AttachXDPCPUMap:
		return kind(kindXDP)
	case p.Type == ebpf.XDP:
		return untried("it is for an element of a map")
	case p.Type == ebpf.SchedCLS && section == "tcx":
		a := kind(kindTCX)
		a.Probe, a.What = "ksym tcx_link_attach", "tcx"
		return a
	case p.Type == ebpf.SchedCLS && section != "netkit":
		return kind(kindTC)
	case slices.Contains(cgroupTypes, p.Type), p.Type == ebpf.LSM && p.AttachType == ebpf.AttachLSMCgroup:
		return kind(kindCgroup)
	case p.Type == ebpf.Kprobe && (strings.HasPrefix(section, "u")): // uprobe, uretprobe, usdt
		return untried("it is for a program of users, which a clone does not have")
	case !bySection(p.Type):
		return untried(fmt.Sprintf("a section says of no program of type %s what it is attached to", p.Type))
	case p.AttachTo == "":
		return untried("its section does not say what it is attached to")
	}
	a := kind(kindHandler)
	a.Probe, a.What = attachProbe(section, p)
	return a
}

// bySection reports whether sections say what programs of a type are attached to.
func bySection(t ebpf.ProgramType) bool {
	return slices.Contains([]ebpf.ProgramType{
		ebpf.Kprobe, ebpf.TracePoint, ebpf.RawTracepoint, ebpf.RawTracepointWritable, ebpf.Tracing,
		ebpf.LSM,
	}, t)
}

// attachProbe returns what in the kernel a program is attached to, and how that is probed; "" where
// it cannot be.
func attachProbe(section string, p *ebpf.ProgramSpec) (probe, what string) {
	switch p.Type {
	case ebpf.TracePoint:
		return "tracepoint " + p.AttachTo, "tracepoint " + p.AttachTo
	case ebpf.RawTracepoint, ebpf.RawTracepointWritable:
		return "type btf_trace_" + p.AttachTo, "tracepoint " + p.AttachTo
	case ebpf.Kprobe:
		if section == "kprobe" || section == "kretprobe" {
			function, _, _ := strings.Cut(p.AttachTo, "+")
			return "ksym " + function, "function " + function
		}
		return "", "" // a pattern, or the name of a system call
	}
	return attachTarget(p)
}

func kind(k string) Attachment { return Attachment{Attaching: record.Attaching{Kind: k}} }

func untried(why string) Attachment {
	return Attachment{Attaching: record.Attaching{Untried: why}}
}

// whyUnattached returns why programs of a loaded object were not attached, in a line.
func whyUnattached(o *Object, c *record.Checked) string {
	var texts []string
	for _, a := range c.Attached {
		if a.Refusal != nil {
			texts = append(texts, named(a)+": "+o.whyOne(a))
		}
	}
	return strings.Join(texts, "; ")
}

// whyOne returns why a program was not attached. A lack of the kernel is said where a probe proves
// it; where none does, the refusal speaks for itself.
func (o *Object) whyOne(a record.Attached) string {
	said := words(a.Refusal)
	switch p := a.Probe; {
	case p == nil || p.Unknown != "":
		return said + "; whether the kernel has what it attaches to cannot be told"
	case !p.Has:
		return "the kernel lacks " + cmp.Or(o.whatOf(p.Need), p.Need)
	default:
		return said + "; the kernel has " + cmp.Or(o.whatOf(p.Need), p.Need)
	}
}

// whatOf returns in words what a probe for an attachment asks for.
func (o *Object) whatOf(probe string) string {
	for _, a := range o.Needs.Attach {
		if a.Probe == probe {
			return a.What
		}
	}
	return ""
}

// named names what was attached, or was to be.
func named(a record.Attached) string {
	switch {
	case a.Program == "":
		return "every program"
	case a.Kind == kindStructOps:
		return "structure " + a.Program
	}
	return "program " + a.Program
}

// Attaches returns how many programs of the object were attached, and to how many of them that
// was tried.
func (a Answer) Attaches() (attached, tried int) {
	if a.Verdict.Checked == nil {
		return 0, 0
	}
	for _, one := range a.Verdict.Checked.Attached {
		if one.Untried == "" {
			tried++
		}
		if one.Done() {
			attached++
		}
	}
	return attached, tried
}

// Attachments says of each program how it was attached, a line each; nil where a check does not
// ask. Those that were refused are in Why where that is the cause.
func (a Answer) Attachments() []string {
	if a.Verdict.Checked == nil {
		return nil
	}
	var lines []string
	for _, one := range a.Verdict.Checked.Attached {
		switch {
		case one.Untried != "":
			lines = append(lines, named(one)+": not tried: "+one.Untried)
		case one.Refusal != nil && a.Cause != CauseAttach:
			lines = append(lines, "does not attach "+named(one)+": "+a.Object.whyOne(one))
		case one.Done():
			lines = append(lines, "attaches "+named(one)+": "+holding(one))
		}
	}
	return lines
}

// holding says in words what holds a program, and where.
func holding(a record.Attached) string {
	by := a.By
	if a.Link != 0 {
		by += " link"
	}
	if a.To == "" {
		return by
	}
	return by + ", " + a.To
}

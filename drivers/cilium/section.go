// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// bySection returns what attaches a program to what its section names, as the library reads it: a
// function of package link. It returns nil where the section names nothing that one of them
// attaches to. The library leaves the choice to its caller, and documents which is for which.
func bySection(of *ebpf.ProgramSpec) func(*ebpf.Program) (link.Link, error) {
	section, _, _ := strings.Cut(strings.TrimPrefix(of.SectionName, "?"), "/")
	group, name, _ := strings.Cut(of.AttachTo, "/")
	switch {
	case of.AttachTo == "":
		return nil
	case of.Type == ebpf.TracePoint && name != "":
		return func(p *ebpf.Program) (link.Link, error) { return link.Tracepoint(group, name, p, nil) }
	case of.Type == ebpf.RawTracepoint, of.Type == ebpf.RawTracepointWritable:
		return func(p *ebpf.Program) (link.Link, error) {
			return link.AttachRawTracepoint(link.RawTracepointOptions{Name: of.AttachTo, Program: p})
		}
	case of.Type == ebpf.Kprobe && strings.Contains(of.AttachTo, "+"):
		return nil // an offset is an option of the caller's
	case of.Type == ebpf.Kprobe && section == "kprobe":
		return func(p *ebpf.Program) (link.Link, error) { return link.Kprobe(of.AttachTo, p, nil) }
	case of.Type == ebpf.Kprobe && section == "kretprobe":
		return func(p *ebpf.Program) (link.Link, error) { return link.Kretprobe(of.AttachTo, p, nil) }
	case of.Type == ebpf.Tracing && of.AttachType == ebpf.AttachTraceIter:
		return func(p *ebpf.Program) (link.Link, error) {
			return link.AttachIter(link.IterOptions{Program: p})
		}
	case of.Type == ebpf.Tracing:
		return func(p *ebpf.Program) (link.Link, error) {
			return link.AttachTracing(link.TracingOptions{Program: p})
		}
	case of.Type == ebpf.LSM && of.AttachType == ebpf.AttachLSMMac:
		return func(p *ebpf.Program) (link.Link, error) {
			return link.AttachLSM(link.LSMOptions{Program: p})
		}
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package check

import (
	"cmp"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/oracle/need"
	"github.com/loadstone-bpf/loadstone/record"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// What the loader and the kernel make of an object is not held against anything here: the host is
// told, and the loader gives all of it up again. Where a check asks for it, its programs are
// attached and detached before.
var _ = HiddenEach(record.ObjectSpec, func(s *Session) {
	brought := s.Brought()
	loaded := s.LoadBrought(brought)
	if loaded.OK() {
		made := s.Made(loaded)
		var left []string
		if len(brought.Attach) > 0 {
			made.Attached, left = attachAll(s, loaded, brought.Attach)
		}
		s.Say(made)
		s.Keep(s.Pins()...)
		if len(left) > 0 {
			s.Contradict("nothing of what was attached, once it is detached", strings.Join(left, ", "))
		}
		if at := slices.IndexFunc(made.Attached, func(a record.Attached) bool { return a.Refusal != nil }); at >= 0 {
			s.EndRefused("attach " + made.Attached[at].Program + ": " + refusalWords(made.Attached[at].Refusal))
		}
		return
	}
	s.SayRefused(loaded, probe(brought.Needs))
})

// refusalWords returns what a loader says of a refusal, which is never nothing.
func refusalWords(r *record.Refusal) string { return cmp.Or(r.Message, r.Class) }

// probe asks this kernel for each thing that an object needs.
func probe(needs []string) []record.Probe {
	var found []record.Probe
	for _, n := range needs {
		p := record.Probe{Need: n}
		var err error
		if p.Has, err = need.Has(strings.Fields(n)...); err != nil {
			p.Unknown = err.Error()
		}
		found = append(found, p)
	}
	return found
}

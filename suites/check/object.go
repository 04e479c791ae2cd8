// SPDX-License-Identifier: Apache-2.0

package check

import (
	"strings"

	"github.com/loadstone-bpf/loadstone/oracle/need"
	"github.com/loadstone-bpf/loadstone/record"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// What the loader and the kernel make of an object is not held against anything here: the host is
// told, and the loader gives all of it up again.
var _ = HiddenEach(record.ObjectSpec, func(s *Session) {
	brought := s.Brought()
	loaded := s.LoadBrought(brought)
	if loaded.OK() {
		s.SayLoaded(loaded)
		s.Keep(s.Pins()...)
		return
	}
	s.SayRefused(loaded, probe(brought.Needs))
})

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

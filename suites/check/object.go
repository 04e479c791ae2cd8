// SPDX-License-Identifier: Apache-2.0

package check

import (
	"github.com/loadstone-bpf/loadstone/record"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// What the loader and the kernel make of an object is not held against anything here: the host is
// told, and the loader gives all of it up again.
var _ = HiddenEach(record.ObjectSpec, func(s *Session) {
	brought := s.Brought()
	loaded := s.Load(brought)
	if loaded.OK() {
		s.SayLoaded()
		return
	}
	s.SayRefused(loaded, probe(brought.Needs))
})

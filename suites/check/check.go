// SPDX-License-Identifier: Apache-2.0

// Package check holds the specs that are no suite's. One proves a driver before its results count:
// it loads one good object, runs its program and sees the effect in the kernel; 'loadstone loaders
// check' orders it, and every guest runs it with the reference loader before its template is taken.
// The other loads an object that a user brings: 'loadstone check' orders it. Neither is in a
// catalogue.
//
// Read check.go, then object.go and attach.go.
package check

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/record"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A loader that reads no BTF map definitions is given legacy ones: this is about the driver.
var _ = Hidden(record.TrialSpec, func(s *Session) {
	loaded := s.Load(objects.MapDefs.Counter)
	if !loaded.OK() {
		loaded = s.MustLoad(objects.MapDefs.LegacyCounter)
	}
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(ContainElement(byte(1)))
})

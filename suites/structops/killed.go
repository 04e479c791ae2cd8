// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"fmt"
	"slices"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	ops "github.com/loadstone-bpf/loadstone/structops"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A killing says in the midst of what a loader is killed: at its first call of bpf(2), at one in
// the middle, or at the last.
type killing struct {
	work func(s *Session) *Attempt
	at   func(calls uint64) uint64
	name string // of the structure
}

func firstCall(uint64) uint64      { return 1 }
func halfOf(calls uint64) uint64   { return max(1, calls/2) }
func lastCall(calls uint64) uint64 { return calls }
func registers(o objects.Object) func(s *Session) *Attempt {
	return func(s *Session) *Attempt {
		loaded := s.MustLoad(o)
		loaded.MustRegister("ca")
		return loaded
	}
}

func replaces(s *Session) *Attempt {
	loaded := s.MustLoad(objects.StructOps.TwoSameName)
	loaded.MustRegister("first").MustUpdate("second", "")
	return loaded
}

// madeSince returns the structures that are in the kernel beside those.
func madeSince(before []ops.Structure) ([]ops.Structure, error) {
	all, err := ops.Read()
	return slices.DeleteFunc(all, func(s ops.Structure) bool {
		return slices.ContainsFunc(before, func(b ops.Structure) bool { return b.ID == s.ID })
	}), err
}

// isWhole reports whether a structure is registered, with all programs of the objects here.
func isWhole(s ops.Structure) bool { return s.Registered && s.Programs() == 4 }

// A loader that is killed leaves nothing, or a structure that is registered as a whole, which
// another process removes.
var _ = Table("structops.died.in-the-midst", func(s *Session, of killing) {
	before := s.Kernel()
	there, err := ops.Read()
	s.MustWork(err)
	calls, _ := s.KilledAt(0, func() { of.work(s) })
	Expect(calls).To(BeNumerically(">", 1), "calls of bpf(2)")
	s.Restart()
	Expect(s.Kernel()).To(HoldNothingBeyond(before))

	_, survives := s.KilledAt(of.at(calls), func() { of.work(s) })
	Expect(survives).To(BeFalse())
	var left []ops.Structure
	defer func() {
		for _, one := range left {
			unregisterLeft(s, one.ID)
		}
	}()
	Eventually(func() (bool, error) {
		left, err = madeSince(there)
		return !slices.ContainsFunc(left, func(s ops.Structure) bool { return !isWhole(s) }), err
	}).WithTimeout(s.Patience(patience)).Should(BeTrue())
	for _, one := range left {
		Expect(remove(s, fmt.Sprintf("id:%d", one.ID), s.Patience(patience))).To(Succeed())
	}
	mustBeGone(s, of.name)
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
},
	Entry("link-first", killing{registers(objects.StructOps.TCP), firstCall, linked}),
	Entry("link-half", killing{registers(objects.StructOps.TCP), halfOf, linked}),
	Entry("link-last", killing{registers(objects.StructOps.TCP), lastCall, linked}),
	Entry("map-half", killing{registers(objects.StructOps.TCPByMap), halfOf, unlinked}),
	Entry("map-last", killing{registers(objects.StructOps.TCPByMap), lastCall, unlinked}),
	Entry("replaced", killing{replaces, lastCall, first}),
)

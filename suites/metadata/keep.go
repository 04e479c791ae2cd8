// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// The pin of a program is all that is left of the object, until it goes as well.
var _ = It("metadata.keep.with-program", func(s *Session) {
	before := s.Kernel()
	path := s.BPFFS() + "/second"
	loaded := s.MustLoad(objects.Metadata.Unused)
	data := loaded.MapID(loaded.DataMap(".rodata"))
	value := loaded.Lookup(loaded.DataMap(".rodata"), U32(0))
	Expect(loaded.PinProgram("second", path)).To(BeOK())
	s.Keep("second")
	loaded.Close()
	facts, err := oracle.Program(s.Pin(path).Object.ID)
	Expect(err).NotTo(HaveOccurred())
	Expect(facts.Maps).To(ConsistOf(data))
	Expect(oracle.Lookup(data, U32(0))).To(Equal(value))
	Expect(value).To(ContainSubstring("networking"))
	s.RemovePin(path)
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// The loader has no time to give anything up.
var _ = It("metadata.keep.killed", func(s *Session) {
	path := s.BPFFS() + "/second"
	loaded := s.MustLoad(objects.Metadata.Unused)
	data := loaded.MapID(loaded.DataMap(".rodata"))
	Expect(loaded.PinProgram("second", path)).To(BeOK())
	s.Keep("second")
	s.Kill()
	facts, err := oracle.Program(s.Pin(path).Object.ID)
	Expect(err).NotTo(HaveOccurred())
	Expect(facts.Maps).To(ConsistOf(data))
	Expect(oracle.Lookup(data, U32(0))).To(ContainSubstring("networking"))
})

// One of two programs is enough, and the last one to go takes the data with it.
var _ = It("metadata.keep.last-program", func(s *Session) {
	before := s.Kernel()
	loaded := s.MustLoad(objects.Metadata.Unused)
	data := loaded.MapID(loaded.DataMap(".rodata"))
	for _, program := range []string{"first", "second"} {
		Expect(loaded.PinProgram(program, s.BPFFS()+"/"+program)).To(BeOK())
		s.Keep(program)
	}
	loaded.Close()
	s.RemovePin(s.BPFFS() + "/first")
	Expect(oracle.Lookup(data, U32(0))).To(ContainSubstring("networking"))
	s.RemovePin(s.BPFFS() + "/second")
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

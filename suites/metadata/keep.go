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

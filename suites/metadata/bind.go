// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("metadata.bind.every-program", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Unused)
	data := loaded.MapID(loaded.DataMap(".rodata"))
	Expect(loaded.Program("first").Maps).To(ConsistOf(data))
	Expect(loaded.Program("second").Maps).To(ConsistOf(data))
})

var _ = It("metadata.bind.once", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Used)
	data := loaded.MapID(loaded.DataMap(".rodata"))
	Expect(loaded.Program("reads").Maps).To(ConsistOf(data, loaded.MapID(loaded.DataMap(".data"))))
	Expect(loaded.Program("nothing").Maps).To(ConsistOf(data))
	Expect(loaded.Run("reads")).To(Equal(uint32(4711)))
})

var _ = It("metadata.bind.several-sections", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Several)
	Expect(loaded.Program("nothing").Maps).To(ConsistOf(
		loaded.MapID(loaded.DataMap(".rodata")), loaded.MapID(loaded.DataMap(".rodata.build")),
		loaded.MapID(loaded.DataMap(".rodata.time")),
	))
})

var _ = It("metadata.bind.data-left", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Used)
	Expect(loaded.Program("reads").Maps).To(ContainElement(loaded.MapID(loaded.DataMap(".data"))))
	Expect(loaded.Program("nothing").Maps).To(
		ConsistOf(loaded.MapID(loaded.DataMap(".rodata"))))
})

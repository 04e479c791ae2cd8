// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"debug/elf"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("mapdefs.object.open-makes-nothing", func(s *Session) {
	before := s.Kernel()
	Expect(s.Open(objects.MapDefs.Several)).To(BeOK())
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = Table("mapdefs.object.malformed-refused", func(s *Session, f fault) {
	s.Refuses(objects.MapDefs.Counter, f.bad, AtOpen, Malformed, Invalid)
}, []fault{
	{variant: "empty", bad: objects.MapDefs.Counter.With(elfedit.Replace("nothing", nil))},
	{variant: "text", bad: objects.MapDefs.Counter.With(elfedit.Replace("text", []byte("#!/bin/sh\nexit 0\n")))},
	{variant: "header-cut-off", bad: objects.MapDefs.Counter.With(elfedit.Truncate(63))},
	{variant: "header-only", bad: objects.MapDefs.Counter.With(elfedit.Truncate(64))},
	{variant: "half", bad: objects.MapDefs.Counter.With(elfedit.Half())},
	{variant: "headers-outside", bad: objects.MapDefs.Counter.With(elfedit.SectionHeaders(1 << 40))},
	{variant: "headers-wrap", bad: objects.MapDefs.Counter.With(elfedit.SectionHeaders(1<<64 - 64))},
	{variant: "section-outside", bad: objects.MapDefs.Counter.With(elfedit.SectionOffset("xdp", 1<<40))},
	{variant: "section-wraps", bad: objects.MapDefs.Counter.With(elfedit.SectionOffset("xdp", 1<<64-8))},
})

var _ = Table("mapdefs.object.foreign-refused", func(s *Session, f fault) {
	refuses(s, objects.MapDefs.Counter, f.bad, Malformed, NotSupported, Invalid)
}, []fault{
	{variant: "machine", bad: objects.MapDefs.Counter.With(elfedit.Machine(elf.EM_X86_64))},
	{variant: "byte-order", bad: objects.ForeignOrder},
})

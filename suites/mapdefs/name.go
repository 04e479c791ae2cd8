// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"strings"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("mapdefs.name.kept", func(s *Session) {
	Expect(s.MustLoad(objects.MapDefs.NameOne).Map("x").Name).To(Equal("x"))
	Expect(s.MustLoad(objects.MapDefs.NameFifteen).Map("exactly_fifteen").Name).To(
		Equal("exactly_fifteen"))
})

var _ = It("mapdefs.name.cut", func(s *Session) {
	Expect(s.MustLoad(objects.MapDefs.NameSixteen).Map("exactly_sixteen_").Name).To(
		Equal("exactly_sixteen"))
	Expect(s.MustLoad(objects.MapDefs.NameLong).Map("a_name_that_no_kernel_will_hold_in_full_x").Name).To(Equal("a_name_that_no_"))
})

var _ = It("mapdefs.name.twins", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.NameTwins)
	loaded.Run("write_both")
	Expect(loaded.Lookup("the_same_prefix_left", U32(0))).To(Equal(U64(1)))
	Expect(loaded.Lookup("the_same_prefix_right", U32(0))).To(Equal(U64(2)))
})

// Tools list maps by the kernel's names: one ".data" among others says nothing.
var _ = It("mapdefs.name.data", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Data)
	for _, name := range loaded.MapNames() {
		if strings.HasSuffix(name, ".data") {
			Expect(loaded.Map(name).Name).To(Equal("data.data"))
			return
		}
	}
	Expect(loaded.MapNames()).To(ContainElement(HaveSuffix(".data")))
})

var _ = It("mapdefs.name.odd", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	dollar := s.Load(objects.MapDefs.NameDollar)
	if !dollar.OK() {
		refuses(s, objects.MapDefs.Plain, objects.MapDefs.NameDollar, Invalid, MalformedBTF)
		return
	}
	m := dollar.Map("cash$map")
	Expect(m.MaxEntries).To(Equal(plain.MaxEntries))
	Expect(m.Name).To(MatchRegexp("^cash.?map$"))
})

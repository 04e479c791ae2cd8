// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// name is a map's name in the object, and what the kernel is to keep of it.
type name struct {
	variant      string
	object       objects.Object
	name, inFull string
}

// Variant is the part of the spec's id behind the slash.
func (n name) Variant() string { return n.variant }

func keepsName(s *Session, n name) {
	m := s.MustLoad(n.object).Map(n.inFull)
	Expect(m.Name).To(Equal(n.name))
}

var _ = Table("mapdefs.name.kept", keepsName, []name{
	{"one-letter", objects.MapDefs.NameOne, "x", "x"},
	{"fifteen-letters", objects.MapDefs.NameFifteen, "exactly_fifteen", "exactly_fifteen"},
})

var _ = Table("mapdefs.name.cut", keepsName, []name{
	{"sixteen-letters", objects.MapDefs.NameSixteen, "exactly_sixteen", "exactly_sixteen_"},
	{"forty-letters", objects.MapDefs.NameLong, "a_name_that_no_", "a_name_that_no_kernel_will_hold_in_full_x"},
})

var _ = It("mapdefs.name.twins", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.NameTwins)
	loaded.Run("write_both", packet)
	Expect(loaded.Lookup("the_same_prefix_left", u32(0))).To(Equal(u64(1)))
	Expect(loaded.Lookup("the_same_prefix_right", u32(0))).To(Equal(u64(2)))
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

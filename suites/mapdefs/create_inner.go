// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"fmt"
	"syscall"

	"github.com/cilium/ebpf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// outerCreations ask for maps of maps.
var outerCreations = []Case[creation]{
	Entry("array", creation{ebpf.ArrayOfMaps, MapAttributes{KeySize: 4, ValueSize: 4, MaxEntries: 3}, "array_of_maps", 0}),
	Entry("hash", creation{ebpf.HashOfMaps, MapAttributes{KeySize: 4, ValueSize: 4, MaxEntries: 5}, "hash_of_maps", 0}),
}

// The kernel keeps of the template what a map has to be like to be put in, and shows it by which
// maps it accepts.
var _ = Table("mapdefs.create.map-of-maps", func(s *Session, c creation) {
	template, outer := requestMap(s, "template"), requestMap(s, "outer")
	outer.Map, outer.InnerMap = c.attributes, template.Path
	outer.Map.Type = uint32(c.typ)
	templateID := s.MustCreate(template).MapID("template")
	created := s.MustCreate(outer)
	Expect(s.Pin(outer.Path)).To(BeThePinOfMap(created.MapID("outer")))
	Expect(created.Map("outer")).To(BeTheSameMapAs(oracle.MapFacts{
		Name: "outer", Type: c.name, KeySize: c.attributes.KeySize,
		ValueSize: c.attributes.ValueSize, MaxEntries: c.attributes.MaxEntries,
	}))
	Expect(s.Pin(template.Path)).To(BeThePinOfMap(templateID))
	Expect(putNew(created.MapID("outer"), template.Map)).To(Succeed())
	other := template.Map
	other.ValueSize++
	Expect(putNew(created.MapID("outer"), other)).To(MatchError(syscall.EINVAL))
}, outerCreations...)

// putNew puts a new map into the element of key 0 of a map of maps. The error wraps the kernel's,
// if the kernel refuses it.
func putNew(outer uint32, attributes MapAttributes) error {
	m, err := ebpf.NewMapFromID(ebpf.MapID(outer))
	if err != nil {
		return fmt.Errorf("open outer map: %w", err)
	}
	defer m.Close()
	inner, err := ebpf.NewMap(&ebpf.MapSpec{
		Name: "inner", Type: ebpf.MapType(attributes.Type), KeySize: attributes.KeySize,
		ValueSize: attributes.ValueSize, MaxEntries: attributes.MaxEntries,
	})
	if err != nil {
		return fmt.Errorf("make inner map: %v", err) // not the error that is asked about
	}
	defer inner.Close()
	return m.Put(uint32(0), inner)
}

var _ = Table("mapdefs.create.template-needed", func(s *Session, c creation) {
	bad := requestMap(s, "bad")
	bad.Map = c.attributes
	bad.Map.Type = uint32(c.typ)
	refusesToCreate(s, bad, AtCreate, Invalid, BadMapDef, IO)
}, outerCreations...)

var _ = It("mapdefs.create.template-missing-refused", func(s *Session) {
	bad := requestMap(s, "bad")
	bad.Map = MapAttributes{Type: uint32(ebpf.ArrayOfMaps), KeySize: 4, ValueSize: 4, MaxEntries: 3}
	bad.InnerMap = s.PinFolder() + "/missing"
	refusesToCreate(s, bad, AtAnyStage, NotFound)
})

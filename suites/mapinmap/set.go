// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	"path"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// pinTemplate loads an object whose map asks to be pinned under a name, and returns the path of the
// pin.
func pinTemplate(s *Session, o objects.Object, name string) string {
	s.MustLoad(o, PinRoot(s.BPFFS()))
	s.Keep(name)
	return path.Join(s.BPFFS(), name)
}

var _ = It("mapinmap.set.template", func(s *Session) {
	template := pinTemplate(s, objects.MapInMap.PinnedInner, "inner_zero")
	loaded := s.Open(objects.MapInMap.NoTemplateArray).SetMap("outer", InnerMap, template).Load()
	Expect(loaded).To(BeOK())
	Expect(loaded.Map("outer").Type).To(Equal("array_of_maps"))
	Expect(slots(loaded, "outer")).To(BeEmpty())
})

var _ = It("mapinmap.set.template/replaced", func(s *Session) {
	template := pinTemplate(s, objects.MapInMap.PinnedWide, "wide")
	loaded := s.Open(objects.MapInMap.SetWide).SetMap("outer", InnerMap, template).Load()
	Expect(loaded).To(BeOK())
	Expect(slots(loaded, "outer")).To(Equal(map[uint32]uint32{0: loaded.MapID("inner_zero")}))
})

// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"os"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var noBPFFS = []Class{Invalid, Permission, IO, NotSupported}

var _ = It("pinning.place.no-bpffs-refused", func(s *Session) {
	folder, elsewhere := s.PinFolder(), s.Work()+"/pins"
	s.MakeFolder(elsewhere)
	controlled(s, objects.Pinning.Counter, folder)
	refusesUntouched(s, []string{elsewhere + "/counts"}, func() *Attempt {
		return s.Load(objects.Pinning.Counter, PinRoot(elsewhere))
	}, AtPin, noBPFFS...)
	Expect(s.PinsIn(elsewhere)).To(BeEmpty())
})

var _ = It("pinning.place.no-bpffs-refused/file-there", func(s *Session) {
	folder, elsewhere := s.PinFolder(), s.Work()+"/pins"
	s.MakeFolder(elsewhere)
	controlled(s, objects.Pinning.Counter, folder)
	s.PlacePin(elsewhere+"/counts", func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) })
	refusesUntouched(s, []string{elsewhere + "/counts"}, func() *Attempt {
		return s.Load(objects.Pinning.Counter, PinRoot(elsewhere))
	}, AtPin, noBPFFS...)
})

var _ = It("pinning.place.no-bpffs-refused/on-request", func(s *Session) {
	elsewhere := s.Work() + "/pins"
	s.MakeFolder(elsewhere)
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	refusesUntouched(s, []string{elsewhere + "/counts"}, func() *Attempt {
		return loaded.PinMap("counts", elsewhere+"/counts")
	}, AtPin, noBPFFS...)
	Expect(s.PinsIn(elsewhere)).To(BeEmpty())
})

// missing is a path of folders that are not there.
type missing struct{ variant, path string }

// Variant is the part of the spec's id behind the slash.
func (m missing) Variant() string { return m.variant }

var _ = Table("pinning.place.missing-folder", func(s *Session, m missing) {
	folder := s.PinFolder()
	s.Keep("tc/globals/" + m.path + "/counts")
	controlled(s, objects.Pinning.Counter, folder)
	before := s.Kernel()
	loaded := s.Load(objects.Pinning.Counter, PinRoot(folder+"/"+m.path))
	if loaded.OK() {
		Expect(s.Pin(folder + "/" + m.path + "/counts")).To(BeThePinOfMap(loaded.MapID("counts")))
		return
	}
	Expect(loaded).To(BeRejected(AtPin, NotFound, IO))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	Expect(s.PinsIn(folder)).To(BeEmpty())
}, []missing{
	{"one", "a"},
	{"two", "a/b"},
})

var _ = It("pinning.place.folder-removed", func(s *Session) {
	folder := s.PinFolder()
	controlled(s, objects.Pinning.Three, folder)
	Expect(s.Load(objects.Pinning.ThreeRefused, PinRoot(folder+"/made"))).To(BeRejected(AtAnyStage))
	Expect(s.PinsIn(folder)).To(BeEmpty())
})

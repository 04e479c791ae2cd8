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
	load := func() *Attempt { return s.Load(objects.Pinning.Counter, PinRoot(elsewhere)) }
	refusesUntouched(s, []string{elsewhere + "/counts"}, load, AtPin, noBPFFS...)
	Expect(s.PinsIn(elsewhere)).To(BeEmpty())
	s.PutPin(elsewhere+"/counts",
		func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) })
	refusesUntouched(s, []string{elsewhere + "/counts"}, load, AtPin, noBPFFS...)
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

var _ = It("pinning.place.missing-folder", func(s *Session) {
	folder := keeping(s, "a/counts", "b/c/counts")
	controlled(s, objects.Pinning.Counter, folder)
	// libbpf makes one folder (make_parent_dir), and no more.
	for _, missing := range []string{"a", "b/c"} {
		before, there := s.Kernel(), s.PinsIn(folder)
		loaded := s.Load(objects.Pinning.Counter, PinRoot(folder+"/"+missing))
		if loaded.OK() {
			Expect(s.Pin(folder + "/" + missing + "/counts")).To(
				BeThePinOfMap(loaded.MapID("counts")))
			continue
		}
		Expect(loaded).To(BeRejected(AtPin, NotFound, IO))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		Expect(s.PinsIn(folder)).To(Equal(there))
	}
})

var _ = It("pinning.place.folder-removed", func(s *Session) {
	folder := s.PinFolder()
	controlled(s, objects.Pinning.Three, folder)
	Expect(s.Load(objects.Pinning.ThreeRefused, PinRoot(folder+"/made"))).To(BeRejected(AtAnyStage))
	Expect(s.PinsIn(folder)).To(BeEmpty())
})

// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"os"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("rights.bpf.pin", func(s *Session) {
	s.Keep("counts")
	root := PinRoot(s.BPFFS())
	first := s.MustLoad(objects.Rights.SocketPinned, root)
	first.Run("count")
	first.Close()
	again := s.MustLoad(objects.Rights.SocketPinned, root)
	again.Run("count")
	Expect(s.PinnedValue(s.BPFFS()+"/counts", U32(0))).To(Equal(U64(2)))
})

// cannotPin expects that the loader, which loads the object where it pins nothing, refuses to pin
// its map in the session's folder of the bpffs.
func cannotPin(s *Session, classes ...Class) {
	s.Control(objects.Rights.Socket)
	before := s.Kernel()
	Expect(s.Load(objects.Rights.SocketPinned, PinRoot(s.BPFFS()))).To(BeRejected(AtPin, classes...))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	s.Control(objects.Rights.Socket)
}

// cannotMakeFolder expects that the loader refuses to pin its map in a folder that is not there,
// and that it could not make. One that makes no folders at all says that there is none.
func cannotMakeFolder(s *Session, classes ...Class) {
	s.Control(objects.Rights.Socket)
	before := s.Kernel()
	refused := s.Load(objects.Rights.SocketPinned, PinRoot(s.BPFFS()+"/new"))
	Expect(refused).To(BeRejected(AtPin, append(classes, NotFound)...))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

// cannotPinLoaded expects that the loader refuses to pin what it has loaded, and that this stays
// loaded.
func cannotPinLoaded(s *Session, classes ...Class) {
	loaded := s.MustLoad(objects.Rights.Socket)
	before := s.Kernel()
	Expect(loaded.PinMap("counts", s.BPFFS()+"/map")).To(BeRejected(AtPin, classes...))
	Expect(loaded.PinProgram("count", s.BPFFS()+"/program")).To(BeRejected(AtPin, classes...))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
}

var (
	_ = It("rights.pin.folder-refused/all", func(s *Session) { cannotPin(s, Permission) })
	_ = It("rights.pin.folder-refused/new", func(s *Session) { cannotMakeFolder(s, Permission) })
	_ = It("rights.pin.folder-refused/request", func(s *Session) { cannotPinLoaded(s, Permission) })
)

// EROFS is of class io where a loader looks at no more than the errno.
var (
	_ = It("rights.pin.read-only-refused/all", func(s *Session) { cannotPin(s, IO, Permission) })
	_ = It("rights.pin.read-only-refused/new", func(s *Session) {
		cannotMakeFolder(s, IO, Permission)
	})
	_ = It("rights.pin.read-only-refused/request", func(s *Session) {
		cannotPinLoaded(s, IO, Permission)
	})
)

// cannotPinTheRest expects that the loader, which finds one of three maps pinned, uses that and
// refuses the object for the others.
func cannotPinTheRest(s *Session, classes ...Class) {
	pinnedByRoot(s, objects.Pinning.Three, "first", "middle", "third")
	s.RemovePin(s.BPFFS() + "/middle")
	s.RemovePin(s.BPFFS() + "/third")
	s.Control(objects.Rights.XDP)
	before, first := s.Kernel(), s.Pin(s.BPFFS()+"/first")
	Expect(s.Load(objects.Pinning.Three, PinRoot(s.BPFFS()))).To(BeRejected(AtPin, classes...))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	Expect(s.Pin(s.BPFFS() + "/first")).To(BeUntouchedSince(first))
}

var _ = It("rights.pin.folder-refused/partly", func(s *Session) { cannotPinTheRest(s, Permission) })

var _ = It("rights.pin.read-only-refused/partly", func(s *Session) {
	cannotPinTheRest(s, IO, Permission)
})

// pinnedByRoot has a loader that has all that root has load an object that pins maps of those names
// in the session's folder of the bpffs, and lets everyone use them.
func pinnedByRoot(s *Session, o Object, names ...string) {
	s.Keep(names...)
	s.AnotherAsRoot().MustLoad(o, PinRoot(s.BPFFS())).Close()
	for _, name := range names {
		s.AllowPin(s.BPFFS()+"/"+name, 0o666)
	}
}

// usesAgain expects that the loader uses the pinned map, and that what its program does is seen
// there.
func usesAgain(s *Session) {
	pinnedByRoot(s, objects.Rights.SocketPinned, "counts")
	before := s.Pin(s.BPFFS() + "/counts")
	loaded := s.MustLoad(objects.Rights.SocketPinned, PinRoot(s.BPFFS()))
	Expect(loaded.MapID("counts")).To(Equal(before.Object.ID))
	loaded.Run("count")
	Expect(s.PinnedValue(s.BPFFS()+"/counts", U32(0))).To(Equal(U64(1)))
	Expect(s.Pin(s.BPFFS() + "/counts")).To(BeUntouchedSince(before))
}

var _ = It("rights.pin.folder-reused", usesAgain)

var _ = It("rights.pin.read-only-reused", usesAgain)

var _ = It("rights.pin.unreadable-refused", func(s *Session) {
	pinnedByRoot(s, objects.Rights.SocketPinned, "counts")
	s.Control(objects.Rights.SocketPinned, PinRoot(s.BPFFS()))
	s.AllowPin(s.BPFFS()+"/counts", os.FileMode(0o600))
	before, pin := s.Kernel(), s.Pin(s.BPFFS()+"/counts")
	Expect(s.Load(objects.Rights.SocketPinned, PinRoot(s.BPFFS()))).To(
		BeRejected(AtPin, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	Expect(s.Pin(s.BPFFS() + "/counts")).To(BeUntouchedSince(pin))
})

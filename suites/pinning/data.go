// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// data returns the loader's name for the map of a section of an opened object's global data.
func data(opened *Attempt, section string) string { return opened.DataMap(section) }

var _ = It("pinning.data.on-request", func(s *Session) {
	folder := keeping(s, "data")
	loaded := s.MustLoad(objects.Pinning.Global)
	name := data(loaded, ".data")
	loaded.Run("count")
	Expect(loaded.PinMap(name, folder+"/data")).To(BeOK())
	loaded.Run("count")
	loaded.Close()
	Expect(s.PinnedValue(folder+"/data", U32(0))).To(Equal(U64(42)))
})

var _ = It("pinning.data.reused", func(s *Session) {
	folder := keeping(s, "data")
	load := func() (loaded *Attempt, name string) {
		opened := s.Open(objects.Pinning.Global)
		name = data(opened, ".data")
		return opened.SetMap(name, PinPath, folder+"/data").MustLoad(), name
	}
	first, name := load()
	first.Run("count")
	id := first.MapID(name)
	first.Close()
	again, name := load()
	again.Run("count")
	Expect(again.MapID(name)).To(Equal(id))
	Expect(s.PinnedValue(folder+"/data", U32(0))).To(Equal(U64(42)))
})

// Read-only data is frozen before its program is loaded. A load that uses it again cannot write to
// it, and has no need to.
var _ = It("pinning.data.frozen-reused", func(s *Session) {
	path := keeping(s, "constant") + "/constant"
	first := openConstant(s, objects.Pinning.ConstantSeven, path).MustLoad()
	Expect(first.Run("give")).To(Equal(uint32(7)))
	pin := s.Pin(path)
	Expect(s.PinnedMap(path).Frozen).To(BeTrue(), "of the map that is pinned")
	first.Close()
	again := openConstant(s, objects.Pinning.ConstantSeven, path).MustLoad()
	Expect(again.Program("give").Maps).To(ConsistOf(pin.Object.ID))
	Expect(again.Run("give")).To(Equal(uint32(7)))
	Expect(s.Pin(path)).To(BeUntouchedSince(pin))
	Expect(s.PinnedMap(path).Frozen).To(BeTrue(), "of the map that is used again")
})

// A program of another version has another number, which is not in the data that is pinned.
var _ = It("pinning.data.frozen-kept", func(s *Session) {
	path := keeping(s, "constant") + "/constant"
	s.Control(objects.Pinning.ConstantNine)
	openConstant(s, objects.Pinning.ConstantSeven, path).MustLoad().Close()
	pin := s.Pin(path)
	nine := openConstant(s, objects.Pinning.ConstantNine, path).Load()
	if !nine.OK() {
		Expect(nine).To(BeRejected(AtAnyStage, IncompatiblePin, Permission))
	} else {
		Expect(nine.Program("give").Maps).To(ConsistOf(pin.Object.ID))
		Expect(nine.Run("give")).To(Equal(uint32(7)))
	}
	Expect(s.Pin(path)).To(BeUntouchedSince(pin))
	Expect(s.PinnedValue(path, U32(0))).To(Equal(U32(7)))
	Expect(s.PinnedMap(path).Frozen).To(BeTrue(), "of the map that is pinned")
})

// openConstant opens an object whose read-only data is to be pinned at path.
func openConstant(s *Session, o objects.Object, path string) *Attempt {
	opened := s.Open(o)
	return opened.SetMap(data(opened, ".rodata"), PinPath, path)
}

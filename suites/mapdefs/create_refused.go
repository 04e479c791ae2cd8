// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	. "github.com/onsi/gomega"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A badCreation asks for a map without an object, with one thing wrong in it.
type badCreation struct {
	attributes MapAttributes
	classes    []Class
}

var _ = Table("mapdefs.create.kernel-refusal-undone", func(s *Session, f badCreation) {
	bad := requestMap(s, "bad")
	bad.Map = f.attributes
	refusesToCreate(s, bad, AtCreate, f.classes...)
},
	Entry("array-key", badCreation{MapAttributes{Type: uint32(ebpf.Array), KeySize: 8, ValueSize: 8, MaxEntries: 1}, []Class{Invalid}}),
	Entry("flag", badCreation{MapAttributes{Type: uint32(ebpf.Hash), KeySize: 4, ValueSize: 8, MaxEntries: 1, Flags: 1 << 30}, []Class{Invalid}}),
	Entry("huge-value", badCreation{MapAttributes{Type: uint32(ebpf.Hash), KeySize: 4, ValueSize: 1 << 30, MaxEntries: 1}, []Class{Limit}}),
	Entry("no-entries", badCreation{MapAttributes{Type: uint32(ebpf.Hash), KeySize: 4, ValueSize: 8}, []Class{Invalid}}),
	Entry("type", badCreation{MapAttributes{Type: 9999, KeySize: 4, ValueSize: 8, MaxEntries: 1}, []Class{Invalid, Limit, NotSupported}}),
)

var _ = Table("mapdefs.create.path-taken-refused", func(s *Session, squat func(ourPath string) error) {
	taken := requestMap(s, "taken")
	pin := s.PutPin(taken.Path, squat)
	refusesToCreate(s, taken, AtPin, NameConflict, IncompatiblePin, Permission, IO)
	Expect(s.Pin(taken.Path)).To(BeUntouchedSince(pin))
},
	Entry("folder", func(path string) error { return os.Mkdir(path, 0o700) }),
	Entry("map", pinTwin),
	Entry("program", pinProgram),
)

// pinTwin pins a map that has all the attributes of the one that is asked for, and is another.
func pinTwin(path string) error {
	m, err := ebpf.NewMap(&ebpf.MapSpec{
		Name: "taken", Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 16,
	})
	if err != nil {
		return err
	}
	defer m.Close()
	return m.Pin(path)
}

func pinProgram(path string) error {
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "taken", Type: ebpf.SocketFilter, License: "GPL", Instructions: asm.Instructions{
			asm.Mov.Imm(asm.R0, 0), asm.Return(),
		},
	})
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Pin(path)
}

var _ = It("mapdefs.create.no-bpffs-refused", func(s *Session) {
	elsewhere := s.Work() + "/pins"
	s.MakeFolder(elsewhere)
	bad := requestMap(s, "bad")
	bad.Path = elsewhere + "/bad"
	refusesToCreate(s, bad, AtPin, Invalid, Permission, IO, NotSupported)
	Expect(s.PinsIn(elsewhere)).To(BeEmpty())
})

var _ = It("mapdefs.create.dotted-path-refused", func(s *Session) {
	bad := requestMap(s, "bad")
	bad.Path += ".1"
	refusesToCreate(s, bad, AtPin, Invalid, Permission, IO)
})

var _ = It("mapdefs.create.missing-folder", func(s *Session) {
	made := requestMap(s, "made")
	made.Path = s.PinFolder() + "/missing/made"
	s.Keep("tc/globals/missing/made")
	s.MustCreate(requestMap(s, "control"))
	before := s.Kernel()
	created := s.Create(made)
	if created.OK() {
		Expect(s.Pin(made.Path)).To(BeThePinOfMap(created.MapID("made")))
		return
	}
	Expect(created).To(BeRejected(AtPin, NotFound, IO))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	Expect(s.PinsIn(s.PinFolder())).To(Equal([]string{"control"}))
})

// refusesToCreate expects that the loader makes a map, and then refuses a bad one at stage with one
// of classes, that no pin comes or goes, and that the kernel holds nothing new.
func refusesToCreate(s *Session, bad NewMap, stage Stage, classes ...Class) {
	before, pins := s.Kernel(), s.PinsIn(s.PinFolder())
	control := requestMap(s, "control")
	s.MustCreate(control)
	s.RemovePin(control.Path)
	Expect(s.Create(bad)).To(BeRejected(stage, classes...))
	Expect(s.PinsIn(s.PinFolder())).To(Equal(pins))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"fmt"
	"os"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// An occupant stands at a path where a map should be pinned. classes holds what a loader may call
// that.
type occupant struct {
	put     func(ourPath string) error
	classes []Class
}

var occupants = []Case[occupant]{
	Entry("program", occupant{pinProgram, []Class{IncompatiblePin, NameConflict}}),
	Entry("link", occupant{pinLink, []Class{IncompatiblePin, NameConflict}}),
	Entry("folder", occupant{makeFolder, []Class{IncompatiblePin, NameConflict, Permission, IO}}),
}

var _ = Table("pinning.occupied.refused-at-load", func(s *Session, o occupant) {
	folder := keeping(s, "counts")
	controlled(s, objects.Pinning.Counter, folder)
	s.PutPin(folder+"/counts", o.put)
	refusesUntouched(s, []string{folder + "/counts"}, func() *Attempt {
		return s.Load(objects.Pinning.Counter, PinRoot(folder))
	}, AtPin, o.classes...)
}, occupants...)

var _ = It("pinning.occupied.refused-on-request", func(s *Session) {
	folder := keeping(s, "program", "link", "theirs")
	theirs, ours := s.MustLoad(objects.Pinning.CounterUnpinned), s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(theirs.PinMap("counts", folder+"/theirs")).To(BeOK())
	theirPin := Entry("theirs", occupant{classes: []Class{IncompatiblePin, NameConflict}})
	for _, c := range append(slices.Clone(occupants), theirPin) {
		path, o := folder+"/"+c.Name, c.Of
		if o.put != nil {
			s.PutPin(path, o.put)
		}
		refusesUntouched(s, []string{path}, func() *Attempt { return ours.PinMap("counts", path) },
			AtPin, o.classes...)
		refusesUntouched(s, []string{path},
			func() *Attempt { return ours.PinProgram("count", path) }, AtPin, o.classes...)
	}
})

// newProgram makes a program that is never run. The caller closes it.
func newProgram() (*ebpf.Program, error) {
	return ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "occupant", Type: ebpf.RawTracepoint, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
}

func pinProgram(path string) error {
	program, err := newProgram()
	if err != nil {
		return fmt.Errorf("make program: %w", err)
	}
	defer program.Close()
	return program.Pin(path)
}

// pinLink pins a link that does nothing when a process executes another program.
func pinLink(path string) error {
	program, err := newProgram()
	if err != nil {
		return fmt.Errorf("make program: %w", err)
	}
	defer program.Close()
	attached, err := link.AttachRawTracepoint(link.RawTracepointOptions{
		Name: "sched_process_exec", Program: program,
	})
	if err != nil {
		return fmt.Errorf("make link: %w", err)
	}
	defer attached.Close()
	return attached.Pin(path)
}

func makeFolder(path string) error { return os.Mkdir(path, 0o700) }

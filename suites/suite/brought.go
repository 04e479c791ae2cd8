// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"cmp"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
)

// A Brought holds an object that the host brought.
type Brought struct {
	name  string
	elf   []byte
	Needs []string // what it needs of a kernel, as the host reads it: "map_type ringbuf"
}

// Name implements [Object].
func (b Brought) Name() string { return b.name }

// ELF implements [Object].
func (b Brought) ELF() []byte { return b.elf }

// Brought returns the object that the spec is about.
func (s *Session) Brought() Brought {
	number := record.BroughtObject(s.exec.Spec())
	name, needs, _ := strings.Cut(string(s.exec.Brought(number+".needs")), "\n")
	return Brought{
		name: name, elf: s.exec.Brought(number),
		Needs: strings.FieldsFunc(needs, func(r rune) bool { return r == '\n' }),
	}
}

// SayLoaded tells the host what the kernel has of the object that is loaded, beyond what it had
// before the spec.
func (s *Session) SayLoaded() {
	var made record.Checked
	for _, o := range s.exec.Since(s.exec.Kernel()) {
		switch o.Kind {
		case oracle.KindMap:
			facts, err := oracle.Map(o.ID)
			s.mustExist(err, "map", o.Name, o.ID)
			made.Maps = append(made.Maps, record.MadeMap{
				ID: o.ID, Name: facts.Name, Type: facts.Type, KeySize: facts.KeySize,
				ValueSize: facts.ValueSize, MaxEntries: facts.MaxEntries, Flags: facts.Flags,
			})
		case oracle.KindProgram:
			facts, err := oracle.Program(o.ID)
			s.mustExist(err, "program", o.Name, o.ID)
			program := record.MadeProgram{
				ID: o.ID, Name: facts.Name, Type: facts.Type, Tag: facts.Tag,
			}
			program.Verified, program.Jited, err = oracle.ProgramSize(o.ID)
			s.mustExist(err, "program", o.Name, o.ID)
			made.Programs = append(made.Programs, program)
		case oracle.KindLink:
			made.Links++
		}
	}
	s.exec.Say(made)
}

// SayRefused tells the host how the object was refused, and what probes found, and ends the spec.
func (s *Session) SayRefused(a *Attempt, probes []record.Probe) {
	refusal := record.Refusal{Op: string(a.last.Op())}
	switch reply := a.Reply.(type) {
	case *loader.Unsupported:
		refusal.Feature, refusal.Message = string(reply.Feature), reply.Reason
	case *loader.Rejected:
		refusal.Stage, refusal.Class, refusal.Errno = string(reply.Stage), string(reply.Class), reply.Errno
		refusal.Message, refusal.Log = reply.Message, reply.Log
	}
	s.exec.Say(record.Checked{Refusal: &refusal, Probes: probes})
	s.exec.Refused(cmp.Or(refusal.Message, refusal.Feature, refusal.Class, "refused"))
}

// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
)

// A Brought holds an object that the host brought.
type Brought struct {
	name  string
	elf   []byte
	Pins  bool         // maps of it are to be pinned by name
	Set   []loader.Set // what is changed before the load
	Needs []string     // what it needs of a kernel, as the host reads it: "map_type 27"
	// Attach says how its programs are to be attached once it is loaded; nil for not at all.
	Attach []record.Attaching
}

// Name implements [Object].
func (b Brought) Name() string { return b.name }

// ELF implements [Object].
func (b Brought) ELF() []byte { return b.elf }

// Brought returns the object that the spec is about.
func (s *Session) Brought() Brought {
	number := record.BroughtObject(s.exec.Spec())
	name, needs, _ := strings.Cut(string(s.exec.Brought(number+".needs")), "\n")
	name, pins := strings.CutSuffix(name, " pins")
	var set []loader.Set
	for line := range strings.Lines(string(s.exec.Brought(number + ".set"))) {
		var one loader.Set
		s.MustWork(json.Unmarshal([]byte(line), &one))
		set = append(set, one)
	}
	var attach []record.Attaching
	for line := range strings.Lines(string(s.exec.Brought(number + ".attach"))) {
		var one record.Attaching
		s.MustWork(json.Unmarshal([]byte(line), &one))
		attach = append(attach, one)
	}
	return Brought{
		name: name, elf: s.exec.Brought(number), Pins: pins, Set: set, Attach: attach,
		Needs: strings.FieldsFunc(needs, func(r rune) bool { return r == '\n' }),
	}
}

// LoadBrought asks the loader to open an object, to change what is to be changed, and to load it.
func (s *Session) LoadBrought(b Brought) *Attempt {
	var options []Option
	if b.Pins { // a caller names a folder for the maps of such an object
		options = append(options, PinRoot(s.BPFFS()))
	}
	a := s.Open(b, options...)
	for _, one := range b.Set {
		a.set(one.Target, one.Name, one.Attr, one.Value)
	}
	return a.Load()
}

// Made returns what the kernel has of the object that is loaded.
//
// Not all that is new in the kernel is of the object: what a loader makes to find out what the
// kernel can do may not be freed yet. Of the object are programs that the loader names, or all
// where it names none, the maps of these, and the maps that it names.
func (s *Session) Made(a *Attempt) record.Checked {
	named := make(map[oracle.Object]bool) // by kind and id
	reply := a.mustBeLoaded()
	for _, m := range reply.Maps {
		named[oracle.Object{Kind: oracle.KindMap, ID: m.ID}] = true
	}
	programs := false
	for _, p := range reply.Programs {
		named[oracle.Object{Kind: oracle.KindProgram, ID: p.ID}] = true
		programs = programs || p.ID != 0
	}
	var made record.Checked
	var maps []oracle.Object
	for _, o := range s.exec.Since(s.exec.Kernel()) {
		switch {
		case o.Kind == oracle.KindMap:
			maps = append(maps, o)
		case o.Kind == oracle.KindLink:
			made.Links++
		case o.Kind == oracle.KindProgram &&
			(!programs || named[oracle.Object{Kind: o.Kind, ID: o.ID}]):
			program, uses := s.madeProgram(o)
			made.Programs = append(made.Programs, program)
			for _, id := range uses {
				named[oracle.Object{Kind: oracle.KindMap, ID: id}] = true
			}
		}
	}
	for _, o := range maps {
		if named[oracle.Object{Kind: o.Kind, ID: o.ID}] {
			made.Maps = append(made.Maps, s.madeMap(o))
		}
	}
	return made
}

// Say tells the host how the object did that the spec is about.
func (s *Session) Say(c record.Checked) { s.exec.Say(c) }

func (s *Session) madeMap(o oracle.Object) record.MadeMap {
	facts, err := oracle.Map(o.ID)
	s.mustExist(err, "map", o.Name, o.ID)
	return record.MadeMap{
		ID: o.ID, Name: facts.Name, Type: facts.Type, KeySize: facts.KeySize,
		ValueSize: facts.ValueSize, MaxEntries: facts.MaxEntries, Flags: facts.Flags,
	}
}

// madeProgram returns a program, and the ids of its maps.
func (s *Session) madeProgram(o oracle.Object) (record.MadeProgram, []uint32) {
	facts, err := oracle.Program(o.ID)
	s.mustExist(err, "program", o.Name, o.ID)
	program := record.MadeProgram{ID: o.ID, Name: facts.Name, Type: facts.Type, Tag: facts.Tag}
	program.Verified, program.Jited, err = oracle.ProgramSize(o.ID)
	s.mustExist(err, "program", o.Name, o.ID)
	return program, facts.Maps
}

// SayRefused tells the host how the object was refused, and what probes found, and ends the spec.
func (s *Session) SayRefused(a *Attempt, probes []record.Probe) {
	refusal := a.Refusal()
	s.exec.Say(record.Checked{Refusal: refusal, Probes: probes})
	s.EndRefused(cmp.Or(refusal.Message, refusal.Feature, refusal.Class, "refused"))
}

// EndRefused ends the spec: the loader refused, as it may. It does not return.
func (s *Session) EndRefused(reason string) { s.exec.Refused(reason) }

// Refusal returns how the loader refused the last request; nil where it did not.
func (a *Attempt) Refusal() *record.Refusal {
	refusal := record.Refusal{Op: string(a.last.Op())}
	switch reply := a.Reply.(type) {
	case *loader.Unsupported:
		refusal.Feature, refusal.Message = string(reply.Feature), reply.Reason
	case *loader.Rejected:
		refusal.Stage, refusal.Class, refusal.Errno = string(reply.Stage), string(reply.Class), reply.Errno
		refusal.Message, refusal.Log = reply.Message, reply.Log
	default:
		return nil
	}
	return &refusal
}

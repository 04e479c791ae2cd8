// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/loadstone-bpf/loadstone/oracle"
)

// Read returns the program of that id in the kernel, whoever loaded it. It takes CAP_SYS_ADMIN, as
// all that opens BPF objects by their ids. The error wraps [ErrNotThere] if there is no such
// program.
func Read(id uint32) (Program, error) {
	k, err := look()
	if err != nil {
		return Program{}, err
	}
	p, err := k.program(id)
	if errors.Is(err, oracle.ErrNoSuchObject) {
		return Program{}, fmt.Errorf("%w: no program has id %d", ErrNotThere, id)
	}
	return p, err
}

// ReadPinned returns the program that is pinned at path in a bpffs. The error wraps [ErrNotThere]
// if no program is.
func ReadPinned(path string) (Program, error) {
	object, _, err := oracle.PinnedAt(path)
	switch {
	case errors.Is(err, oracle.ErrNoPin):
		return Program{}, fmt.Errorf("%w: nothing is pinned at %s", ErrNotThere, path)
	case err != nil:
		return Program{}, err
	case object.Kind != oracle.KindProgram:
		return Program{}, fmt.Errorf("%w: %s pins a %s, not a program", ErrNotThere, path, object.Kind)
	}
	return Read(object.ID)
}

// ReadAll returns the programs in the kernel that hold metadata, by id.
func ReadAll() ([]Program, error) {
	k, err := look()
	if err != nil {
		return nil, err
	}
	inventory, err := oracle.Take("")
	if err != nil {
		return nil, err
	}
	all := []Program{}
	for _, id := range inventory.Programs {
		p, err := k.program(id)
		if errors.Is(err, oracle.ErrNoSuchObject) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, err
		}
		if len(p.Metadata) > 0 {
			all = append(all, p)
		}
	}
	return all, nil
}

// A kernel holds what was read of a kernel so far.
type kernel struct {
	pins map[uint32][]string   // of programs, by id
	maps map[uint32][]Variable // metadata by the map's id: many programs hold one map
}

func look() (*kernel, error) {
	k := &kernel{pins: map[uint32][]string{}, maps: map[uint32][]Variable{}}
	pins, err := oracle.AllPins()
	if err != nil {
		return nil, err
	}
	for _, p := range pins {
		if p.Object.Kind == oracle.KindProgram {
			k.pins[p.Object.ID] = append(k.pins[p.Object.ID], p.Path)
		}
	}
	return k, nil
}

// program reads one program. The error wraps [oracle.ErrNoSuchObject] if it does not exist.
func (k *kernel) program(id uint32) (Program, error) {
	facts, err := oracle.Program(id)
	if err != nil {
		return Program{}, err
	}
	p := Program{ID: id, Name: facts.Name, Type: facts.Type, Tag: facts.Tag, Pins: k.pins[id],
		Metadata: []Variable{}}
	if len(facts.Functions) > 0 {
		p.Name = facts.Functions[0]
	}
	for _, m := range facts.Maps {
		in, err := k.metadataIn(m)
		if err != nil {
			return Program{}, fmt.Errorf("program %d: %w", id, err)
		}
		p.Metadata = append(p.Metadata, in...)
	}
	return p, nil
}

// metadataIn returns the metadata in the map of that id. What programs may write to is none.
func (k *kernel) metadataIn(id uint32) ([]Variable, error) {
	if known, read := k.maps[id]; read {
		return known, nil
	}
	variables, err := oracle.VariablesIn(id)
	if err != nil {
		return nil, err
	}
	var found []Variable
	for _, v := range variables {
		name, is := strings.CutPrefix(v.Name, Prefix)
		if !is || !v.ReadOnly {
			continue
		}
		found = append(found, Variable{
			Name: name, Type: cType(v.Type), Value: valueOf(v.Type, v.Value, binary.NativeEndian),
			Section: v.Section, Map: id, MapName: v.MapName,
		})
	}
	k.maps[id] = found
	return found, nil
}

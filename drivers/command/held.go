// SPDX-License-Identifier: Apache-2.0

package command

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
)

// kernelName limits what the kernel keeps of a name, in bytes (BPF_OBJ_NAME_LEN without its zero).
const kernelName = 15

// Held returns the maps that the kernel holds for a program: those that it uses, and those that
// they lead to, under the names of the object's maps. What cannot be told apart stays under the
// kernel's name, and is left out if it has none there. Maps of the object that are not found come
// last, without an id.
//
// The function, if there is one, tells the name of the map that belongs in a slot of a map of maps,
// and whether it knows; keys are of 32 bits.
func Held(program uint32, o *Object,
	inSlot func(outer string, key uint32) (string, bool)) ([]loader.MapView, error) {
	h := &holding{names: map[ebpf.MapID]string{}}
	used, err := h.program(ebpf.ProgramID(program))
	if err != nil {
		return nil, fmt.Errorf("maps of program %d: %w", program, err)
	}
	return h.views(used, o, inSlot), nil
}

// A holding collects what is found on the way from a program to its maps.
type holding struct {
	maps  []ebpf.MapID          // in the order in which they were found
	names map[ebpf.MapID]string // the kernel's
	slots []slot
}

// A slot says where a map of maps holds a map.
type slot struct {
	outer, inner ebpf.MapID
	key          uint32
}

// program finds the maps of a program, and returns those that it uses itself, in the kernel's
// order.
func (h *holding) program(id ebpf.ProgramID) ([]ebpf.MapID, error) {
	p, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		return nil, err
	}
	ids, ok := info.MapIDs()
	if !ok {
		return nil, errors.New("the kernel does not tell")
	}
	for _, id := range ids {
		if err := h.mapOf(id); err != nil {
			return nil, fmt.Errorf("map %d: %w", id, err)
		}
	}
	return ids, nil
}

func (h *holding) mapOf(id ebpf.MapID) error {
	if _, seen := h.names[id]; seen {
		return nil
	}
	m, err := ebpf.NewMapFromID(id)
	if err != nil {
		return err
	}
	defer m.Close()
	info, err := m.Info()
	if err != nil {
		return err
	}
	h.maps, h.names[id] = append(h.maps, id), info.Name
	switch info.Type {
	case ebpf.ArrayOfMaps, ebpf.HashOfMaps:
		return eachID(m, func(key []byte, inner uint32) error {
			if len(key) == 4 {
				h.slots = append(h.slots,
					slot{outer: id, inner: ebpf.MapID(inner), key: binary.NativeEndian.Uint32(key)})
			}
			return h.mapOf(ebpf.MapID(inner))
		})
	case ebpf.ProgramArray:
		return eachID(m, func(_ []byte, program uint32) error {
			_, err := h.program(ebpf.ProgramID(program))
			return err
		})
	}
	return nil
}

// eachID calls do with every id that a map of maps or of programs holds.
func eachID(m *ebpf.Map, do func(key []byte, id uint32) error) error {
	for key, err := m.NextKeyBytes(nil); key != nil; key, err = m.NextKeyBytes(key) {
		if err != nil {
			return err
		}
		value, err := m.LookupBytes(key)
		if err != nil {
			return err
		}
		if len(value) == 4 { // none, for a slot that is free
			if err := do(key, binary.NativeEndian.Uint32(value)); err != nil {
				return err
			}
		}
	}
	return nil
}

// views gives maps the names of the object. The maps that a program uses are in the order in which
// its code first refers to them (resolve_pseudo_ldimm64, kernel/bpf/verifier.c), which names even
// those that have no name in the kernel; any others are known by their name alone, or by the slot
// that they are in.
func (h *holding) views(used []ebpf.MapID, o *Object,
	inSlot func(string, uint32) (string, bool)) []loader.MapView {
	held, names := h.maps, h.names
	inObject := inOrder(used, names, o.References)
	for _, id := range held {
		if one, ok := onlyMap(names[id], o.Maps); ok && inObject[id] == "" &&
			isOnly(names[id], held, names) {
			inObject[id] = one
		}
	}
	for _, s := range h.slots {
		if inSlot == nil || inObject[s.inner] != "" || names[s.inner] != "" {
			continue
		}
		if name, ok := inSlot(inObject[s.outer], s.key); ok {
			inObject[s.inner] = name
		}
	}
	views := []loader.MapView{}
	found := map[string]bool{}
	for _, id := range held {
		name := inObject[id]
		if name == "" || !isDefined(name, o.Maps) {
			name = names[id]
		}
		if name != "" {
			views = append(views, loader.MapView{Name: name, ID: uint32(id)})
			found[name] = true
		}
	}
	for _, m := range o.Maps {
		if !found[m.Name] {
			views = append(views, loader.MapView{Name: m.Name})
		}
	}
	return views
}

// inOrder names the maps that a program uses by what its code refers to, if the kernel's names do
// not contradict. Maps beyond those were bound to the program later.
func inOrder(used []ebpf.MapID, names map[ebpf.MapID]string,
	references []string) map[ebpf.MapID]string {
	inObject := map[ebpf.MapID]string{}
	if len(used) < len(references) {
		return inObject
	}
	for i, reference := range references {
		name := names[used[i]]
		// data has the name of its object before that of its section
		if name != "" && name != Cut(reference) && !strings.HasPrefix(reference, ".") {
			return map[ebpf.MapID]string{}
		}
		inObject[used[i]] = reference
	}
	return inObject
}

// Cut returns what the kernel keeps of a name.
func Cut(name string) string { return name[:min(len(name), kernelName)] }

func isDefined(name string, defined []Map) bool {
	return slices.ContainsFunc(defined, func(m Map) bool { return m.Name == name })
}

// onlyMap returns the one map of the object that has this name in the kernel.
func onlyMap(name string, defined []Map) (string, bool) {
	var all []string
	for _, m := range defined {
		if name != "" && Cut(m.Name) == name {
			all = append(all, m.Name)
		}
	}
	if len(all) != 1 {
		return "", false
	}
	return all[0], true
}

// isOnly reports whether no two of the maps have this name in the kernel.
func isOnly(name string, held []ebpf.MapID, names map[ebpf.MapID]string) bool {
	count := 0
	for _, id := range held {
		if names[id] == name {
			count++
		}
	}
	return count == 1
}

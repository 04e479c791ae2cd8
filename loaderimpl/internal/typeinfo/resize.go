// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// A resized says how a section of global data is larger or smaller than in the object: its last
// variable, an array, has more or fewer elements.
type resized struct {
	last     Variable
	array    Record // of the last variable
	elements uint32
}

// Resizes reports whether the types can say that a section has so many bytes: its last variable is
// an array, and ends with the section after some number of whole elements (libbpf,
// map_btf_datasec_resize).
func (t *Types) Resizes(s *objfile.Section, size uint32) (bool, error) {
	r, err := t.resize(s, size)
	return r != nil, err
}

// resize finds how a section comes to another size, nil if it cannot.
func (t *Types) resize(s *objfile.Section, size uint32) (*resized, error) {
	_, vars, err := t.Variables(s, nil)
	if err != nil || len(vars) == 0 {
		return nil, err
	}
	last := vars[len(vars)-1]
	_, array, err := t.Plain(last.Type)
	if err != nil || array.Kind != KindArray || uint64(size) <= last.Offset {
		return nil, err
	}
	element, err := t.SizeOf(btf.TypeID(t.order.Uint32(array.Data)))
	if err != nil {
		return nil, err
	}
	rest := size - uint32(last.Offset)
	if element == 0 || rest%element != 0 {
		return nil, nil
	}
	return &resized{last: last, array: array, elements: rest / element}, nil
}

// appendResized writes, behind all other types, the variable and the array that take the place of
// the last ones of a section. It returns the variable's id.
func (w *writer) appendResized(r *resized, name uint32) btf.TypeID {
	array, variable := w.next, w.next+1
	w.next += 2
	order := w.types.order
	words := []uint32{
		0, uint32(KindArray) << 24, 0,
		order.Uint32(r.array.Data), order.Uint32(r.array.Data[4:]), r.elements,
		name, uint32(KindVar) << 24, uint32(array), linkageOf(&r.last),
	}
	for _, word := range words {
		w.behind = order.AppendUint32(w.behind, word)
	}
	return variable
}

// linkageOf returns the linkage of a variable that is defined in the object (BTF_VAR_*).
func linkageOf(v *Variable) uint32 {
	if v.Static {
		return 0
	}
	return 1
}

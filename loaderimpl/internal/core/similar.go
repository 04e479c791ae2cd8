// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// matches reports whether a type of the kernel has all that the object's type has
// (bpf_core_types_match): members, values of enums and parameters of the same names and kinds;
// sizes and signs of integers, sizes of enums and of arrays. Of types behind a pointer only names
// and kinds are compared.
func (m *matcher) matches(local, target btf.TypeID) (bool, error) {
	return m.typesMatch(local, target, false, maxLevels)
}

// maxLevels limits how many pointers, arrays, members and parameters are gone through.
const maxLevels = 32

func (m *matcher) typesMatch(local, target btf.TypeID, behind bool, level int) (bool, error) {
	if level <= 0 {
		return false, errLevels()
	}
	for range maxLevels {
		a, b, err := m.next(local, target)
		if err != nil {
			return false, err
		}
		if b.Name == "" != (a.Name == "") || !sameName(a.Name, b.Name) {
			return false, nil
		}
		switch {
		case isEnum(&a):
			if !isEnum(&b) {
				return false, nil
			}
			return m.enumsMatch(&a, &b)
		case isComposite(&a) && behind:
			return a.Kind == b.Kind || b.Kind == typeinfo.KindFwd && declares(&b, a.Kind), nil
		case a.Kind == typeinfo.KindFwd && behind && isComposite(&b):
			return declares(&a, b.Kind), nil
		case a.Kind != b.Kind:
			return false, nil
		}
		switch a.Kind {
		case typeinfo.KindVoid:
			return true, nil
		case typeinfo.KindFwd:
			return a.Flag() == b.Flag(), nil
		case typeinfo.KindStruct, typeinfo.KindUnion:
			return m.membersMatch(&a, &b, level)
		case typeinfo.KindInt:
			ours, _ := m.local.Encoding(&a)
			theirs, _ := m.target.Encoding(&b)
			return a.Size == b.Size && (ours^theirs)&typeinfo.Signed == 0, nil
		case typeinfo.KindPtr:
			behind = true
			local, target = a.Target(), b.Target()
		case typeinfo.KindArray:
			var n, k uint32
			local, n = m.local.Element(&a)
			if target, k = m.target.Element(&b); n != k {
				return false, nil
			}
		case typeinfo.KindFuncProto:
			if a.Vlen != b.Vlen {
				return false, nil
			}
			for i := range a.Vlen {
				same, err := m.typesMatch(m.local.Parameter(&a, i), m.target.Parameter(&b, i),
					behind, level-1)
				if !same || err != nil {
					return false, err
				}
			}
			local, target = a.Target(), b.Target()
		default:
			return false, nil
		}
	}
	return false, errLevels()
}

func errLevels() error {
	return fmt.Errorf("a type goes through more than %d others: %w", maxLevels, refuse.ErrBTF)
}

// declares reports whether a forward declaration is one of a struct or of a union.
func declares(fwd *typeinfo.Record, kind typeinfo.Kind) bool {
	return fwd.Flag() == (kind == typeinfo.KindUnion)
}

// enumsMatch reports whether an enum of the kernel has the size and all names of the object's,
// whatever their numbers.
func (m *matcher) enumsMatch(a, b *typeinfo.Record) (bool, error) {
	if a.Size != b.Size || a.Vlen > b.Vlen {
		return false, nil
	}
	for i := range a.Vlen {
		name, _, err := m.local.Enumerator(a, i)
		if err != nil {
			return false, err
		}
		found := false
		for k := 0; k < b.Vlen && !found; k++ {
			if err := m.step(); err != nil {
				return false, err
			}
			other, _, err := m.target.Enumerator(b, k)
			if err != nil {
				return false, err
			}
			found = sameName(name, other)
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

// membersMatch reports whether a struct of the kernel has all members of the object's, in whatever
// order.
func (m *matcher) membersMatch(a, b *typeinfo.Record, level int) (bool, error) {
	if a.Vlen > b.Vlen {
		return false, nil
	}
	for i := range a.Vlen {
		ours, err := m.local.Member(a, i)
		if err != nil {
			return false, err
		}
		found := false
		for k := 0; k < b.Vlen && !found; k++ {
			if err := m.step(); err != nil {
				return false, err
			}
			theirs, err := m.target.Member(b, k)
			if err != nil {
				return false, err
			}
			if ours.Name == "" != (theirs.Name == "") || !sameName(ours.Name, theirs.Name) {
				continue
			}
			if found, err = m.typesMatch(ours.Type, theirs.Type, false, level-1); err != nil {
				return false, err
			}
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

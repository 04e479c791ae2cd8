// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// Compatible reports whether what an object declares of a type can be used as what the kernel has
// of it. The rules are those of the kernel and of libbpf (bpf_core_types_are_compat): names,
// qualifiers and typedefs do not count, nor do the sizes of integers or the members of structs; the
// kinds do, down through pointers, elements of arrays, and parameters and results of functions.
func Compatible(local *Types, id btf.TypeID, kernel *Types, kernelID btf.TypeID) (bool, error) {
	const depth = 32 // pointers of pointers, and functions in parameters of functions
	const most = 1 << 16
	c := comparison{local, kernel, most}
	return c.compatible(id, kernelID, depth)
}

// A comparison compares types of an object with a kernel's. Functions may have functions as
// parameters, and so on: it ends after so many types.
type comparison struct {
	local, kernel *Types
	left          int
}

func (c *comparison) compatible(id, kernelID btf.TypeID, depth int) (bool, error) {
	local, kernel := c.local, c.kernel
	for ; depth > 0 && c.left > 0; depth-- {
		c.left--
		_, a, err := local.Plain(id)
		if err != nil {
			return false, err
		}
		_, b, err := kernel.Plain(kernelID)
		if err != nil {
			return false, err
		}
		if a.coreKind() != b.coreKind() {
			return false, nil
		}
		switch a.Kind {
		case KindVoid, KindStruct, KindUnion, KindEnum, KindEnum64, KindFwd:
			return true, nil
		case KindInt: // not one that begins in the middle of a byte
			return local.Word(a.Data)>>16&0xff == 0 && kernel.Word(b.Data)>>16&0xff == 0, nil
		case KindPtr:
			id, kernelID = a.Target(), b.Target()
		case KindArray:
			id, kernelID = btf.TypeID(local.Word(a.Data)), btf.TypeID(kernel.Word(b.Data))
		case KindFuncProto:
			if a.Vlen != b.Vlen {
				return false, nil
			}
			for i := range a.Vlen {
				same, err := c.compatible(local.Parameter(&a, i), kernel.Parameter(&b, i), depth-1)
				if !same || err != nil {
					return false, err
				}
			}
			id, kernelID = a.Target(), b.Target()
		default:
			return false, nil
		}
	}
	return false, fmt.Errorf("type goes through too many others: %w", refuse.ErrBTF)
}

// coreKind returns the kind of a type as [Compatible] compares it: enums are alike whatever their
// size.
func (r *Record) coreKind() Kind {
	if r.Kind == KindEnum64 {
		return KindEnum
	}
	return r.Kind
}

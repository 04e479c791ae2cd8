// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"fmt"
	"math"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// PointerSize returns the bytes of a pointer, 4 or 8: those of a long, as BTF does not say it of
// pointers themselves (libbpf, determine_ptr_size). Types without a long have pointers of
// [PointerSize].
func (t *Types) PointerSize() uint32 {
	for in := t; in != nil; in = in.base {
		if size := in.pointerSize.get(in.longSize); size != 0 {
			return size
		}
	}
	return PointerSize
}

// longSize returns the bytes of a long among the types that are not the base's, 0 where there is
// none.
func (t *Types) longSize() uint32 {
	if id := t.Long(); id != 0 {
		return t.order.Uint32(t.raw[t.offsets[id-t.firstID()]+8:])
	}
	return 0
}

// Long returns the type of a long that is not the base's, 0 where there is none.
func (t *Types) Long() btf.TypeID {
	for i := t.ownTypes(); i < len(t.offsets); i++ {
		kind, text := t.kindAt(i)
		if kind != KindInt {
			continue
		}
		switch terminated(text) {
		case "long", "long int", "int long", "unsigned long", "long unsigned", "unsigned long int",
			"unsigned int long", "long unsigned int", "long int unsigned", "int unsigned long",
			"int long unsigned":
			if size := t.order.Uint32(t.raw[t.offsets[i]+8:]); size == 4 || size == 8 {
				return t.firstID() + btf.TypeID(i)
			}
		}
	}
	return 0
}

// SizeInKernel returns the size of a type in bytes, with pointers of the size that the types' own
// machine has.
func (t *Types) SizeInKernel(id btf.TypeID) (uint32, error) {
	return t.sizeOf(id, t.PointerSize)
}

// sizeOf returns the size of a type in bytes.
func (t *Types) sizeOf(id btf.TypeID, pointer func() uint32) (uint32, error) {
	total := uint64(1)
	for range maxDepth {
		_, r, err := t.Plain(id)
		if err != nil {
			return 0, err
		}
		switch r.Kind {
		case KindArray:
			id = btf.TypeID(t.order.Uint32(r.Data))
			if total *= uint64(t.order.Uint32(r.Data[8:])); total > math.MaxUint32 {
				return 0, fmt.Errorf("array of %d elements or more: %w", total,
					refuse.ErrDefinition)
			}
			continue
		case KindPtr:
			total *= uint64(pointer())
		case KindInt, KindStruct, KindUnion, KindEnum, KindEnum64, KindFloat:
			total *= uint64(r.Size)
		default:
			return 0, fmt.Errorf("%v %s has no size: %w", r.Kind, r.Name, refuse.ErrDefinition)
		}
		if total > math.MaxUint32 {
			return 0, fmt.Errorf("type of %d bytes: %w", total, refuse.ErrDefinition)
		}
		return uint32(total), nil
	}
	return 0, fmt.Errorf("array of more than %d dimensions: %w", maxDepth, refuse.ErrBTF)
}

// Element returns the type of an array's elements, and their number.
func (t *Types) Element(array *Record) (btf.TypeID, uint32) {
	return btf.TypeID(t.order.Uint32(array.Data)), t.order.Uint32(array.Data[8:])
}

// Parameter returns the type of a function's i-th parameter.
func (t *Types) Parameter(function *Record, i int) btf.TypeID {
	return btf.TypeID(t.order.Uint32(function.Data[8*i+4:]))
}

// Encoding returns how an integer is encoded: the bits of BTF_INT_SIGNED, BTF_INT_CHAR and
// BTF_INT_BOOL; and at which bit of its bytes it begins, which is 0 in all that compilers of today
// make.
func (t *Types) Encoding(integer *Record) (encoding, offset uint32) {
	word := t.order.Uint32(integer.Data)
	return word >> 24 & 0xf, word >> 16 & 0xff
}

// Signed names the bit of an integer's encoding that says that it has a sign (BTF_INT_SIGNED).
const Signed = 1

// Enumerator returns the name and the value of an enum's i-th value. Those of 32 bits are extended
// by their signs, whether or not the enum has signs, as the kernel and libbpf do
// (bpf_core_calc_enumval_relo).
func (t *Types) Enumerator(enum *Record, i int) (string, uint64, error) {
	if enum.Kind == KindEnum64 {
		d := enum.Data[12*i:]
		name, err := t.name(t.order.Uint32(d))
		return name, uint64(t.order.Uint32(d[4:])) | uint64(t.order.Uint32(d[8:]))<<32, err
	}
	d := enum.Data[8*i:]
	name, err := t.name(t.order.Uint32(d))
	return name, uint64(int64(int32(t.order.Uint32(d[4:])))), err
}

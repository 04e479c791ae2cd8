// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"fmt"
	"slices"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A Fitted holds what goes to the kernel.
type Fitted struct {
	// Value is that of the map, of [Kernel.Size]. Where a program goes it is zero.
	Value     []byte
	Functions []Function
}

// A Function says where a program goes.
type Function struct {
	Program string
	Member  string
	Index   uint32 // of the member in the kernel's struct, from 0
	Offset  uint32 // in Fitted.Value, bytes: of 8 bytes for the program's descriptor
}

// Fit lays out a structure as the kernel has it: members go by their names, whatever their order,
// and have to be of the same kind and size. value is that of the object's struct.
//
// A member that the kernel does not know may be there as long as it is zero and no program is in
// it; so the kernel is asked for nothing that it could not do. A member that the object does not
// know is zero.
func (k *Kernel) Fit(types *typeinfo.Types, s *mapdef.StructOps, value []byte) (*Fitted, error) {
	f := &Fitted{Value: make([]byte, k.Size)}
	r, err := types.Type(s.Type)
	if err != nil {
		return nil, err
	}
	for i := range r.Vlen {
		m, err := types.Member(&r, i)
		if err != nil {
			return nil, err
		}
		program := ""
		at := slices.IndexFunc(s.Functions,
			func(f mapdef.FunctionMember) bool { return f.Member == m.Name })
		if at >= 0 {
			program = s.Functions[at].Program
		}
		if err := k.fitMember(f, types, m, value, program); err != nil {
			return nil, fmt.Errorf("member %s of struct %s: %w", m.Name, s.Name, err)
		}
	}
	return f, nil
}

// fitMember fills one member of the kernel's struct.
func (k *Kernel) fitMember(f *Fitted, types *typeinfo.Types, m typeinfo.Member, value []byte,
	program string) error {
	bytes, err := memberBytes(types, m, value)
	if err != nil {
		return err
	}
	zero := program == "" && isZero(bytes)
	index := slices.IndexFunc(k.members,
		func(has typeinfo.Member) bool { return m.Name != "" && has.Name == m.Name })
	if index < 0 {
		if !zero {
			return refuse.ErrMemberGone
		}
		return nil
	}
	has := k.members[index]
	if m.Width != 0 || has.Width != 0 {
		if !zero {
			return fmt.Errorf("it is a bitfield: %w", refuse.ErrMemberDiffers)
		}
		return nil
	}
	offset := k.at + has.Offset/8
	if program != "" {
		function, err := k.types.IsFunctionPointer(has.Type)
		if err == nil && !function {
			err = fmt.Errorf("it is no pointer to a function: %w", refuse.ErrMemberDiffers)
		}
		f.Functions = append(f.Functions, Function{program, m.Name, uint32(index), offset})
		return err
	}
	kind, err := k.sameShape(types, m, has, len(bytes))
	switch {
	case err != nil:
		return err
	case kind == typeinfo.KindPtr && !zero:
		return fmt.Errorf("an address of the object's means nothing in the kernel: %w",
			refuse.ErrMemberDiffers)
	}
	copy(f.Value[offset:], bytes)
	return nil
}

// memberBytes returns a member's part of a struct's value. That of a bitfield has all bytes which
// the field has a part in, and only its own bits.
func memberBytes(types *typeinfo.Types, m typeinfo.Member, value []byte) ([]byte, error) {
	start, end := uint64(m.Offset/8), (uint64(m.Offset)+uint64(m.Width)+7)/8
	if m.Width == 0 {
		size, err := types.SizeOf(m.Type)
		if err != nil {
			return nil, err
		}
		end = start + uint64(size)
	}
	if end > uint64(len(value)) {
		return nil, fmt.Errorf("bytes %d to %d of %d: %w", start, end, len(value), refuse.ErrStruct)
	}
	part := value[start:end]
	if m.Width == 0 {
		return part, nil
	}
	own := make([]byte, len(part))
	for bit := m.Offset % 8; bit < m.Offset%8+m.Width; bit++ {
		mask := byte(1) << (bit % 8)
		if !objfile.NativeLittle { // bits are counted from the highest
			mask = 0x80 >> (bit % 8)
		}
		own[bit/8] |= part[bit/8] & mask
	}
	return own, nil
}

// sameShape refuses a member that is of another kind or size in the kernel, and returns its kind.
func (k *Kernel) sameShape(types *typeinfo.Types, m, has typeinfo.Member, size int) (
	typeinfo.Kind, error) {
	_, local, err := types.Plain(m.Type)
	if err != nil {
		return 0, err
	}
	_, kernel, err := k.types.Plain(has.Type)
	if err != nil {
		return 0, err
	}
	n, err := k.types.SizeOf(has.Type)
	switch {
	case err != nil:
		return 0, err
	case class(local.Kind) != class(kernel.Kind):
		err = fmt.Errorf("%v here, and %v in the kernel: %w", local.Kind, kernel.Kind,
			refuse.ErrMemberDiffers)
	case int64(n) != int64(size):
		err = fmt.Errorf("%d bytes here, and %d in the kernel: %w", size, n,
			refuse.ErrMemberDiffers)
	}
	return kernel.Kind, err
}

// class returns a kind, with one for all enums, however many bytes they have.
func class(k typeinfo.Kind) typeinfo.Kind {
	if k == typeinfo.KindEnum64 {
		return typeinfo.KindEnum
	}
	return k
}

func isZero(b []byte) bool { return !slices.ContainsFunc(b, func(b byte) bool { return b != 0 }) }

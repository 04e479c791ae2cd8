// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// BaseSection holds, in short, the types that those of section .BTF go on from: names and sizes of
// those that are referred to ("distilled base", libbpf: btf__distill_base).
const BaseSection = ".BTF.base"

// CheckRecords checks what can be known of types without those that they may go on from: that they
// have a header, and consist of whole records.
func CheckRecords(raw []byte) error {
	order := objfile.NativeOrder()
	if len(raw) >= 2 && order.Uint16(raw) == btfMagic>>8|btfMagic&0xff<<8 {
		return fmt.Errorf("the types are of the other byte order: %w", refuse.ErrBTF)
	}
	_, err := ParseKernel(raw, &Types{order: order, offsets: make([]uint32, 1)})
	return err
}

// GoesOn reports whether types go on from others: their strings begin without an empty one. (There
// are some that go on and begin with one.)
func GoesOn(raw []byte) bool {
	t, err := parse(raw, objfile.NativeOrder(), &Types{})
	return err == nil && t.strings != "" && t.strings[0] != 0
}

// ParseWhole reads types that go on from no others, and checks that they refer to none.
func ParseWhole(raw []byte) (*Types, error) {
	t, err := ParseKernel(raw, nil)
	if err != nil {
		return nil, err
	}
	if len(t.offsets) < 2 {
		return nil, fmt.Errorf("there is no type: %w", refuse.ErrBTF)
	}
	return t, t.checkReferences()
}

// ParseGiven reads types of a file: whole ones, or ones that go on from a base's. Distilled is what
// the file says of that base; nil where it says nothing. The types of another base are refused.
func ParseGiven(raw, distilled []byte, base *Types) (*Types, error) {
	if distilled != nil {
		return parseDistilled(raw, distilled, base)
	}
	whole, notWhole := ParseWhole(raw)
	if notWhole == nil {
		return whole, nil
	}
	split, err := ParseKernel(raw, base)
	if err == nil {
		err = split.checkSplit()
	}
	if err == nil {
		return split, nil
	}
	return nil, fmt.Errorf("neither whole (%v) nor of this base, which has %d types and %d bytes of "+
		"strings: %w", notWhole, base.firstID()+btf.TypeID(len(base.offsets))-1,
		base.firstString()+uint32(len(base.strings)), err)
}

// visit calls functions for a record at an offset of the types: with the place in raw of each id of
// a type, and of each name.
func (t *Types) visit(off int, id, name func(at int)) {
	info := t.order.Uint32(t.raw[off+4:])
	name(off)
	vlen, data := int(info&0xffff), off+btfTypeSize
	switch Kind(info >> 24 & 0x1f) {
	case KindPtr, KindTypedef, KindVolatile, KindConst, KindRestrict, KindFunc, KindVar,
		KindDeclTag, KindTypeTag:
		id(off + 8)
	case KindArray:
		id(data)
		id(data + 4)
	case KindStruct, KindUnion:
		for i := range vlen {
			name(data + 12*i)
			id(data + 12*i + 4)
		}
	case KindEnum:
		for i := range vlen {
			name(data + 8*i)
		}
	case KindEnum64:
		for i := range vlen {
			name(data + 12*i)
		}
	case KindFuncProto:
		id(off + 8)
		for i := range vlen {
			name(data + 8*i)
			id(data + 8*i + 4)
		}
	case KindDatasec:
		for i := range vlen {
			id(data + 12*i)
		}
	}
}

// each calls check for each type that is not the base's, up to the first error.
func (t *Types) each(check func(id btf.TypeID, off int) error) error {
	first := t.firstID()
	for i := t.ownTypes(); i < len(t.offsets); i++ {
		if err := check(first+btf.TypeID(i), int(t.offsets[i])); err != nil {
			return err
		}
	}
	return nil
}

// checkReferences refuses types that refer to types or strings that do not exist.
func (t *Types) checkReferences() error {
	types := t.firstID() + btf.TypeID(len(t.offsets))
	text := t.firstString() + uint32(len(t.strings))
	return t.each(func(own btf.TypeID, off int) (err error) {
		t.visit(off, func(at int) {
			if id := btf.TypeID(t.order.Uint32(t.raw[at:])); id >= types {
				err = fmt.Errorf("type %d refers to type %d, and there are %d: %w", own, id, types-1,
					refuse.ErrBTF)
			}
		}, func(at int) {
			if name := t.order.Uint32(t.raw[at:]); name >= text && name != 0 {
				err = fmt.Errorf("type %d has a name at %d of %d bytes: %w", own, name, text,
					refuse.ErrBTF)
			}
		})
		return err
	})
}

// checkSplit refuses types that were made for another base. Nothing in them says which that was,
// but their ids and names then mean something else: names begin in the middle of others, structs
// have functions as members, or members that do not end inside.
func (t *Types) checkSplit() error {
	if err := t.checkReferences(); err != nil {
		return err
	}
	if err := t.each(t.checkNames); err != nil {
		return fmt.Errorf("%w: %w", err, refuse.ErrWrongBase)
	}
	if err := t.each(t.checkKinds); err != nil {
		return fmt.Errorf("%w: %w", err, refuse.ErrWrongBase)
	}
	return nil
}

// checkNames refuses a type with a name that begins in the middle of one of the base's, unless the
// base has such names itself.
func (t *Types) checkNames(own btf.TypeID, off int) (err error) {
	t.visit(off, func(int) {}, func(at int) {
		name := t.order.Uint32(t.raw[at:])
		if name == 0 || name >= t.firstString() || err != nil {
			return
		}
		before := t.base.from(name - 1)
		if before[0] != 0 && !t.base.sharesTails() {
			whole := name
			for whole > 0 && t.base.from(whole - 1)[0] != 0 {
				whole--
			}
			err = fmt.Errorf("the name of type %d begins in the middle of %q of the base", own,
				terminated(t.base.from(whole)))
		}
	})
	return err
}

// sharesTails reports whether types have names that begin in the middle of others.
func (t *Types) sharesTails() bool {
	for in := t; in != nil; in = in.base {
		for i := in.ownTypes(); i < len(in.offsets); i++ {
			name := in.order.Uint32(in.raw[in.offsets[i]:])
			if name == 0 {
				continue
			}
			if text := in.from(name - 1); text != "" && text[0] != 0 {
				return true
			}
		}
	}
	return false
}

// checkKinds refuses a type that refers to types of kinds that it cannot, and a struct with a
// member that ends outside of it.
func (t *Types) checkKinds(own btf.TypeID, off int) error {
	r, err := t.Type(own)
	if err != nil {
		return err
	}
	refers := func(what string, id btf.TypeID, kinds uint32) error {
		to, err := t.Type(id)
		if err != nil {
			return err
		}
		if kinds>>to.Kind&1 == 0 {
			return fmt.Errorf("%s of type %d, %v %q, is %v %q", what, own, r.Kind, r.Name, to.Kind,
				to.Name)
		}
		return nil
	}
	const values = 1<<KindVoid | 1<<KindInt | 1<<KindPtr | 1<<KindArray | 1<<KindStruct |
		1<<KindUnion | 1<<KindEnum | 1<<KindFwd | 1<<KindTypedef | 1<<KindVolatile | 1<<KindConst |
		1<<KindRestrict | 1<<KindFuncProto | 1<<KindFloat | 1<<KindTypeTag | 1<<KindEnum64
	switch r.Kind {
	case KindPtr, KindTypedef, KindVolatile, KindConst, KindRestrict, KindTypeTag, KindVar:
		return refers("the target", r.Target(), values)
	case KindFunc:
		return refers("the type", r.Target(), 1<<KindFuncProto)
	case KindArray:
		elem, _ := t.Element(&r)
		return refers("an element", elem, values&^(1<<KindVoid|1<<KindFuncProto|1<<KindFwd))
	case KindFuncProto:
		if err := refers("the result", r.Target(), values); err != nil {
			return err
		}
		for i := range r.Vlen {
			if err := refers("a parameter", t.Parameter(&r, i), values); err != nil {
				return err
			}
		}
	case KindDatasec:
		for i := range r.Vlen {
			id := btf.TypeID(t.order.Uint32(r.Data[12*i:]))
			if err := refers("a variable", id, 1<<KindVar|1<<KindFunc); err != nil {
				return err
			}
		}
	case KindStruct, KindUnion:
		for i := range r.Vlen {
			m, err := t.Member(&r, i)
			if err != nil {
				return err
			}
			if err := t.checkMember(own, &r, &m); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkMember refuses a member without a size, or that ends outside of its struct.
func (t *Types) checkMember(own btf.TypeID, r *Record, m *Member) error {
	size, err := t.SizeInKernel(m.Type)
	if err != nil {
		what, unread := t.Type(m.Type)
		if unread != nil || refuse.ClassOf(err) == refuse.ClassBTF {
			return fmt.Errorf("member %q of type %d: %w", m.Name, own, cmp.Or(unread, err))
		}
		return fmt.Errorf("member %q of type %d, %v %q, is %v %q, which has no size", m.Name, own,
			r.Kind, r.Name, what.Kind, what.Name)
	}
	bits := 8 * uint64(size)
	if m.Width != 0 {
		bits = uint64(m.Width)
	}
	if uint64(m.Offset)+bits > 8*uint64(r.Size) {
		return fmt.Errorf("member %q of type %d, %v %q of %d bytes, is at bit %d and has %d", m.Name,
			own, r.Kind, r.Name, r.Size, m.Offset, bits)
	}
	return nil
}

// exactly returns the types of a name, flavors included, among those that are not the base's.
func (t *Types) exactly(name string) []btf.TypeID {
	var found []btf.TypeID
	for _, id := range t.Named(NameOf(name)) {
		i := int(id - t.firstID())
		if _, text := t.kindAt(i); strings.HasPrefix(text, name+"\x00") {
			found = append(found, id)
		}
	}
	return found
}

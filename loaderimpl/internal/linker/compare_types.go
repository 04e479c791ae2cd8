// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// How closely types are compared.
const (
	wholly = true  // with what is in structs, unions and enums
	byName = false // behind a pointer: kinds and names, and a forward declaration will do
)

// A comparison holds types of one object against those of another, by libbpf's rules
// (glob_sym_btf_matches): typedefs and qualifiers do not count, nor do the names of parameters, the
// signs of integers and the values of enums.
type comparison struct {
	a, b *typeinfo.Types
	seen map[pair]bool
}

// A pair of types that are compared, or were. That they are alike is taken for granted meanwhile:
// if not, the comparison that is under way says so.
type pair struct {
	a, b  btf.TypeID
	whole bool
}

// types refuses two types that are not alike.
func (c *comparison) types(a, b btf.TypeID, whole bool, deep int) error {
	if deep > depth {
		return errDepth
	}
	a, ra, err := c.a.Plain(a)
	if err != nil {
		return err
	}
	b, rb, err := c.b.Plain(b)
	if err != nil {
		return err
	}
	if c.seen == nil {
		c.seen = make(map[pair]bool)
	}
	if c.seen[pair{a, b, whole}] {
		return nil
	}
	c.seen[pair{a, b, whole}] = true
	if ra.Kind == typeinfo.KindFwd || rb.Kind == typeinfo.KindFwd {
		return forward(&ra, &rb)
	}
	if kindOf(&ra) != kindOf(&rb) {
		return differ("%v %s and %v %s", ra.Kind, ra.Name, rb.Kind, rb.Name)
	}
	switch ra.Kind {
	case typeinfo.KindInt, typeinfo.KindFloat:
		if ra.Size != rb.Size {
			return differ("%s of %d bytes and %s of %d", ra.Name, ra.Size, rb.Name, rb.Size)
		}
	case typeinfo.KindPtr:
		return c.types(ra.Target(), rb.Target(), byName, deep+1)
	case typeinfo.KindArray:
		return c.arrays(&ra, &rb, whole, deep)
	case typeinfo.KindFuncProto:
		return c.functions(&ra, &rb, whole, deep)
	case typeinfo.KindStruct, typeinfo.KindUnion:
		if ra.Name != rb.Name {
			return differ("%v %s and %s", ra.Kind, ra.Name, rb.Name)
		}
		if whole {
			return c.members(&ra, &rb, deep)
		}
	case typeinfo.KindEnum, typeinfo.KindEnum64:
		if ra.Name != rb.Name {
			return differ("enum %s and %s", ra.Name, rb.Name)
		}
		if ra.Vlen > 0 && rb.Vlen > 0 && ra.Size != rb.Size {
			return differ("enum %s of %d bytes and of %d", ra.Name, ra.Size, rb.Size)
		}
	}
	return nil
}

func differ(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, refuse.ErrTypesConflict)...)
}

// forward compares a forward declaration with what may be what it declares.
func forward(a, b *typeinfo.Record) error {
	if a.Kind != typeinfo.KindFwd {
		a, b = b, a
	}
	kind := typeinfo.KindStruct
	if a.Flag() {
		kind = typeinfo.KindUnion
	}
	same := b.Kind == kind || b.Kind == typeinfo.KindFwd && a.Flag() == b.Flag()
	if !same || a.Name != b.Name {
		return differ("%v %s and %v %s", kind, a.Name, b.Kind, b.Name)
	}
	return nil
}

func (c *comparison) arrays(a, b *typeinfo.Record, whole bool, deep int) error {
	na, nb := c.a.Word(a.Data[8:]), c.b.Word(b.Data[8:])
	// The declaration of a whole array need not say how long it is.
	if na != nb && (deep > 0 || na != 0 && nb != 0) {
		return differ("arrays of %d and %d elements", na, nb)
	}
	return c.types(btf.TypeID(c.a.Word(a.Data)), btf.TypeID(c.b.Word(b.Data)), whole, deep+1)
}

func (c *comparison) functions(a, b *typeinfo.Record, whole bool, deep int) error {
	if a.Vlen != b.Vlen {
		return differ("functions of %d and %d parameters", a.Vlen, b.Vlen)
	}
	for i := range a.Vlen {
		err := c.types(btf.TypeID(c.a.Word(a.Data[8*i+4:])), btf.TypeID(c.b.Word(b.Data[8*i+4:])),
			whole, deep+1)
		if err != nil {
			return fmt.Errorf("parameter %d: %w", i+1, err)
		}
	}
	if err := c.types(a.Target(), b.Target(), whole, deep+1); err != nil {
		return fmt.Errorf("what it returns: %w", err)
	}
	return nil
}

func (c *comparison) members(a, b *typeinfo.Record, deep int) error {
	if a.Size != b.Size || a.Vlen != b.Vlen {
		return differ("%v %s of %d bytes and %d members, and of %d and %d", a.Kind, a.Name, a.Size,
			a.Vlen, b.Size, b.Vlen)
	}
	for i := range a.Vlen {
		ma, err := c.a.Member(a, i)
		if err != nil {
			return err
		}
		mb, err := c.b.Member(b, i)
		if err != nil {
			return err
		}
		switch {
		case ma.Name != mb.Name:
			return differ("%v %s has members %s and %s", a.Kind, a.Name, ma.Name, mb.Name)
		case ma.Offset != mb.Offset || ma.Width != mb.Width:
			return differ("member %s of %v %s is %d bits at %d and %d at %d", ma.Name, a.Kind,
				a.Name, ma.Width, ma.Offset, mb.Width, mb.Offset)
		}
		if err := c.types(ma.Type, mb.Type, wholly, deep+1); err != nil {
			return fmt.Errorf("member %s of %v %s: %w", ma.Name, a.Kind, a.Name, err)
		}
	}
	return nil
}

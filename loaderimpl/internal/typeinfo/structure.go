// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"github.com/cilium/ebpf/btf"
)

// WithoutFlavor returns the name that the kernel has for a type. An object may have several
// variants of one, told apart by what comes after three underscores, no more and no fewer (libbpf,
// bpf_core_essential_name_len).
func WithoutFlavor(name string) string {
	const separator = "___"
	for i := len(name) - len(separator) - 1; i > 0; i-- {
		after := name[i+len(separator)]
		if name[i:i+len(separator)] == separator && name[i-1] != '_' && after != '_' {
			return name[:i]
		}
	}
	return name
}

// IsFunctionPointer reports whether a type is a pointer to a function.
func (t *Types) IsFunctionPointer(id btf.TypeID) (bool, error) {
	_, p, err := t.Plain(id)
	if err != nil || p.Kind != KindPtr {
		return false, err
	}
	_, f, err := t.Plain(p.Target())
	return f.Kind == KindFuncProto, err
}

// MemberNamed returns the member of a struct of that name, and false if it has none.
func (t *Types) MemberNamed(id btf.TypeID, name string) (Member, bool, error) {
	r, err := t.Type(id)
	if err != nil {
		return Member{}, false, err
	}
	for i := range r.Vlen {
		if m, err := t.Member(&r, i); err != nil || m.Name == name {
			return m, err == nil, err
		}
	}
	return Member{}, false, nil
}

// MemberNames returns the names of a struct's members, in their order.
func (t *Types) MemberNames(id btf.TypeID) ([]string, error) {
	r, err := t.Type(id)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range r.Vlen {
		m, err := t.Member(&r, i)
		if err != nil {
			return nil, err
		}
		names = append(names, m.Name)
	}
	return names, nil
}

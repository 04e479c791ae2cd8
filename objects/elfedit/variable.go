// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// An entry of a BTF list of variables (btf_var_secinfo), in include/uapi/linux/btf.h.
const (
	entryTypeAt   = 0
	entryOffsetAt = 4
	entrySizeAt   = 8
	entrySize     = 12
)

// onEntry returns an edit of what the BTF says of a section's variable: a change to its entry in
// the list of the section's variables.
func onEntry(
	section, variable string, change func(order binary.ByteOrder, entry []byte), format string, args ...any,
) Edit {
	return onFile(func(f *file) error {
		btf, _, at, err := f.entry(section, variable)
		if err != nil {
			return err
		}
		change(f.order, btf.data[at:at+entrySize])
		return nil
	}, format, args...)
}

// entry returns where .BTF has the list of a section's variables, and in it the entry of one.
func (f *file) entry(section, variable string) (btf *section, list typeRecord, at int, err error) {
	if btf, err = f.section(".BTF"); err != nil {
		return nil, list, 0, err
	}
	all, err := btfTypes(f.order, btf.data)
	if err != nil {
		return nil, list, 0, err
	}
	i := slices.IndexFunc(all, func(t typeRecord) bool { return t.kind == DataSec && t.name == section })
	if i < 0 {
		return nil, list, 0, fmt.Errorf("no list of variables of %s", section)
	}
	list = all[i]
	count := int(f.order.Uint32(btf.data[list.at+btfInfoAt:]) & 0xffff)
	for n := range count {
		at := list.at + btfTypeSize + n*entrySize
		id := int(f.order.Uint32(btf.data[at+entryTypeAt:]))
		if 0 < id && id <= len(all) && all[id-1].name == variable {
			return btf, list, at, nil
		}
	}
	return nil, list, 0, fmt.Errorf("%s lists no variable %s", section, variable)
}

// MoveVariable makes the BTF say that a variable is at that offset of its section, in bytes. The
// symbol stays.
func MoveVariable(section, variable string, offset uint32) Edit {
	return onEntry(section, variable, func(order binary.ByteOrder, entry []byte) {
		order.PutUint32(entry[entryOffsetAt:], offset)
	}, "list %s of %s at %#x", variable, section, offset)
}

// ResizeVariable makes the BTF say that a variable has that size, in bytes. Its type and its symbol
// stay.
func ResizeVariable(section, variable string, size uint32) Edit {
	return onEntry(section, variable, func(order binary.ByteOrder, entry []byte) {
		order.PutUint32(entry[entrySizeAt:], size)
	}, "list %s of %s with %#x bytes", variable, section, size)
}

// ListVariableAs puts the type of that id, which need not exist or be a variable, in the place of a
// variable in the list of its section.
func ListVariableAs(section, variable string, id uint32) Edit {
	return onEntry(section, variable, func(order binary.ByteOrder, entry []byte) {
		order.PutUint32(entry[entryTypeAt:], id)
	}, "list type %d for %s of %s", id, variable, section)
}

// UnlistVariable removes a variable from the list of its section. The variable's type and its
// symbol stay.
func UnlistVariable(section, variable string) Edit {
	return onFile(func(f *file) error {
		btf, list, at, err := f.entry(section, variable)
		if err != nil {
			return err
		}
		info := f.order.Uint32(btf.data[list.at+btfInfoAt:])
		f.order.PutUint32(btf.data[list.at+btfInfoAt:], info-1)
		btf.data = slices.Delete(btf.data, at, at+entrySize)
		for _, field := range []int{btfStrOffAt, btfTypeLenAt} { // clang writes the strings last
			was := f.order.Uint32(btf.data[field:])
			f.order.PutUint32(btf.data[field:], was-entrySize)
		}
		return nil
	}, "take %s from the list of %s", variable, section)
}

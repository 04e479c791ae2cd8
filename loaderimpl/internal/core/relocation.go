// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A Kind says which number of a type or of a part of it an instruction has (enum
// bpf_core_relo_kind, include/uapi/linux/bpf.h).
type Kind uint32

// The kinds of relocations.
const (
	FieldByteOffset Kind = iota // of a field in its struct, bytes
	FieldByteSize               // of a field, bytes
	FieldExists                 // 1 or 0
	FieldSigned                 // 1 for a field that has a sign, or 0
	FieldLShiftU64              // bits to shift a bitfield left, once it is loaded as 64 bits
	FieldRShiftU64              // bits to shift it right then
	TypeIDLocal                 // id of a type in the object's types
	TypeIDTarget                // id of a type in the kernel's types
	TypeExists                  // 1 or 0
	TypeSize                    // bytes
	EnumValueExists             // 1 or 0
	EnumValue                   // number that an enum's name stands for
	TypeMatches                 // 1 or 0
	kinds
)

// String returns the kind in words.
func (k Kind) String() string {
	names := [...]string{"byte offset of a field", "byte size of a field", "existence of a field",
		"sign of a field", "left shift of a field", "right shift of a field",
		"id of a type of the object", "id of a type", "existence of a type", "size of a type",
		"existence of an enum's value", "enum's value", "match of a type"}
	if k >= kinds {
		return fmt.Sprintf("kind %d", uint32(k))
	}
	return names[k]
}

// ofField reports whether a kind is about a field.
func (k Kind) ofField() bool { return k <= FieldRShiftU64 }

// ofType reports whether a kind is about a type as a whole.
func (k Kind) ofType() bool { return k >= TypeIDLocal && k <= TypeSize || k == TypeMatches }

// ofEnum reports whether a kind is about a value of an enum.
func (k Kind) ofEnum() bool { return k == EnumValueExists || k == EnumValue }

// A Relocation holds one relocation of .BTF.ext, as the compiler wrote it (struct bpf_core_relo).
type Relocation struct {
	Insn   uint32     // offset of the instruction in its section, bytes
	Root   btf.TypeID // the type that it is about, in the object's types
	Access uint32     // offset of the string that says which part of it
	Kind   Kind
}

// RecordSize counts the bytes of a relocation that are read. Those in an object may be longer.
const RecordSize = 16

// Read reads relocations: records of so many bytes.
func Read(local *typeinfo.Types, records []byte, size int) []Relocation {
	list := make([]Relocation, 0, len(records)/max(size, RecordSize))
	for ; len(records) >= RecordSize && size >= RecordSize; records = records[size:] {
		list = append(list, Relocation{
			Insn: local.Word(records), Root: btf.TypeID(local.Word(records[4:])),
			Access: local.Word(records[8:]), Kind: Kind(local.Word(records[12:])),
		})
	}
	return list
}

// A key tells relocations apart by what they ask, wherever they are.
type key struct {
	root   btf.TypeID
	access uint32
	kind   Kind
}

func (r *Relocation) key() key { return key{r.Root, r.Access, r.Kind} }

// Expression returns the relocation as C that has it made, with the macros of bpf_core_read.h where
// it has one.
func (r *Relocation) Expression(local *typeinfo.Types) string {
	name := TypeName(local, r.Root)
	macro := ""
	switch r.Kind {
	case TypeIDLocal:
		macro = "bpf_core_type_id_local"
	case TypeIDTarget:
		macro = "bpf_core_type_id_kernel"
	case TypeExists:
		macro = "bpf_core_type_exists"
	case TypeSize:
		macro = "bpf_core_type_size"
	case TypeMatches:
		macro = "bpf_core_type_matches"
	}
	if macro != "" {
		return fmt.Sprintf("%s(%s)", macro, name)
	}
	p, err := parsePath(local, r)
	if err != nil {
		access, unnamed := local.String(r.Access)
		if unnamed != nil {
			access = fmt.Sprintf("string at %d", r.Access)
		}
		return fmt.Sprintf("%v: %s, %q", r.Kind, name, access)
	}
	switch r.Kind {
	case EnumValueExists:
		return fmt.Sprintf("bpf_core_enum_value_exists(%s, %s)", name, p.steps[0].name)
	case EnumValue:
		return fmt.Sprintf("bpf_core_enum_value(%s, %s)", name, p.steps[0].name)
	}
	field, whole := p.text()
	if whole {
		switch r.Kind {
		case FieldByteOffset:
			return fmt.Sprintf("bpf_core_field_offset(%s, %s)", name, field)
		case FieldByteSize:
			return fmt.Sprintf("bpf_core_field_size(%s, %s)", name, field)
		case FieldExists:
			return fmt.Sprintf("bpf_core_field_exists(%s, %s)", name, field)
		}
		field = "->" + field
	}
	info := [...]string{"BPF_FIELD_BYTE_OFFSET", "BPF_FIELD_BYTE_SIZE", "BPF_FIELD_EXISTS",
		"BPF_FIELD_SIGNED", "BPF_FIELD_LSHIFT_U64", "BPF_FIELD_RSHIFT_U64"}[r.Kind]
	return fmt.Sprintf("__builtin_preserve_field_info(((%s *)0)%s, %s)", name, field, info)
}

// TypeName returns a type as C writes it.
func TypeName(t *typeinfo.Types, id btf.TypeID) string {
	r, err := t.Type(id)
	if err != nil {
		return fmt.Sprintf("type %d", id)
	}
	name := r.Name
	if name == "" {
		name = fmt.Sprintf("(anonymous, type %d)", id)
	}
	switch r.Kind {
	case typeinfo.KindStruct, typeinfo.KindUnion, typeinfo.KindEnum, typeinfo.KindEnum64:
		return r.Kind.String() + " " + name
	case typeinfo.KindFwd:
		if r.Flag() {
			return "union " + name
		}
		return "struct " + name
	}
	return name
}

// bad says that a relocation of the object makes no sense.
func bad(format string, args ...any) error {
	return fmt.Errorf("%s: %w", strings.TrimSuffix(fmt.Sprintf(format, args...), ": "),
		refuse.ErrRelocation)
}

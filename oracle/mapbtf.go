// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// keyAndValue returns the BTF types of a map's key and value, written out, or "" where the map has
// none.
func keyAndValue(in bpfMapInfo) (key, value string, err error) {
	if in.btfID == 0 || in.btfKeyTypeID == 0 && in.btfValueTypeID == 0 {
		return "", "", nil
	}
	handle, err := btf.NewHandleFromID(btf.ID(in.btfID))
	if err != nil {
		return "", "", fmt.Errorf("open btf %d: %w", in.btfID, err)
	}
	defer handle.Close()
	spec, err := handle.Spec(nil)
	if err != nil {
		return "", "", fmt.Errorf("read btf %d: %w", in.btfID, err)
	}
	if key, err = cTypeByID(spec, in.btfKeyTypeID); err != nil {
		return "", "", fmt.Errorf("key: %w", err)
	}
	if value, err = cTypeByID(spec, in.btfValueTypeID); err != nil {
		return "", "", fmt.Errorf("value: %w", err)
	}
	return key, value, nil
}

func cTypeByID(spec *btf.Spec, id uint32) (string, error) {
	if id == 0 {
		return "void", nil
	}
	t, err := spec.TypeByID(btf.TypeID(id))
	if err != nil {
		return "", fmt.Errorf("btf type %d: %w", id, err)
	}
	return cType(t), nil
}

// cType writes a type as C would, with what C leaves out: sizes in bytes of what has a size of its
// own, and offsets in bits of members. Types behind a pointer are named, not written out, so that a
// type may point to itself.
func cType(t btf.Type) string {
	switch t := t.(type) {
	case *btf.Int:
		return fmt.Sprintf("%s /*%d*/", t.Name, t.Size)
	case *btf.Float:
		return fmt.Sprintf("%s /*%d*/", t.Name, t.Size)
	case *btf.Typedef:
		return fmt.Sprintf("%s = %s", t.Name, cType(t.Type))
	case *btf.Array:
		return fmt.Sprintf("%s[%d]", cType(t.Type), t.Nelems)
	case *btf.Pointer:
		return "*" + cName(t.Target)
	case *btf.Struct:
		return fmt.Sprintf("struct %s{%s} /*%d*/", withSpace(t.Name), cMembers(t.Members), t.Size)
	case *btf.Union:
		return fmt.Sprintf("union %s{%s} /*%d*/", withSpace(t.Name), cMembers(t.Members), t.Size)
	case *btf.Enum:
		return fmt.Sprintf("enum %s{%s} /*%d*/", withSpace(t.Name), cEnumerators(t), t.Size)
	case *btf.Const:
		return "const " + cType(t.Type)
	case *btf.Volatile:
		return "volatile " + cType(t.Type)
	case *btf.Restrict:
		return "restrict " + cType(t.Type)
	case *btf.TypeTag:
		return fmt.Sprintf("%s __tag(%q)", cType(t.Type), t.Value)
	default:
		return cName(t)
	}
}

// cName names a type without what is in it.
func cName(t btf.Type) string {
	switch t := t.(type) {
	case nil, *btf.Void:
		return "void"
	case *btf.Struct:
		return "struct " + t.Name
	case *btf.Union:
		return "union " + t.Name
	case *btf.Fwd:
		return fmt.Sprintf("%s %s;", t.Kind, t.Name)
	case *btf.Pointer:
		return "*" + cName(t.Target)
	case *btf.Const:
		return "const " + cName(t.Type)
	case *btf.Volatile:
		return "volatile " + cName(t.Type)
	case *btf.TypeTag:
		return fmt.Sprintf("%s __tag(%q)", cName(t.Type), t.Value)
	case *btf.FuncProto:
		return "function"
	default:
		return t.TypeName()
	}
}

func cMembers(members []btf.Member) string {
	var b strings.Builder
	for i, m := range members {
		if i > 0 {
			b.WriteString(" ")
		}
		fmt.Fprintf(&b, "%s %s@%d", cType(m.Type), m.Name, m.Offset)
		if m.BitfieldSize > 0 {
			fmt.Fprintf(&b, ":%d", m.BitfieldSize)
		}
		b.WriteString(";")
	}
	return b.String()
}

func cEnumerators(t *btf.Enum) string {
	var b strings.Builder
	for i, v := range t.Values {
		if i > 0 {
			b.WriteString(", ")
		}
		if t.Signed {
			fmt.Fprintf(&b, "%s=%d", v.Name, int64(v.Value))
		} else {
			fmt.Fprintf(&b, "%s=%d", v.Name, v.Value)
		}
	}
	return b.String()
}

// withSpace returns a name with a space behind it, and nothing for a type without one.
func withSpace(name string) string {
	if name == "" {
		return ""
	}
	return name + " "
}

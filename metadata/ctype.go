// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"fmt"

	"github.com/cilium/ebpf/btf"
)

// cType returns the name of a type as a declaration in C has it, without what is in a struct:
// "const char[11]", "struct version", "__u32 *".
func cType(t btf.Type) string {
	switch t := t.(type) {
	case *btf.Array:
		dimensions := ""
		element := btf.Type(t)
		for {
			array, is := element.(*btf.Array)
			if !is {
				return cType(element) + dimensions
			}
			dimensions += fmt.Sprintf("[%d]", array.Nelems)
			element = array.Type
		}
	case *btf.Pointer:
		return cType(t.Target) + " *"
	case *btf.Const:
		return "const " + cType(t.Type)
	case *btf.Volatile:
		return "volatile " + cType(t.Type)
	case *btf.Restrict:
		return "restrict " + cType(t.Type)
	case *btf.TypeTag:
		return cType(t.Type)
	case *btf.Struct:
		return tagged("struct", t.Name)
	case *btf.Union:
		return tagged("union", t.Name)
	case *btf.Enum:
		return tagged("enum", t.Name)
	case *btf.Fwd:
		return tagged(t.Kind.String(), t.Name)
	case *btf.FuncProto:
		return "function"
	case *btf.Void, nil:
		return "void"
	}
	return t.TypeName()
}

// tagged returns a struct, union or enum by its name, and one without a name as what it is.
func tagged(kind, name string) string {
	if name == "" {
		return kind
	}
	return kind + " " + name
}

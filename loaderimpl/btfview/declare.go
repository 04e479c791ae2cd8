// SPDX-License-Identifier: Apache-2.0

package btfview

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// mostParts limits how many types a declaration goes through. BTF can hold circles.
const mostParts = 32

// declare returns what C declares a name of a type as: "int *name[4]".
func declare(t *typeinfo.Types, id btf.TypeID, name string, parts int) string {
	if parts == 0 {
		return "... " + name
	}
	join := func(what string) string { return strings.TrimRight(what+" "+name, " ") }
	r, err := t.Type(id)
	if err != nil {
		return join(fmt.Sprintf("type_%d", id))
	}
	switch r.Kind {
	case typeinfo.KindVoid:
		return join("void")
	case typeinfo.KindPtr:
		of, err := t.Type(r.Target())
		if err == nil && (of.Kind == typeinfo.KindArray || of.Kind == typeinfo.KindFuncProto) {
			return declare(t, r.Target(), "(*"+name+")", parts-1)
		}
		return declare(t, r.Target(), "*"+name, parts-1)
	case typeinfo.KindArray:
		elem, n := t.Element(&r)
		return declare(t, elem, fmt.Sprintf("%s[%d]", name, n), parts-1)
	case typeinfo.KindFuncProto:
		var params []string
		for i := range r.Vlen {
			params = append(params, declare(t, t.Parameter(&r, i), "", parts-1))
		}
		return declare(t, r.Target(), fmt.Sprintf("%s(%s)", name, strings.Join(params, ", ")),
			parts-1)
	case typeinfo.KindVolatile, typeinfo.KindConst, typeinfo.KindRestrict:
		of, err := t.Type(r.Target())
		if err == nil && of.Kind == typeinfo.KindPtr {
			return declare(t, r.Target(), strings.TrimRight(r.Kind.String()+" "+name, " "), parts-1)
		}
		return r.Kind.String() + " " + declare(t, r.Target(), name, parts-1)
	case typeinfo.KindTypeTag:
		return declare(t, r.Target(), name, parts-1)
	case typeinfo.KindStruct, typeinfo.KindUnion, typeinfo.KindEnum, typeinfo.KindEnum64:
		if r.Name == "" {
			return join(r.Kind.String() + " {...}")
		}
		return join(r.Kind.String() + " " + r.Name)
	case typeinfo.KindFwd:
		if r.Flag() {
			return join("union " + r.Name)
		}
		return join("struct " + r.Name)
	}
	return join(r.Name)
}

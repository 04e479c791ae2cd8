// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// TestTypesThatGoOnWrongly gives types that go on from a kernel's and are damaged, or were made for
// another kernel. Those that belong to it are taken, and those of another kernel where neither a
// name nor a reference tells: nothing in them says which one they were made for.
func TestTypesThatGoOnWrongly(t *testing.T) {
	base := func(types string) *typeinfo.Types {
		parsed, err := typeinfo.ParseWhole(refusedBTF{id: "base", types: types}.encode(t))
		do(t, err)
		return parsed
	}
	const kernel = "int long 8 64; struct shared 8 a,1,0" // strings: 15 bytes
	const text = len("\x00long\x00shared\x00a\x00")
	right := base(kernel)
	split := func(types, header string) []byte {
		return refusedBTF{id: "split", types: types, header: header, from: text}.encode(t)
	}
	good := split("struct own 16 m,1,0 n,2,64; ptr - 3", "")
	itself, err := typeinfo.ParseGiven(good, nil, right)
	do(t, err)
	swapped := slices.Clone(good)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	for name, c := range map[string]struct {
		raw  []byte
		base *typeinfo.Types
		says string // part of the error; empty for types that are taken
	}{
		"right":                {good, right, ""},
		"truncated":            {good[:len(good)-1], right, "strings lie outside"},
		"truncated record":     {split("struct own 16 m,1,0 n,2,64", "type_len-4"), right, "type at byte 0"},
		"of the other order":   {swapped, right, "the other byte order"},
		"header alone":         {split("", ""), right, ""},
		"cut header":           {good[:23], right, "no header"},
		"flags":                {split("ptr - 1", "flags+1"), right, "flags 0x1"},
		"id beyond":            {split("ptr - 9", ""), right, "type 3 refers to type 9"},
		"largest id":           {split("ptr - -1", ""), right, "type 3 refers to type 4294967295"},
		"name beyond":          {split("typedef 99 1", ""), right, "name at 99"},
		"typedef of itself":    {split("typedef t 3; struct s 8 m,3,0", ""), right, `member "m"`},
		"typedefs in a circle": {split("typedef t 4; typedef u 3; struct s 8 m,3,0", ""), right, `member "m"`},
		"array of itself":      {split("array - 0 3,1,2; struct s 8 m,3,0", ""), right, `member "m"`},
		"on itself":            {good, itself, ""},
		"on fewer types":       {good, base("struct long 8 shared,0,0 a,0,0"), "those of another kernel"},
		"on more types":        {good, base("int long 8 64; int shared 4 32; int a 2 16"), ""},
		"on fewer strings":     {good, base("int - 8 64; struct - 8 a,1,0"), "name at"},
		"on more strings":      {good, base("int long_and_long_again 8 64; struct shared 8 a,1,0"), "in the middle of"},
		"on functions":         {good, base("func_proto - 0; func shared_long_ 1"), "those of another kernel"},
	} {
		path := filepath.Join(t.TempDir(), "nic.btf")
		do(t, os.WriteFile(path, c.raw, 0o600))
		types, err := ReadTypes(path)
		if err == nil {
			_, err = types.file.On("vmlinux", c.base)
			err = export("nic.btf", err)
		}
		var e *Error
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && (!errors.As(err, &e) || e.Class != ClassBTF || e.Object != "nic.btf" || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %v that says %q", name, err, ClassBTF, c.says)
		}
	}
}

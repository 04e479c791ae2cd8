// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A refusedBTF describes types that a kernel refuses, as testdata/btf_refused.txt has them.
type refusedBTF struct {
	id, types, header, log, by string

	from int // bytes of strings of the types that these go on from; 0 for whole types
}

// refusedTypes reads the table.
func refusedTypes(t testing.TB) []refusedBTF {
	t.Helper()
	text, err := os.ReadFile("testdata/btf_refused.txt")
	do(t, err)
	var list []refusedBTF
	var log, by string
	seen := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if says, ok := strings.CutPrefix(line, "= "); ok {
			log = says
		} else if says, ok := strings.CutPrefix(line, "@ "); ok {
			by = says
		} else if line != "" && line[0] != '#' {
			part := strings.Split(line+"|||", "|")
			c := refusedBTF{strings.TrimSpace(part[0]), part[1], part[3], log, by, 0}
			if seen[c.id] {
				t.Fatalf("two cases %s", c.id)
			}
			seen[c.id] = true
			list = append(list, c)
		}
	}
	return list
}

var kindNames = []string{"void", "int", "ptr", "array", "struct", "union", "enum", "fwd", "typedef",
	"volatile", "const", "restrict", "func", "func_proto", "var", "datasec", "float", "decl_tag",
	"type_tag", "enum64"}

// headerFields has the places of numbers in BTF's header, and their sizes.
var headerFields = map[string][2]int{"magic": {0, 2}, "version": {2, 1}, "flags": {3, 1},
	"hdr_len": {4, 4}, "type_off": {8, 4}, "type_len": {12, 4}, "str_off": {16, 4},
	"str_len": {20, 4}}

var (
	kindForm   = regexp.MustCompile(`^([a-z_0-9]+?)(\+?)(?:/(\d+))?$`)
	changeForm = regexp.MustCompile(`^([a-z_]+)([+-]?\d+)$`)
)

// encode returns the bytes of a case, in this machine's byte order.
func (c refusedBTF) encode(t testing.TB) []byte {
	t.Helper()
	order, text := objfile.NativeOrder(), "\x00"
	if c.from > 0 {
		text = ""
	}
	word := func(s string) uint32 {
		if s == "-" {
			return 0
		}
		if n, err := strconv.ParseInt(s, 0, 64); err == nil {
			return uint32(n)
		}
		at := c.from + len(text)
		text += s + "\x00"
		return uint32(at)
	}
	var types []byte
	for one := range strings.SplitSeq(c.types, ";") {
		f := strings.Fields(one)
		if len(f) == 0 {
			continue
		}
		types = order.AppendUint32(types, word(f[1]))
		types = order.AppendUint32(types, c.info(t, f[0], len(f)-3))
		types = order.AppendUint32(types, word(f[2]))
		for _, group := range f[3:] {
			for w := range strings.SplitSeq(group, ",") {
				types = order.AppendUint32(types, word(w))
			}
		}
	}
	raw := order.AppendUint16(nil, 0xeb9f)
	raw = append(raw, 1, 0)
	for _, n := range []int{24, 0, len(types), len(types), len(text)} {
		raw = order.AppendUint32(raw, uint32(n))
	}
	raw = append(append(raw, types...), text...)
	for change := range strings.FieldsSeq(c.header) {
		raw = c.damage(t, raw, change)
	}
	return raw
}

// info returns the word of a type that holds its kind, its flag and how many members it has.
func (c refusedBTF) info(t testing.TB, kind string, groups int) uint32 {
	t.Helper()
	if n, err := strconv.ParseUint(kind, 0, 32); err == nil {
		return uint32(n)
	}
	m := kindForm.FindStringSubmatch(kind)
	for i, name := range kindNames {
		if m == nil || m[1] != name {
			continue
		}
		info := uint32(i) << 24
		switch name {
		case "struct", "union", "enum", "func_proto", "datasec", "enum64":
			info |= uint32(groups)
		}
		if m[2] != "" {
			info |= 1 << 31
		}
		if m[3] != "" {
			n, err := strconv.ParseUint(m[3], 10, 16)
			do(t, err)
			info = info&^0xffff | uint32(n)
		}
		return info
	}
	t.Fatalf("%s: no kind %q", c.id, kind)
	return 0
}

// damage changes a number of the header, or cuts bytes from the end.
func (c refusedBTF) damage(t testing.TB, raw []byte, change string) []byte {
	t.Helper()
	m := changeForm.FindStringSubmatch(change)
	if m == nil {
		t.Fatalf("%s: no change %q", c.id, change)
	}
	n, err := strconv.Atoi(m[2])
	do(t, err)
	order, field := objfile.NativeOrder(), headerFields[m[1]]
	at := raw[field[0]:]
	switch {
	case m[1] == "cut":
		return raw[:len(raw)-n]
	case field[1] == 4:
		order.PutUint32(at, order.Uint32(at)+uint32(n))
	case field[1] == 2:
		order.PutUint16(at, order.Uint16(at)+uint16(n))
	case field[1] == 1:
		at[0] += byte(n)
	default:
		t.Fatalf("%s: no number %q in a header", c.id, m[1])
	}
	return raw
}

// TestKernelRefusesTypes asks the kernel whether it refuses the cases, and why.
func TestKernelRefusesTypes(t *testing.T) {
	needsBPF(t)
	for _, c := range refusedTypes(t) {
		fd, log, err := sys.LoadBTF(c.encode(t), 0)
		if err == nil {
			unix.Close(fd)
		}
		if err == nil || !strings.Contains(log, c.log) {
			t.Errorf("%s: %v, want %q in the log:\n%s", c.id, err, c.log, log)
		}
	}
}

// TestTypesThatAKernelRefuses reads the cases as files of types and as an object's. What is refused
// has its class; what is left to the kernel is read in full without harm.
func TestTypesThatAKernelRefuses(t *testing.T) {
	for _, c := range refusedTypes(t) {
		raw := c.encode(t)
		path := filepath.Join(t.TempDir(), "types.btf")
		do(t, os.WriteFile(path, raw, 0o600))
		by := "kernel"
		types, err := ReadTypes(path)
		if err != nil {
			by = "read"
		} else if _, err = types.file.Whole(); err != nil {
			by, err = "use", export("types.btf", err)
		}
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Class != ClassBTF || e.Object != "types.btf") {
			t.Errorf("%s: %v, want %v", c.id, err, ClassBTF)
		}
		if by != c.by {
			t.Errorf("%s: refused by %s, want %s: %v", c.id, by, c.by, err)
		}
		object := elfOf(map[string][]byte{typeinfo.Section: raw})
		_, err = OpenBytes(object, Options{Name: "object"})
		if c.by == "read" && err == nil {
			t.Errorf("%s: opened", c.id)
		}
		if err != nil && (!errors.As(err, &e) || e.Class != ClassBTF || e.Object != "object") {
			t.Errorf("%s: opened with %v, want %v", c.id, err, ClassBTF)
		}
	}
}

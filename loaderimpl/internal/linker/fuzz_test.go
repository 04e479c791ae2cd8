// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/linker/dedup"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

const testdata = "../../testdata/"

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// seeds returns some objects of the loader's tests and of the suites.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	var all [][]byte
	for _, pattern := range []string{testdata + "link/*.o", testdata + "*.bpfel.o",
		testdata + "compilers/*.o", "../../../objects/linking/el/*.o"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("objects %s: %v", pattern, err)
		}
		for _, path := range paths {
			all = append(all, readFile(t, path))
		}
	}
	return all
}

// checkRefusal fails for an error that says neither stage nor class.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	var e *refuse.Error
	if !errors.As(err, &e) || e.Stage != refuse.StageLink || e.Class == "" {
		t.Fatalf("error without stage or class: %#v %v", err, err)
	}
}

// FuzzLink links two objects. What is linked can be read, and linked again to the same.
func FuzzLink(f *testing.F) {
	all := seeds(f)
	for i := range all {
		f.Add(all[i], all[(i*7+1)%len(all)])
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		out, err := Link([]Input{{"a", a}, {"b", b}})
		if err != nil {
			checkRefusal(t, err)
			return
		}
		again, err := Link([]Input{{"out", out}})
		if err != nil || !bytes.Equal(out, again) {
			t.Fatalf("%d bytes, and %d when linked again: %v", len(out), len(again), err)
		}
		if len(out) > 4*(len(a)+len(b))+1<<12 {
			t.Fatalf("%d and %d bytes become %d", len(a), len(b), len(out))
		}
	})
}

// FuzzTypes joins the types of two objects.
func FuzzTypes(f *testing.F) {
	for _, data := range seeds(f) {
		file, err := objfile.Parse(data)
		if err != nil {
			f.Fatal(err)
		}
		if s := file.Named(typeinfo.Section); s != nil {
			f.Add(s.Data, s.Data[:len(s.Data)/2])
			f.Add(s.Data, s.Data)
		}
	}
	order := objfile.NativeOrder()
	parse := func(data []byte) (*typeinfo.Types, error) {
		return typeinfo.Parse(&objfile.File{Order: order,
			Sections: []objfile.Section{{}, {Name: typeinfo.Section, Data: data}}})
	}
	join := func(all ...[]byte) ([]byte, error) {
		var g dedup.Graph
		for _, data := range all {
			types, err := parse(data)
			if err != nil || types == nil {
				return nil, err
			}
			if _, err := g.Add(types, order); err != nil {
				return nil, err
			}
		}
		out, err := g.Dedup(order)
		if err != nil {
			return nil, err
		}
		return out.Bytes(), nil
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		out, err := join(a, b)
		if err != nil {
			if refuse.ClassOf(err) == refuse.ClassKernel {
				t.Fatalf("error without a class: %v", err)
			}
			return
		}
		if out == nil {
			return
		}
		again, err := join(out)
		if err != nil || !bytes.Equal(out, again) {
			t.Fatalf("%d bytes, and %d the second time: %v", len(out), len(again), err)
		}
	})
}

// FuzzExt links an object with another .BTF.ext.
func FuzzExt(f *testing.F) {
	base := readFile(f, testdata+"core.bpfel.o")
	file, err := objfile.Parse(base)
	if err != nil {
		f.Fatal(err)
	}
	ext := file.Named(typeinfo.ExtSection)
	at := bytes.Index(base, ext.Data)
	f.Add(ext.Data)
	f.Add(ext.Data[:len(ext.Data)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		changed := slices.Clone(base)
		copy(changed[at:at+len(ext.Data)], data)
		out, err := Link([]Input{{"changed", changed}, {"base", base}})
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if again, err := Link([]Input{{"out", out}}); err != nil || !bytes.Equal(out, again) {
			t.Fatalf("linked again: %v", err)
		}
	})
}

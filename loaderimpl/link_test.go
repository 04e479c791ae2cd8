// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/linker"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// linkPaths returns the paths of objects in testdata/link.
func linkPaths(order string, names ...string) []string {
	var paths []string
	for _, name := range names {
		paths = append(paths, objectPath(filepath.Join("link", name), order))
	}
	return paths
}

// Each object's program reads maps, variables and functions of the other.
func TestOpenLinksObjects(t *testing.T) {
	needsBPF(t)
	for _, names := range [][]string{{"first", "second"}, {"second", "first"}} {
		o, err := Open(linkPaths(native(), names...), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if want := names[0]; o.name != want {
			t.Errorf("%v: name %q, want %q", names, o.name, want)
		}
		l, err := o.Load(LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// In this order: second reads what first wrote into a map.
		for _, p := range []struct {
			name string
			want uint32
		}{{"first", 35 + 7 + 50 + 100 + 1001 + 10 + 100}, {"second", 3 + 70 + 5}} {
			got, _, err := l.Programs[p.name].Test(make([]byte, 64))
			if err != nil || got != p.want {
				t.Errorf("%v: %s returns %d, %v; want %d", names, p.name, got, err, p.want)
			}
		}
		do(t, l.Close())
	}
}

// A linked object is an object like others: to link it again changes nothing.
func TestLinkAgainChangesNothing(t *testing.T) {
	for _, order := range orders {
		for _, names := range [][]string{{"first"}, {"first", "second"}, {"second", "first"}} {
			once, twice := filepath.Join(t.TempDir(), "once.o"), filepath.Join(t.TempDir(), "twice.o")
			do(t, Link(once, linkPaths(order, names...)...))
			do(t, Link(twice, once))
			a, err := os.ReadFile(once)
			do(t, err)
			b, err := os.ReadFile(twice)
			do(t, err)
			if !bytes.Equal(a, b) {
				t.Errorf("%s %v: %d bytes, and another %d when linked again", order, names, len(a),
					len(b))
			}
		}
	}
}

// Every object that can be opened can be linked, alone, and again.
func TestEveryObjectLinksAlone(t *testing.T) {
	n := 0
	for _, pattern := range []string{"testdata/*.o", "../objects/*/e[lb]/*.o"} {
		paths, err := filepath.Glob(pattern)
		do(t, err)
		for _, path := range paths {
			data, err := os.ReadFile(path)
			do(t, err)
			if _, err := OpenBytes(data, Options{}); err != nil {
				continue
			}
			n++
			once, err := linker.Link([]linker.Input{{Name: path, Data: data}})
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if _, err := OpenBytes(once, Options{}); err != nil {
				t.Errorf("%s: linked: %v", path, err)
			}
			twice, err := linker.Link([]linker.Input{{Name: "linked", Data: once}})
			if err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%s: linked again: %d and %d bytes, %v", path, len(once), len(twice), err)
			}
		}
	}
	if n < 100 {
		t.Errorf("%d objects", n)
	}
}

func TestLinkReportsAllConflicts(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.o")
	first := linkPaths(native(), "first")[0]
	err := Link(out, first, first)
	var e *Error
	if !errors.As(err, &e) || e.Stage != refuse.StageLink || e.Class != ClassInvalid {
		t.Fatalf("error %v", err)
	}
	// counts, first_data, first_bss, first_constant, first_function and first.
	if got := bytes.Count([]byte(err.Error()), []byte("two definitions of one name")); got != 6 {
		t.Errorf("%d conflicts, want 6: %v", got, err)
	}
	list, ok := e.Err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("error %T", e.Err)
	}
	for _, err := range list.Unwrap() {
		if one, ok := err.(*Error); !ok || one.Symbol == "" || one.Object != first {
			t.Errorf("conflict %#v", err)
		}
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the output: %v", err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/objects"
)

// write puts files below a new folder, and returns it.
func write(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindFindsObjectsInFilesFoldersAndPrograms(t *testing.T) {
	counter, hash := objects.MapDefs.Counter.ELF(), objects.MapDefs.HashUse.ELF()
	filler := bytes.Repeat([]byte("\x7fELF and no more"), 100)
	program := bytes.Join([][]byte{filler, counter, filler, hash, filler}, nil)
	dir := write(t, map[string][]byte{
		"a/counter.bpf.o": counter, "b/counter.bpf.o": hash, "c/again.o": counter,
		"notes.txt": []byte("no object"), "empty": nil, "bin/program": program,
	})
	for _, tt := range []struct {
		name  string
		paths []string
		want  []string // labels
	}{
		{"a file", []string{"a/counter.bpf.o"}, []string{"counter.bpf.o"}},
		{"two of a name", []string{"a/counter.bpf.o", "b/counter.bpf.o"}, []string{"a/counter.bpf.o", "b/counter.bpf.o"}},
		{"the same contents twice", []string{"a/counter.bpf.o", "c/again.o"}, []string{"counter.bpf.o", "again.o"}},
		{"the same file twice", []string{"a/counter.bpf.o", "a/../a/counter.bpf.o", "a"}, []string{"counter.bpf.o"}},
		{"the same program twice", []string{"bin/program", "bin"}, []string{"program#1", "program#2"}},
		{"a program", []string{"bin/program"}, []string{"program#1", "program#2"}},
		{"a folder", []string{"a", "b"}, []string{"a/counter.bpf.o", "b/counter.bpf.o"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var paths []string
			for _, p := range tt.paths {
				paths = append(paths, filepath.Join(dir, p))
			}
			found, err := Find(paths)
			if err != nil {
				t.Fatal(err)
			}
			var labels []string
			for _, o := range found {
				labels = append(labels, o.Label)
				if !bytes.Equal(o.ELF, counter) && !bytes.Equal(o.ELF, hash) {
					t.Errorf("%s: %d bytes, which are neither object", o.Label, len(o.ELF))
				}
				if len(o.Needs.All) == 0 || o.Needs.Unread != "" {
					t.Errorf("%s needs %v, unread %q", o.Label, o.Needs.All, o.Needs.Unread)
				}
			}
			if diff := cmp.Diff(tt.want, labels); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFindSaysWhatIsNoObject(t *testing.T) {
	counter := objects.MapDefs.Counter.ELF()
	dir := write(t, map[string][]byte{
		"text": []byte("#include <linux/bpf.h>\n"), "empty": nil, "cut.o": counter[:len(counter)/2],
		"none/readme": []byte("nothing"), "elf.o": append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 100)...),
	})
	for _, tt := range []struct {
		path string
		want error
	}{
		{"text", ErrNoObject}, {"empty", ErrNoObject}, {"elf.o", ErrNoObject},
		{"none", ErrNoObject}, {"missing.o", fs.ErrNotExist},
	} {
		if found, err := Find([]string{filepath.Join(dir, tt.path)}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %d objects, %v, want %v", tt.path, len(found), err, tt.want)
		}
	}
	// A file that is cut has the header of an object: loaders are to refuse it.
	if found, err := Find([]string{filepath.Join(dir, "cut.o")}); err != nil || len(found) != 1 || found[0].Needs.Unread == "" {
		t.Errorf("cut.o: %d objects, %v", len(found), err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, MaxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Find([]string{large}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("large: %v, want %v", err, ErrTooLarge)
	}
	// The error names all that are wrong.
	_, err := Find([]string{filepath.Join(dir, "text"), filepath.Join(dir, "missing.o")})
	if !errors.Is(err, ErrNoObject) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("two wrong paths: %v", err)
	}
}

func TestNamesOfObjectsAreHarmless(t *testing.T) {
	for path, want := range map[string]string{
		"x/prog.bpf.o": "prog", "prog_bpfel.o": "prog", "a b\n<script>.o": "a_b__script_",
		"../..": "object", "ü.o": "_", ".o": "object",
	} {
		if got := (Object{Path: path}).Name(); got != want {
			t.Errorf("%q: name %q, want %q", path, got, want)
		}
	}
}

func FuzzEmbedded(f *testing.F) {
	f.Add(objects.MapDefs.Counter.ELF())
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range embedded(data) {
			if len(o) == 0 || !bytes.Contains(data, o) {
				t.Errorf("%d bytes that are not in %d", len(o), len(data))
			}
			read(o)
		}
	})
}

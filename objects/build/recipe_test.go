// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// twoSources makes a built folder with a source that includes bpf.h by way of map.h, and one that
// includes nothing.
func twoSources(t *testing.T) string {
	t.Helper()
	dir := tree(t, license+"// A map.\n#include \"map.h\"\n\nint m SEC(\".maps\");\n")
	write(t, filepath.Join(dir, "include", "map.h"), "#include \"bpf.h\"\n")
	write(t, filepath.Join(dir, "mapdefs", "alone.bpf.c"), license+"// A number.\nint alone = 1;\n")
	if err := run(t.Context(), dir, changed, io.Discard); err != nil {
		t.Fatal(err)
	}
	return dir
}

func buildsAgain(t *testing.T, dir string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), dir, changed, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func edit(t *testing.T, path, old, new string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q:\n%s", path, old, text)
	}
	write(t, path, strings.Replace(string(text), old, new, 1))
}

func TestOnlyWhatChangedIsCompiled(t *testing.T) {
	object := filepath.Join("mapdefs", "el", "one.o")
	good := twoSources(t)
	for _, tc := range []struct {
		change string
		make   func(t *testing.T, dir string)
		want   string
	}{
		{"nothing", func(*testing.T, string) {}, "compiled 0 objects, kept 4\n"},
		{"a source", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "mapdefs", "alone.bpf.c"), "= 1", "= 2")
		}, "compiled 2 objects, kept 2\n"},
		{"a new source", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "mapdefs", "new.bpf.c"), license+"// A number.\nint new;\n")
		}, "compiled 2 objects, kept 4\n"},
		{"a header of a header", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "include", "bpf.h"), "used", "used, aligned(16)")
		}, "compiled 2 objects, kept 2\n"},
		{"a header beside the source that hides another", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "mapdefs", "map.h"), "#define SEC(name)\n")
		}, "compiled 2 objects, kept 2\n"},
		{"an object", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, object), "changed")
		}, "compiled 1 objects, kept 3\n"},
		{"an object that is missing", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, object)); err != nil {
				t.Fatal(err)
			}
		}, "compiled 1 objects, kept 3\n"},
		{"the compiler's release", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, sumName), "clang 19.", "clang 18.")
		}, "compiled 4 objects, kept 0\n"},
		{"the sum is missing", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, sumName)); err != nil {
				t.Fatal(err)
			}
		}, "compiled 4 objects, kept 0\n"},
		{"the sum is one of before recipes", func(t *testing.T, dir string) {
			was, err := readSum(dir)
			if err != nil {
				t.Fatal(err)
			}
			edit(t, filepath.Join(dir, sumName), "  "+string(was.lines[object].by), "")
		}, "compiled 1 objects, kept 3\n"},
		{"two sides of a merge say two things of an object", func(t *testing.T, dir string) {
			was, err := readSum(dir)
			if err != nil {
				t.Fatal(err)
			}
			line := was.lines[object].digest + "  " + filepath.ToSlash(object) + "  "
			edit(t, filepath.Join(dir, sumName), line, "<<<<<<< ours\n"+line+
				"0123456789abcdef\n=======\n"+line)
		}, "compiled 1 objects, kept 3\n"},
		// A clean merge of one side's new header and the other's new object holds a line that was
		// true on its side only.
		{"a header, and its line in the sum", func(t *testing.T, dir string) {
			header := filepath.Join(dir, "include", "bpf.h")
			old, err := digestOf(header)
			if err != nil {
				t.Fatal(err)
			}
			edit(t, header, "used", "used, aligned(16)")
			merged, err := digestOf(header)
			if err != nil {
				t.Fatal(err)
			}
			edit(t, filepath.Join(dir, sumName), old, merged)
		}, "compiled 2 objects, kept 2\n"},
	} {
		t.Run(tc.change, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			tc.make(t, dir)
			if got := buildsAgain(t, dir); got != tc.want {
				t.Errorf("said %q, want %q", got, tc.want)
			}
			if err := isWhole(dir); err != nil {
				t.Error(err)
			}
			if got := buildsAgain(t, dir); !strings.HasPrefix(got, "compiled 0 objects") {
				t.Errorf("the second time it said %q", got)
			}
		})
	}
}

// isWhole reports an object of a folder that the compiler did not make, or that the sum does not
// have.
func isWhole(dir string) error {
	made, err := readSum(dir)
	if err != nil {
		return err
	}
	objects, err := filepath.Glob(filepath.Join(dir, "mapdefs", "e?", "*.o"))
	if err != nil {
		return err
	}
	for _, path := range objects {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f, err := elf.Open(path)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := f.Close(); err != nil {
			return err
		}
		there, err := made.holds(dir, name, made.lines[name].by)
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("%s is not what %s says", name, sumName)
		}
	}
	return nil
}

func TestEverythingIsCompiledWhenAsked(t *testing.T) {
	dir := twoSources(t)
	for _, how := range []mode{everything, compared} {
		var out bytes.Buffer
		if err := run(t.Context(), dir, how, &out); err != nil {
			t.Fatal(err)
		}
		if got, want := out.String(), "compiled 4 objects, kept 0\n"; got != want {
			t.Errorf("mode %d: said %q, want %q", how, got, want)
		}
	}
}

// A forged line takes the place of a compiler for who builds what changed, and for no one who
// checks.
func TestCheckTrustsNoDigest(t *testing.T) {
	dir := twoSources(t)
	object := filepath.Join(dir, "mapdefs", "el", "one.o")
	was, err := digestOf(object)
	if err != nil {
		t.Fatal(err)
	}
	write(t, object, "forged")
	forged, err := digestOf(object)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(dir, sumName), was, forged)
	if got := buildsAgain(t, dir); got != "compiled 0 objects, kept 4\n" {
		t.Fatalf("said %q: the forgery is not what is tested", got)
	}
	if err := run(t.Context(), dir, compared, io.Discard); err == nil ||
		!strings.Contains(err.Error(), "one.o differs") {
		t.Errorf("error is %v", err)
	}
}

func TestOtherMacrosMakeAnotherRecipe(t *testing.T) {
	dir := tree(t, family)
	sources, err := findSources(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := newPantry(dir)
	var seen []recipe
	for _, b := range sources[0].builds() {
		by, err := p.recipe(b)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(seen, by) {
			t.Errorf("%s has the recipe of another build", b.output)
		}
		seen = append(seen, by)
	}
}

func TestIncludeThatIsNotSeenIsRefused(t *testing.T) {
	for name, tc := range map[string]struct{ directive, want string }{
		"by a macro":        {"#define HEADER \"bpf.h\"\n#include HEADER\n", `"#include HEADER" names no header in quotes`},
		"on two lines":      {"#\\\ninclude \"bpf.h\"\n", "it includes include/bpf.h in a way that is not seen"},
		"after a comment":   {"/* */ #include \"bpf.h\"\n", "it includes include/bpf.h in a way that is not seen"},
		"in angle brackets": {"#include <bpf.h>\n", "names no header in quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, license+"// A map.\n"+tc.directive+"int m SEC(\".maps\");\n")
			err := run(t.Context(), dir, changed, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one that says %q", err, tc.want)
			}
			if present, err := generated(dir); err != nil || len(present) != 0 {
				t.Errorf("left %v, %v", present, err)
			}
		})
	}
}

// TestCommittedObjectsAreOfTheirRecipes needs no compiler: it sees an object that was not built
// again after a change to a header, as two branches leave it that each changed one of them.
func TestCommittedObjectsAreOfTheirRecipes(t *testing.T) {
	const dir = ".."
	sources, err := findSources(dir)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := readSum(dir)
	if err != nil {
		t.Fatal(err)
	}
	w, err := plan(toolchain{version: committed.version}, dir, sources, changed)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range w.stale {
		t.Errorf("%s is not what objects.sum says: run make objects", b.output)
	}
}

func TestProgressSaysHowLongItTakes(t *testing.T) {
	var out bytes.Buffer
	at := newProgress(&out, 10)
	now := at.start
	at.now = func() time.Time { return now }
	at.every = 2 * time.Second
	for range 10 {
		now = now.Add(1500 * time.Millisecond)
		at.step()
	}
	want := ""
	for _, line := range []struct{ done, left int }{{2, 12}, {4, 9}, {6, 6}, {8, 3}} {
		want += fmt.Sprintf("compiled %d of 10, about %ds left\n", line.done, line.left)
	}
	if got := out.String(); got != want {
		t.Errorf("said\n%swant\n%s", got, want)
	}
}

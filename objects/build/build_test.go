// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const text = license + "// A map.\n#include \"bpf.h\"\n\nint m SEC(\".maps\");\n"

// tree makes a folder of objects with one source, laid out as the committed one.
func tree(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "include", "bpf.h"), "#define SEC(name) __attribute__((section(name), used))\n")
	write(t, filepath.Join(dir, "mapdefs", "one.bpf.c"), source)
	return dir
}

func write(t *testing.T, path, contents string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(contents), 0o644); err != nil {
		t.Fatal(err)
	}
}

func built(t *testing.T) string {
	t.Helper()
	dir := tree(t, text)
	if err := run(t.Context(), dir, changed, t.Output()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCheckPassesAfterBuild(t *testing.T) {
	if err := run(t.Context(), built(t), compared, t.Output()); err != nil {
		t.Error(err)
	}
}

func TestCheckNamesWhatDiffers(t *testing.T) {
	object := filepath.Join("mapdefs", "el", "one.o")
	for _, tc := range []struct {
		fault  string
		change func(t *testing.T, dir string)
		want   string
	}{
		{"a source that was changed", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "mapdefs", "one.bpf.c"), strings.Replace(text, "int m", "long m", 1))
		}, object + " differs"},
		{"an object that was changed", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, object), "changed")
		}, object + " differs"},
		{"an object that is missing", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, object)); err != nil {
				t.Fatal(err)
			}
		}, object + " is missing"},
		{"an object whose source is gone", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "mapdefs", "el", "two.o"), "left")
		}, filepath.Join("mapdefs", "el", "two.o") + " has no source"},
		{"a catalogue that was changed", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "mapdefs_catalogue.go"), "package objects")
		}, "mapdefs_catalogue.go differs"},
	} {
		t.Run(tc.fault, func(t *testing.T) {
			dir := built(t)
			tc.change(t, dir)
			err := run(t.Context(), dir, compared, t.Output())
			if !errors.Is(err, errDiffers) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one that says %q", err, tc.want)
			}
		})
	}
}

func TestCheckTakesTheSameObjectsFromAnotherRelease(t *testing.T) {
	dir := built(t)
	sum, err := os.ReadFile(filepath.Join(dir, sumName))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, sumName), "clang 19.0.0\n"+string(afterFirstLine(sum)))
	if err := run(t.Context(), dir, compared, t.Output()); err != nil {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "mapdefs", "el", "one.o"), "changed")
	if err := run(t.Context(), dir, compared, t.Output()); err == nil || !strings.Contains(err.Error(), "they were made by clang 19.0.0, and this is 19.") {
		t.Errorf("error is %v, want one that names both releases", err)
	}
}

func TestBuildRemovesWhatHasNoSource(t *testing.T) {
	dir := built(t)
	left := filepath.Join(dir, "mapdefs", "eb", "two.o")
	write(t, left, "left")
	if err := run(t.Context(), dir, changed, t.Output()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stat of an object without a source: %v", err)
	}
}

func TestSourceThatDoesNotCompileWritesNothing(t *testing.T) {
	dir := tree(t, license+"// No C.\nthis is no C\n")
	err := run(t.Context(), dir, changed, t.Output())
	if err == nil || !strings.Contains(err.Error(), "compile "+filepath.Join("mapdefs", "one.bpf.c")) {
		t.Errorf("error is %v, want one that names the source", err)
	}
	if present, err := generated(dir); err != nil || len(present) != 0 {
		t.Errorf("left %v, %v", present, err)
	}
}

func TestSourceWithoutLicenceOrThought(t *testing.T) {
	for source, want := range map[string]string{
		"int m;\n":           "does not begin with // SPDX-License-Identifier",
		license + "int m;\n": "has no comment that says what it is for",
	} {
		if _, err := findSources(tree(t, source)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one that says %q", err, want)
		}
	}
}

func TestFolderWithoutSources(t *testing.T) {
	if _, err := findSources(t.TempDir()); err == nil {
		t.Error("no error")
	}
}

func TestFourWaysMakeFourObjects(t *testing.T) {
	dir := tree(t, license+"// A map.\n#include \"four_ways.h\"\nint MAP SEC(\"maps\");\n")
	write(t, filepath.Join(dir, "include", "four_ways.h"), "#include \"bpf.h\"\n"+
		"#if defined(LEGACY)\n#define MAP legacy\n#elif defined(IPROUTE2)\n#define MAP iproute2\n"+
		"#elif defined(CALLBACK)\n#define MAP callback\n#else\n#define MAP btf\n#endif\n")
	if err := run(t.Context(), dir, changed, t.Output()); err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{"el", "eb"} {
		for _, way := range []string{"btf", "legacy", "iproute2", "callback"} {
			f, err := elf.Open(filepath.Join(dir, "mapdefs", order, "one."+way+".o"))
			if err != nil {
				t.Error(err)
				continue
			}
			symbols, err := f.Symbols()
			if err != nil {
				t.Error(err)
			}
			if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return s.Name == way }) {
				t.Errorf("%s/one.%s.o defines no %s: %v", order, way, way, symbols)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// script puts a program into the empty folder that PATH names.
func script(t *testing.T, name, body string) {
	t.Helper()
	path := filepath.Join(os.Getenv("PATH"), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestCompilerThatIsMissingOrAnother(t *testing.T) {
	for _, tc := range []struct {
		fault, version, want string
	}{
		{"none", "", "make setup installs them"},
		{"another major version", "Debian clang version 14.0.6", `is "Debian clang version 14.0.6"`},
		{"no version", "what?", `is "what?"`},
	} {
		t.Run(tc.fault, func(t *testing.T) {
			t.Setenv("PATH", t.TempDir())
			if tc.version != "" {
				script(t, "clang", "echo '"+tc.version+"'\n")
				script(t, "llvm-strip", "")
			}
			_, err := findToolchain(context.Background())
			if !errors.Is(err, errToolchain) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one that says %q", err, tc.want)
			}
		})
	}
}

func TestCamelIsGo(t *testing.T) {
	for name, want := range map[string]string{"unknown_field": "UnknownField", "kv_struct": "KVStruct", "numa_node": "NUMANode", "no_type": "NoType"} {
		if got := camel(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
)

const says = `#include <stdio.h>
int main(int argc, char **argv) { puts(argc > 1 ? argv[1] : "nothing"); }
`

// output returns what the driver of a bundle prints.
func output(t *testing.T, b *Bundle) string {
	t.Helper()
	out, err := enter(t, b).Command(t.Context()).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestDynamicProgramBringsItsLibraries(t *testing.T) {
	m := local(t, "./driver")
	m.Command = append(m.Command, "hello")
	gcc(t, says, "-o", filepath.Join(m.Dir, "driver"), "-Wl,--no-as-needed", "-lm")
	b := build(t, Options{Manifest: m})
	if got := output(t, b); got != "hello\n" {
		t.Errorf("it prints %q", got)
	}
	root := enter(t, b)
	libraries, err := filepath.Glob(root.Dir + "/usr/lib/*/*")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range libraries {
		names = append(names, filepath.Base(l))
	}
	if diff := cmp.Diff([]string{"libc.so.6", "libm.so.6"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestLibrariesBroughtAlongAreFoundByRunpath(t *testing.T) {
	m := local(t, "./driver")
	m.Files = []string{"lib"}
	lib := filepath.Join(m.Dir, "lib")
	check(t, os.Mkdir(lib, 0o755))
	gcc(t, `const char *word(void) { return "mine"; }`, "-shared", "-fPIC", "-o",
		filepath.Join(lib, "libword.so"))
	gcc(t, "#include <stdio.h>\nconst char *word(void);\nint main(void) { puts(word()); }", "-o",
		filepath.Join(m.Dir, "driver"), "-L"+lib, "-lword", "-Wl,-rpath,$ORIGIN/lib")
	if got := output(t, build(t, Options{Manifest: m})); got != "mine\n" {
		t.Errorf("it prints %q", got)
	}
}

func TestMissingLibraryIsNamed(t *testing.T) {
	m := local(t, "./driver")
	lib := t.TempDir()
	gcc(t, `const char *word(void) { return "mine"; }`, "-shared", "-fPIC", "-o",
		filepath.Join(lib, "libword.so"))
	gcc(t, "const char *word(void);\nint main(void) { return *word(); }", "-o",
		filepath.Join(m.Dir, "driver"), "-L"+lib, "-lword")
	_, err := Build(t.Context(), Options{Manifest: m, Cache: t.TempDir()})
	if !errors.Is(err, ErrMissingLibrary) || !errors.Is(err, ErrUsage) ||
		!strings.Contains(err.Error(), "libword.so, which /loader/driver needs") {
		t.Errorf("%v, want ErrMissingLibrary that names libword.so and the driver", err)
	}
}

func TestDriverInCIsCompiled(t *testing.T) {
	m := local(t, "/driver")
	m.Build = &loader.Build{C: "driver.c"}
	write(t, filepath.Join(m.Dir, "word.h"), 0o644, []byte(`#define WORD DRIVER_VERSION`))
	write(t, filepath.Join(m.Dir, "driver.c"), 0o644,
		[]byte("#include <stdio.h>\n#include \"word.h\"\nint main(void) { puts(WORD); }"))
	cache := t.TempDir()
	before := build(t, Options{Manifest: m, Cache: cache})
	if got := output(t, before); got != "1.0\n" {
		t.Errorf("it prints %q", got)
	}
	write(t, filepath.Join(m.Dir, "word.h"), 0o644, []byte(`#define WORD "another"`))
	if got := output(t, build(t, Options{Manifest: m, Cache: cache})); got != "another\n" {
		t.Errorf("after a change to the header it prints %q", got)
	}
}

func TestDriverThatDoesNotCompile(t *testing.T) {
	m := local(t, "/driver")
	m.Build = &loader.Build{C: "driver.c"}
	write(t, filepath.Join(m.Dir, "driver.c"), 0o644, []byte("int main(void) { return nobody; }"))
	cache := t.TempDir()
	_, err := Build(t.Context(), Options{Manifest: m, Cache: cache})
	if !errors.Is(err, ErrCompile) || !strings.Contains(err.Error(), "driver.c:1:25: error:") {
		t.Errorf("%v, want ErrCompile with the compiler's words", err)
	}
	if left := kept(t, cache); left != nil {
		t.Errorf("%v is left", left)
	}
}

func TestDriverInGoIsCompiled(t *testing.T) {
	m := local(t, "/driver")
	m.Build = &loader.Build{Go: "./cmd"}
	write(t, filepath.Join(m.Dir, "go.mod"), 0o644, []byte("module example.org/mine\n\ngo 1.24\n"))
	write(t, filepath.Join(m.Dir, "cmd/main.go"), 0o644,
		[]byte("package main\n\nfunc main() { print(`go`) }\n"))
	root := enter(t, build(t, Options{Manifest: m}))
	if out, err := root.Command(t.Context()).CombinedOutput(); err != nil || string(out) != "go" {
		t.Errorf("%q, %v", out, err)
	}
	write(t, filepath.Join(m.Dir, "cmd/main.go"), 0o644,
		[]byte("package main\n\nfunc main() { nobody() }\n"))
	_, err := Build(t.Context(), Options{Manifest: m, Cache: t.TempDir()})
	if !errors.Is(err, ErrCompile) || !strings.Contains(err.Error(), "undefined: nobody") {
		t.Errorf("%v, want ErrCompile with the compiler's words", err)
	}
}

// A version may have a module of its own, which asks for another version of the loader than its
// neighbour.
func TestDriverInGoOfAModuleOfItsOwn(t *testing.T) {
	m := local(t, "/driver")
	m.Versions = map[string]loader.Suite{"1.0": "old/go.mod"}
	m.Build = &loader.Build{Go: "./driver"}
	write(t, filepath.Join(m.Dir, "old/go.mod"), 0o644,
		[]byte("module example.org/old\n\ngo 1.24\n"))
	write(t, filepath.Join(m.Dir, "old/main.go"), 0o644,
		[]byte("package main\n\nfunc main() { print(`old`) }\n"))
	root := enter(t, build(t, Options{Manifest: m}))
	if out, err := root.Command(t.Context()).CombinedOutput(); err != nil || string(out) != "old" {
		t.Errorf("%q, %v", out, err)
	}
	m.Dir = ""
	programs := t.TempDir()
	gcc(t, says, "-o", filepath.Join(programs, "driver-mine-1.0"))
	if got := output(t, build(t, Options{Manifest: m, Programs: programs})); got != "nothing\n" {
		t.Errorf("shipped, it prints %q", got)
	}
}

func TestDriverInGoThatWasShipped(t *testing.T) {
	m := local(t, "/driver")
	m.Dir = ""
	m.Build = &loader.Build{Go: "./driver"}
	programs := t.TempDir()
	o := Options{Manifest: m, Programs: programs, Cache: t.TempDir()}
	if _, err := Build(t.Context(), o); !errors.Is(err, ErrNoFile) ||
		!strings.Contains(err.Error(), filepath.Join(programs, "driver-mine")) {
		t.Errorf("%v, want ErrNoFile that names driver-mine", err)
	}
	gcc(t, says, "-o", filepath.Join(programs, "driver-mine"))
	if got := output(t, build(t, o)); got != "nothing\n" {
		t.Errorf("it prints %q", got)
	}
}

func TestNoCompiler(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for name, b := range map[string]*loader.Build{"gcc": {C: "driver.c"}, "Go": {Go: "./cmd"}} {
		m := local(t, "/driver")
		m.Build = b
		write(t, filepath.Join(m.Dir, "driver.c"), 0o644, nil)
		_, err := Build(t.Context(), Options{Manifest: m, Cache: t.TempDir()})
		if !errors.Is(err, ErrNoCompiler) || !strings.Contains(err.Error(), "install "+name) {
			t.Errorf("%v, want ErrNoCompiler that says to install %s", err, name)
		}
	}
}

func TestManifestsThatAskForWhatIsNotThere(t *testing.T) {
	script := func(m *loader.Manifest, text string, mode os.FileMode) {
		write(t, filepath.Join(m.Dir, "driver"), mode, []byte(text))
	}
	for name, c := range map[string]struct {
		change func(m *loader.Manifest, o *Options)
		want   error
		says   string
	}{
		"version": {
			func(m *loader.Manifest, o *Options) { o.Version = "2.0" }, ErrUnknownVersion,
			"unknown version 2.0 of mine; there are 1.0",
		},
		"driver": {
			func(m *loader.Manifest, o *Options) {}, ErrNoFile, "driver in the manifest's folder",
		},
		"file":   {func(m *loader.Manifest, o *Options) { script(m, "", 0o755); m.Files = []string{"data"} }, ErrNoFile, "data in"},
		"C file": {func(m *loader.Manifest, o *Options) { m.Build = &loader.Build{C: "x/driver.c"} }, ErrNoFile, "x/driver.c"},
		"no folder": {
			func(m *loader.Manifest, o *Options) { m.Dir = "" }, ErrNoFile,
			"the manifest has no folder",
		},
		"command":                    {func(m *loader.Manifest, o *Options) { m.Command = []string{"/usr/bin/driver"} }, ErrNoCommand, "/usr/bin/driver"},
		"executable":                 {func(m *loader.Manifest, o *Options) { script(m, "\x7fno ELF", 0o644) }, ErrNoStart, "/loader/driver is there and not executable: chmod +x"},
		"interpreter":                {func(m *loader.Manifest, o *Options) { script(m, "#!/usr/bin/python3 -u\n", 0o755) }, ErrNoCommand, "a script of /usr/bin/python3"},
		"package of the interpreter": {func(m *loader.Manifest, o *Options) { script(m, "#!/bin/sh\n", 0o755) }, ErrNoCommand, "/bin/sh, which is not in the root: name the package dash"},
		"interpreter that env finds": {func(m *loader.Manifest, o *Options) {
			script(m, "#!/loader/env -S python3 -u\n", 0o755)
			write(t, filepath.Join(m.Dir, "env"), 0o755, nil)
			m.Files = []string{"env"}
		}, ErrNoCommand, "a script of python3, which is not in the root: name the package python3"},
		"CR LF":              {func(m *loader.Manifest, o *Options) { script(m, "#!/bin/sh\r\n", 0o755) }, ErrNoStart, `/loader/driver has the line ends of DOS (CR LF): the kernel looks for an interpreter "/bin/sh\r"`},
		"other architecture": {func(m *loader.Manifest, o *Options) { foreign(t, filepath.Join(m.Dir, "driver")) }, ErrNoStart, "/loader/driver is a program for arm64, and guests are "},
		"interpreter's end": {
			func(m *loader.Manifest, o *Options) { script(m, "#!", 0o755) }, ErrNoStart,
			"names no interpreter",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Manifest: local(t, "./driver"), Cache: t.TempDir()}
			c.change(o.Manifest, &o)
			_, err := Build(t.Context(), o)
			if !errors.Is(err, c.want) || !errors.Is(err, ErrUsage) ||
				!strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %v that says %q", err, c.want, c.says)
			}
		})
	}
}

// foreign writes a program of another architecture.
func foreign(t *testing.T, name string) {
	t.Helper()
	program, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	const machineAt = 18 // in an ELF header, u16
	binary.LittleEndian.PutUint16(program[machineAt:], uint16(elf.EM_AARCH64))
	write(t, name, 0o755, program)
}

func TestFileOutsideTheFolderIsNotBroughtAlong(t *testing.T) {
	m := local(t, "./driver")
	check(t, os.Symlink("/etc/passwd", filepath.Join(m.Dir, "driver")))
	if _, err := Build(t.Context(), Options{Manifest: m, Cache: t.TempDir()}); err == nil {
		t.Error("a link out of the folder was followed")
	}
}

func TestDamagedProgramIsAnError(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "driver")
	gcc(t, says, "-o", whole)
	program, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	m := local(t, "./driver")
	for _, size := range []int{5, 40, 100, 600, len(program) / 2} {
		write(t, filepath.Join(m.Dir, "driver"), 0o755, program[:size])
		if _, err := Build(t.Context(), Options{Manifest: m, Cache: t.TempDir()}); err == nil ||
			!strings.Contains(err.Error(), "/loader/driver") {
			t.Errorf("%d bytes of a program: %v, want an error that names it", size, err)
		}
	}
}

func FuzzLinkage(f *testing.F) {
	self, err := os.ReadFile("/bin/true")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(self)
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = readLinkage(data) })
}

// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/u-root/mkuimage/cpio"

	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// The tests of whole images need a kernel, which is fetched if it is not in
// the cache. They are not skipped where it cannot be had: they fail.
var testKernel = flag.String("kernel", "6.12", "kernel of the tests: a series or a path")

var getKernel = sync.OnceValues(func() (*kernel.Kernel, error) {
	store, err := kernel.Open(kernel.Options{})
	if err != nil {
		return nil, err
	}
	return store.Get(context.Background(), *testKernel)
})

func options(t *testing.T) Options {
	t.Helper()
	k, err := getKernel()
	if err != nil {
		t.Fatal(err)
	}
	return Options{Kernel: k, Guest: program(t), Cache: t.TempDir()}
}

// program builds a static program.
func program(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const source = "package main\nfunc main() {}\n"
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "program")
	cmd := exec.Command("go", "build", "-o", out, file)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return out
}

// read returns an image's files by name.
func read(t *testing.T, path string) map[string]cpio.Record {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	files := make(map[string]cpio.Record)
	records := cpio.Newc.Reader(f)
	for {
		r, err := records.ReadRecord()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if parent := filepath.Dir(r.Name); parent != "." && r.Name != "." {
			if _, there := files[parent]; !there {
				t.Errorf("%s comes before its folder", r.Name)
			}
		}
		files[r.Name] = r
	}
}

func content(t *testing.T, r cpio.Record) string {
	t.Helper()
	b := make([]byte, r.FileSize)
	if _, err := r.ReadAt(b, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return string(b)
}

func TestImageHasItsModulesReadyToLoad(t *testing.T) {
	o := options(t)
	i, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if i.Size > MaxSize || i.Size == 0 {
		t.Errorf("image of %d bytes", i.Size)
	}
	files := read(t, i.Path)
	for _, name := range []string{
		"init", "dev/console", "proc", "sys", "tmp", "boot/config-" + o.Kernel.Release,
		"etc/modules",
	} {
		if _, there := files[name]; !there {
			t.Errorf("no %s", name)
		}
	}
	modules, err := o.Kernel.Modules()
	if err != nil {
		t.Fatal(err)
	}
	dir := "lib/modules/" + o.Kernel.Release + "/"
	index := content(t, files[dir+"modules.dep"])
	for _, name := range DefaultModules {
		if !strings.Contains(index, "/"+name+".ko:") && !modules.BuiltIn(name) {
			t.Errorf("%s is not in modules.dep:\n%s", name, index)
		}
	}
	for line := range strings.Lines(index) {
		for _, file := range strings.Fields(strings.ReplaceAll(line, ":", " ")) {
			module, there := files[dir+file]
			if !there {
				t.Errorf("%s is in modules.dep and not in the image", file)
				continue
			}
			if _, err := elf.NewFile(module); err != nil {
				t.Errorf("%s is not ready to load: %v", file, err)
			}
		}
		// kmodule takes a space after the colon for a module without a name.
		if strings.HasSuffix(strings.TrimSuffix(line, "\n"), " ") {
			t.Errorf("line %q ends in a space", line)
		}
	}
}

func TestImageIsKeptAndVerified(t *testing.T) {
	o := options(t)
	first, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	made, err := os.Stat(first.Path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Build(t.Context(), o)
	if err != nil || again != first {
		t.Errorf("second time: %+v, %v; first %+v", again, err, first)
	}
	if kept, err := os.Stat(first.Path); err != nil || !os.SameFile(made, kept) {
		t.Errorf("image was made again: %v", err)
	}
	for name, harm := range map[string]func() error{
		"cut":          func() error { return os.Truncate(first.Path, 100) },
		"missing":      func() error { return os.Remove(first.Path) },
		"note cut":     func() error { return os.Truncate(noteOf(first.Path), 3) },
		"note missing": func() error { return os.Remove(noteOf(first.Path)) },
	} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		again, err := Build(t.Context(), o)
		if err != nil || again != first {
			t.Errorf("%s: %+v, %v; want the same bytes as before, %+v", name, again, err, first)
		}
	}
	left, err := filepath.Glob(filepath.Join(o.Cache, "making-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %q, %v", left, err)
	}
}

func TestImageDependsOnItsInputs(t *testing.T) {
	o := options(t)
	base, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	shell := filepath.Join(t.TempDir(), "shell.cpio")
	var b bytes.Buffer
	w := cpio.Newc.Writer(&b)
	for _, r := range []cpio.Record{
		cpio.StaticFile("bbin/bb", "commands", 0o755), cpio.StaticFile("init", "not ours", 0o755),
	} {
		if err := w.WriteRecord(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := cpio.WriteTrailer(w); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(shell, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"modules": func(o *Options) { o.Modules = []string{"veth"} },
		"guest":   func(o *Options) { o.Guest = self(t) },
		"shell":   func(o *Options) { o.Shell = shell },
	} {
		changed := o
		change(&changed)
		i, err := Build(t.Context(), changed)
		if err != nil {
			t.Fatal(err)
		}
		if i.Path == base.Path || i.Digest == base.Digest {
			t.Errorf("%s make no other image", name)
		}
		if name == "shell" {
			files := read(t, i.Path)
			if content(t, files["bbin/bb"]) != "commands" ||
				content(t, files["init"]) == "not ours" {
				t.Error("the shell is not what it should be")
			}
		}
	}
	reordered := o
	reordered.Modules = append([]string{"veth"}, DefaultModules...)
	if i, err := Build(t.Context(), reordered); err != nil || i != base {
		t.Errorf("the order of modules makes another image: %v", err)
	}
}

// self returns another static program: a copy of the first with bytes behind
// its end, which no program minds.
func self(t *testing.T) string {
	t.Helper()
	file := program(t)
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("more"); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestBuildRefuses(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("neither program nor archive"), 0o644); err != nil {
		t.Fatal(err)
	}
	big := self(t)
	if err := os.Truncate(big, MaxSize); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*Options)
		want   error
		detail string
	}{
		{"module that the kernel does not have", func(o *Options) { o.Modules = []string{"veth", "flux_capacitor"} }, kernel.ErrNoModule, "flux_capacitor"},
		{"guest that is missing", func(o *Options) { o.Guest = text + ".missing" }, ErrGuest, "make build"},
		{"guest that is no program", func(o *Options) { o.Guest = text }, ErrGuest, text},
		{"guest that is not static", func(o *Options) { o.Guest = "/bin/sh" }, ErrGuest, "not static"},
		{"shell that is missing", func(o *Options) { o.Shell = text + ".missing" }, ErrShell, "make build"},
		{"shell that is no archive", func(o *Options) { o.Shell = text }, ErrShell, text},
		{"image above the limit", func(o *Options) { o.Guest = big }, ErrTooLarge, "60 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := options(t)
			test.change(&o)
			_, err := Build(t.Context(), o)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.detail) {
				t.Errorf("got %v, want %v with %q", err, test.want, test.detail)
			}
			left, err := os.ReadDir(o.Cache)
			if err != nil || len(left) != 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

func TestGuestOfAnotherArchitecture(t *testing.T) {
	b, err := os.ReadFile(program(t))
	if err != nil {
		t.Fatal(err)
	}
	b[18] = byte(elf.EM_S390) // e_machine
	if err := checkProgram(b, "amd64"); err == nil {
		t.Error("a program for s390 passes for one for amd64")
	}
}

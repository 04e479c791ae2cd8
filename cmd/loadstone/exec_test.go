// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/u-root/mkuimage/cpio"

	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// What cannot run in a clone is refused before there is one, with what to do.
func TestProgramsThatCannotRunAreRefused(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		dir:                   "is a folder",
		plain:                 "chmod +x",
		dir + "/none":         "no such file",
		"/proc/self/exe/none": "not a directory",
	} {
		if _, err := new(baggage).program(name, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// A program that is linked dynamically needs a root; with one it is brought, as one without.
func TestDynamicProgramsNeedARoot(t *testing.T) {
	shell, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(shell)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !interpreted(file) {
		t.Fatalf("%s is linked statically: take another for this test", shell)
	}
	var b baggage
	if _, err := b.program(shell, false); err == nil || !strings.Contains(err.Error(), "--root") {
		t.Errorf("%v, want one that names --root", err)
	}
	if name, err := b.program(shell, true); err != nil || name != "./"+filepath.Base(shell) {
		t.Errorf("%q, %v", name, err)
	}
	if name, err := b.program("/opt/of/its/root", true); err != nil || name != "/opt/of/its/root" {
		t.Errorf("%q, %v", name, err)
	}
	if diff := cmp.Diff([]string{shell}, b.files); diff != "" {
		t.Error(diff)
	}
}

// Files and folders are brought by the last part of their names, links in them as links.
func TestBaggageIsArchived(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"root/lib/a.so": "lib", "in/one": "1", "in/two/three": "3"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/nowhere", filepath.Join(dir, "in/link")); err != nil {
		t.Fatal(err)
	}
	b := baggage{root: filepath.Join(dir, "root"), files: []string{filepath.Join(dir, "in") + "/"}}
	if err := b.check(); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := b.write(&packed); err != nil {
		t.Fatal(err)
	}
	records, err := cpio.ReadAllRecords(cpio.Newc.Reader(bytes.NewReader(packed.Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range records {
		names = append(names, r.Name)
	}
	if diff := cmp.Diff([]string{".", "lib", "lib/a.so"}, names); diff != "" {
		t.Errorf("root: %s", diff)
	}
	for _, name := range []string{"in/one", "in/two/three", "in/link"} {
		if !bytes.Contains(packed.Bytes(), []byte(name+"\x00")) {
			t.Errorf("no %s", name)
		}
	}
}

func TestBaggageThatCannotBeBrought(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 80<<20); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		files []string
		want  string
	}{
		{[]string{large}, machine.ErrPayloadTooLarge.Error()},
		{[]string{"/dev/null"}, "no file, folder or link"},
		{[]string{"/"}, "cannot be brought"},
		{[]string{filepath.Join(dir, "none")}, "no such file"},
		{[]string{large, filepath.Join(dir, ".", "large")}, "would both be"},
	} {
		payload, err := (&baggage{files: c.files}).pack()
		if err == nil {
			payload.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.files, err, c.want)
			continue
		}
		if usage := new(usageError); !errors.As(err, usage) {
			t.Errorf("%v: %v is not said to be the user's mistake", c.files, err)
		}
	}
}

// Lines of programs that run at once stay whole, and say whose they are.
func TestLinesAreTagged(t *testing.T) {
	var out, errs bytes.Buffer
	all := tagged{out: &out, err: &errs}
	old, recent := all.of("5.10"), all.of("/kernels/bzImage")
	for _, part := range []struct {
		to   *tag
		text string
	}{{old, "one\ntw"}, {recent, "first"}, {old, "o\n\nthree"}, {recent, "\n"}} {
		if _, err := part.to.stdout().Write([]byte(part.text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := recent.stderr().Write([]byte("bad\n")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(old.flush(), recent.flush()); err != nil {
		t.Fatal(err)
	}
	want := "5.10 | one\n5.10 | two\n5.10 | \nbzImage | first\n5.10 | three\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if errs.String() != "bzImage | bad\n" {
		t.Errorf("%q", errs.String())
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// installed returns the path of loadstone in a folder of its own, beside the guest program.
func installed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "loadstone"), self, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, run.GuestProgram), "../loadstone-guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the guest program: %v\n%s", err, out)
	}
	return filepath.Join(dir, "loadstone")
}

// Objects are loaded on this machine's own kernel: one that loads, one of the other byte order, one
// in an executable, and what is none.
func TestCheckOnThisKernel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("to load an object takes root: run make test as root")
	}
	loadstone, dir := installed(t), t.TempDir()
	counter := objects.MapDefs.Counter.ELF()
	other, err := os.ReadFile("../../objects/mapdefs/eb/counter.o")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"good.bpf.o": counter, "other.o": other, "cut.o": counter[:len(counter)-100],
		"tool": append([]byte("#!/bin/sh\n"), counter...), "<script>\n.o": append(counter, 0),
		"text.c":    []byte("int main;"),
		"guarded.o": objects.GlobalData.Guarded.ELF(),
		"set.yaml":  []byte("objects:\n  - match: g*.o\n    variables: {allowed: 1}\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name  string
		files []string
		code  int
		says  []string
	}{
		{"loads", []string{"good.bpf.o"}, verdict.ExitClean, []string{"good.bpf.o", "loads", "report"}},
		{"in an executable", []string{"tool"}, verdict.ExitClean, []string{"tool#1", "loads"}},
		{"of the other byte order", []string{"good.bpf.o", "other.o"}, verdict.ExitFailed, []string{"byte-order: the object is for big-endian machines"}},
		{"cut", []string{"cut.o"}, verdict.ExitFailed, []string{"object: ", "could not be read whole"}},
		{"an odd name", []string{"<script>\n.o"}, verdict.ExitClean, []string{"<script>\uFFFD.o"}},
		{"as it is", []string{"guarded.o"}, verdict.ExitFailed, []string{"verifier"}},
		{"with a constant", []string{"--settings=set.yaml", "guarded.o"}, verdict.ExitClean, []string{"loads"}},
		{"with no such constant", []string{"--settings=set.yaml", "good.bpf.o", "guarded.o"}, verdict.ExitUsage, []string{`good.bpf.o has no variable "allowed"`}},
		{"no object", []string{"good.bpf.o", "text.c"}, verdict.ExitUsage, []string{"text.c: no BPF object in it", "clang -target bpf"}},
		{"missing", []string{"missing.o"}, verdict.ExitUsage, []string{"missing.o"}},
		{"attached here", []string{"--attach", "good.bpf.o"}, verdict.ExitUsage, []string{"--attach with --kernel native", "name a kernel that guests run"}},
		{"nothing", nil, verdict.ExitUsage, []string{"requires at least 1 arg"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := t.TempDir()
			args := []string{"check", "--kernel", "native", "--loader", "reference", "--out", filepath.Join(out, "made")}
			cmd := exec.CommandContext(t.Context(), loadstone, append(args, tt.files...)...)
			cmd.Env, cmd.Dir = append(os.Environ(), asLoadstone+"=1"), dir
			var said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &said, &said
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != tt.code {
				t.Errorf("exit %d, want %d (%v)", code, tt.code, err)
			}
			for _, want := range tt.says {
				if !strings.Contains(said.String(), want) {
					t.Errorf("no %q in:\n%s", want, said.String())
				}
			}
			if tt.code == verdict.ExitUsage {
				if entries, err := os.ReadDir(out); err != nil || len(entries) > 0 {
					t.Errorf("something was written: %v, %v", entries, err)
				}
				return
			}
			files := slices.DeleteFunc(tt.files, func(f string) bool { return strings.HasPrefix(f, "--") })
			wantFilesOfCheck(t, filepath.Join(out, "made"), len(files), tt.code)
		})
	}
}

// wantFilesOfCheck looks at what a check of so many objects has written.
func wantFilesOfCheck(t *testing.T, dir string, objects, code int) {
	t.Helper()
	f, err := verdict.ReadFile(filepath.Join(dir, checkFile))
	if err != nil || len(f.Verdicts) != objects {
		t.Fatalf("%s: %v", checkFile, err)
	}
	for _, v := range f.Verdicts {
		if v.Checked == nil || (v.Kind == verdict.Pass) != (len(v.Checked.Programs) == 1 && len(v.Checked.Maps) == 1) {
			t.Errorf("%s is %s, made %+v", v.Spec, v.Kind, v.Checked)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var junit struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
	}
	if err := xml.Unmarshal(text, &junit); err != nil || junit.Tests < objects ||
		(junit.Failures > 0) != (code == verdict.ExitFailed) {
		t.Errorf("junit.xml: %v, %+v", err, junit)
	}
	for _, name := range []string{"report.html", "summary.md"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || len(text) == 0 || bytes.Contains(text, []byte("<script>\n.o")) {
			t.Errorf("%s: %v, %d bytes", name, err, len(text))
		}
	}
}

// A check and a run have folders of their own, and reports are made again of a run alone: a check
// says of its objects what none of a run's words says.
func TestAChecksFolderIsNoRuns(t *testing.T) {
	dir := t.TempDir()
	object := filepath.Join(dir, "good.bpf.o")
	check := filepath.Join(dir, "check")
	run := filepath.Join(dir, "run")
	err := os.WriteFile(object, objects.MapDefs.Counter.ELF(), 0o644)
	for _, folder := range []string{check, run} {
		if err == nil {
			err = os.Mkdir(folder, 0o755)
		}
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(run, runFile), []byte("{}\n"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	w, err := verdict.Create(filepath.Join(check, checkFile), verdict.Run{
		ID: "1", Objects: []verdict.Object{{Spec: "check.object/1-good", Label: "good"}},
		Kernels: []verdict.Kernel{{Name: "native"}}, Loaders: []verdict.Loader{{Name: "reference@0.1"}},
		Plan: []verdict.Part{{Loader: "reference@0.1", Kernel: "native", Suite: "check", Specs: 1}}, Planned: 1,
	})
	if err == nil {
		err = w.Close("", nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", object, "--kernel", "native", "--loader", "reference", "--out", run},
		{"report", filepath.Join(check, checkFile)}, {"report", check},
		{"report", check, check},
	} {
		if said, code := command(t, args...); code != verdict.ExitUsage {
			t.Errorf("%q: exit %d, %s", args, code, said)
		}
	}
	if entries, err := os.ReadDir(run); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	if entries, err := os.ReadDir(check); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// The screen of a check is closed: it ends by that, and has written its files.
func TestCheckWritesItsFilesFirst(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("to load an object takes root: run make test as root")
	}
	dir := t.TempDir()
	object, out := filepath.Join(dir, "good.bpf.o"), filepath.Join(dir, "made")
	if err := os.WriteFile(object, objects.MapDefs.Counter.ELF(), 0o644); err != nil {
		t.Fatal(err)
	}
	reader, screen, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), installed(t),
		"check", "--kernel", "native", "--loader", "reference", "--out", out, object)
	cmd.Env = append(os.Environ(), asLoadstone+"=1")
	cmd.Stdout = screen
	if err := cmd.Run(); err == nil {
		t.Error("it ends well, though no one reads what it prints")
	}
	wantFilesOfCheck(t, out, 1, verdict.ExitClean)
}

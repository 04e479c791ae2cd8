// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestLinkEndsWithItsExitCode(t *testing.T) {
	const folder = "../../loaderimpl/testdata/link/"
	first, second := folder+"first.bpfel.o", folder+"second.bpfel.o"
	other := folder + "second.bpfeb.o"
	dir := t.TempDir()
	noObject := filepath.Join(dir, "text.o")
	if err := os.WriteFile(noObject, []byte("no object"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		out  string
		args []string
		code int
		says []string
	}{
		{"linked", "ok.o", []string{first, second}, verdict.ExitClean, nil},
		{"alone", "one.o", []string{first}, verdict.ExitClean, nil},
		{"a name twice", "twice.o", []string{first, first}, verdict.ExitFailed,
			[]string{first, "counts", "first_function"}},
		{"another byte order", "order.o", []string{first, other}, verdict.ExitFailed,
			[]string{first, other}},
		{"no object", "text-out.o", []string{first, noObject}, verdict.ExitFailed,
			[]string{noObject}},
		{"not there", "none.o", []string{first, dir + "/none"}, verdict.ExitUsage,
			[]string{dir + "/none"}},
		{"folder not there", "none/out.o", []string{first}, verdict.ExitHarness,
			[]string{"none/out.o"}},
		{"nothing to link", "nothing.o", nil, verdict.ExitUsage, nil},
	} {
		root := newRootCommand()
		var printed bytes.Buffer
		root.SetOut(&printed)
		root.SetErr(&printed)
		out := filepath.Join(dir, c.out)
		root.SetArgs(append([]string{"link", "-o", out}, c.args...))
		err := root.ExecuteContext(t.Context())
		if got := exitCode(err); got != c.code {
			t.Errorf("%s: exit code %d, want %d: %v", c.name, got, c.code, err)
		}
		for _, want := range c.says {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not name %s", c.name, err, want)
			}
		}
		_, statErr := os.Stat(out)
		if (statErr == nil) != (c.code == verdict.ExitClean) {
			t.Errorf("%s: output: %v", c.name, statErr)
		}
	}
	file, err := elf.Open(filepath.Join(dir, "ok.o"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if file.Machine != elf.EM_BPF || file.Section(".BTF.ext") == nil {
		t.Errorf("machine %v, sections %v", file.Machine, file.Sections)
	}
}

func TestLinkNeedsAnOutput(t *testing.T) {
	root := newRootCommand()
	root.SetArgs([]string{"link", "x.o"})
	if err := root.ExecuteContext(t.Context()); exitCode(err) != verdict.ExitUsage {
		t.Errorf("error %v", err)
	}
}

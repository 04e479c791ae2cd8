// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/suites/catalogue"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// asLoadstone in the environment makes the test program loadstone itself.
const asLoadstone = "LOADSTONE_TEST_AS_LOADSTONE"

func TestMain(m *testing.M) {
	if os.Getenv(asLoadstone) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// specsOf returns the committed specs, but for those that drop names.
func specsOf(t *testing.T, drop func(record.Spec) bool) []record.Spec {
	t.Helper()
	committed, err := catalogue.Committed()
	if err != nil {
		t.Fatal(err)
	}
	var specs []record.Spec
	for _, id := range committed.Specs {
		requirement, _, _ := strings.Cut(id, "/")
		area, _, _ := strings.Cut(id, ".")
		s := record.Spec{ID: id, Requirement: requirement, Suite: area, Place: area + "/spec.go:1"}
		if !drop(s) {
			specs = append(specs, s)
		}
	}
	return specs
}

// loadstoneWith returns loadstone beside a guest program that has these specs.
func loadstoneWith(t *testing.T, specs []record.Spec, args ...string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	var printed bytes.Buffer
	for _, s := range specs {
		if err := json.NewEncoder(&printed).Encode(s); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"loadstone":                 self,
		run.GuestProgram:            []byte("#!/bin/sh\nexec cat \"$0.specs\"\n"),
		run.GuestProgram + ".specs": printed.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "loadstone"), args...)
	cmd.Env = append(os.Environ(), asLoadstone+"=1")
	cmd.Dir = dir
	return cmd
}

// A run with a guest program that lacks a suite would be green about what it
// never asked.
func TestRunWithoutASuiteIsRefused(t *testing.T) {
	const area = "mapinmap"
	ofArea := func(s record.Spec) bool { return s.Suite == area }
	variant := func(s record.Spec) bool { return s.ID == "numa.create.placed/zero" }
	none := func(record.Spec) bool { return false }
	for _, c := range []struct {
		name string
		drop func(record.Spec) bool
		args []string
		code int
		says []string
	}{
		{"run", ofArea, []string{"run", "--kernel", "native"}, verdict.ExitHarness, []string{"area " + area + " has no specs", "suites/all", "make build"}},
		{"run of another suite", ofArea, []string{"run", "--suite", "numa"}, verdict.ExitHarness, []string{"area " + area}},
		{"list", ofArea, []string{"list"}, verdict.ExitHarness, []string{"area " + area}},
		{"run without one variant", variant, []string{"run", "--kernel", "native"}, verdict.ExitHarness,
			[]string{"spec numa.create.placed/zero is missing", "suites/catalogue"}},
		{"list with all suites", none, []string{"list"}, verdict.ExitClean, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := loadstoneWith(t, specsOf(t, c.drop), c.args...)
			var complaints bytes.Buffer
			cmd.Stderr = &complaints
			err := cmd.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, text := range c.says {
				if !strings.Contains(complaints.String(), text) {
					t.Errorf("no %q in:\n%s", text, complaints.String())
				}
			}
			if _, err := os.Stat(filepath.Join(cmd.Dir, "out")); err == nil {
				t.Error("a run was begun")
			}
		})
	}
}

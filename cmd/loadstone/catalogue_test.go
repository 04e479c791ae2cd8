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
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/run"
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

// specsOf returns a spec for each requirement but those of one area.
func specsOf(t *testing.T, without string) []record.Spec {
	t.Helper()
	set, err := requirements.Read()
	if err != nil {
		t.Fatal(err)
	}
	var specs []record.Spec
	for _, r := range set.All() {
		if r.Area() != without {
			specs = append(specs,
				record.Spec{ID: r.ID, Requirement: r.ID, Suite: r.Area(), Place: r.Area() + "/spec.go:1"})
		}
	}
	return specs
}

// loadstoneWith returns loadstone beside a guest program that has these specs.
func loadstoneWith(t *testing.T, specs []record.Spec, args ...string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	var catalogue bytes.Buffer
	for _, s := range specs {
		if err := json.NewEncoder(&catalogue).Encode(s); err != nil {
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
		run.GuestProgram + ".specs": catalogue.Bytes(),
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
	for _, c := range []struct {
		name, without string
		args          []string
		code          int
		says          []string
	}{
		{"run", area, []string{"run", "--kernel", "native"}, verdict.ExitHarness, []string{"area " + area + " has no specs", "suites/all", "make build"}},
		{"run of another suite", area, []string{"run", "--suite", "numa"}, verdict.ExitHarness, []string{"area " + area}},
		{"list", area, []string{"list"}, verdict.ExitHarness, []string{"area " + area}},
		{"list with all suites", "", []string{"list"}, verdict.ExitClean, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := loadstoneWith(t, specsOf(t, c.without), c.args...)
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

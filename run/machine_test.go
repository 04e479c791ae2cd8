// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// endings lists all ways in which a machine ends, and the cause that a verdict is
// told of.
var endings = []struct {
	name        string
	machine     machine.Cause // empty where no machine came to run
	console     string
	interrupted bool // the run ended it
	want        verdict.Cause
}{
	{"done", machine.Clean, "", false, verdict.PoweredOff},
	{"done, and the run was interrupted", machine.Clean, "", true, verdict.Interrupted},
	{"gave up", machine.Unfinished, "", false, verdict.Unfinished},
	{"panic", machine.Panic, "", false, verdict.Panicked},
	{"oops", machine.Oops, "", false, verdict.Panicked},
	{"reset", machine.Reset, "", false, verdict.Reset},
	{"hang of a kernel that answers", machine.Hang, "[    2.000000] sysrq: Show backtrace of all active CPUs\n", false, verdict.GuestHung},
	{"hang of a kernel that does not", machine.Hang, "", false, verdict.KernelHung},
	{"deadline of the run", machine.Deadline, "", false, verdict.GuestHung},
	{"killed by another", machine.Killed, "", false, verdict.Died},
	{"killed because the run was interrupted", machine.Killed, "", true, verdict.Interrupted},
	{"QEMU failed", machine.QEMUFailed, "", false, verdict.Died},
	{"not started", "", "", false, verdict.NotStarted},
}

func TestEndingOfAMachineIsToldToVerdicts(t *testing.T) {
	for _, c := range endings {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.interrupted {
				cancel()
			}
			got := notReady(errors.New("no QEMU"))
			if c.machine != "" {
				got = ending(ctx, &machine.Ended{Cause: c.machine, Console: []byte(c.console)})
			}
			if got.Cause != c.want {
				t.Errorf("cause %q, want %q", got.Cause, c.want)
			}
		})
	}
}

// A cause that is added to a machine has to be told to verdicts, and one that is
// added to verdicts has to come from somewhere: each needs its row in endings.
func TestEveryCauseHasItsEnding(t *testing.T) {
	var ofMachines, ofVerdicts []string
	for _, c := range endings {
		if c.machine != "" {
			ofMachines = append(ofMachines, string(c.machine))
		}
		ofVerdicts = append(ofVerdicts, string(c.want))
	}
	for dir, listed := range map[string][]string{
		"../vmtest/machine": ofMachines, "../verdict": ofVerdicts,
	} {
		slices.Sort(listed)
		if diff := cmp.Diff(causesIn(t, dir), slices.Compact(listed)); diff != "" {
			t.Errorf("causes of %s (-declared +listed):\n%s", dir, diff)
		}
	}
}

// causesIn returns the values of the constants of type Cause in a package,
// sorted.
func causesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var causes []string
	for _, entry := range entries {
		if !isSource(entry) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, entry.Name()), nil,
			parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || fmt.Sprint(spec.Type) != "Cause" {
				return true
			}
			for _, value := range spec.Values {
				literal, ok := value.(*ast.BasicLit)
				if !ok {
					t.Errorf("%s: a cause that is no literal", entry.Name())
					continue
				}
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Error(err)
				}
				causes = append(causes, text)
			}
			return true
		})
	}
	slices.Sort(causes)
	return causes
}

func isSource(entry fs.DirEntry) bool {
	return strings.HasSuffix(entry.Name(), ".go") && !strings.HasSuffix(entry.Name(), "_test.go")
}

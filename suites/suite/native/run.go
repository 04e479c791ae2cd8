// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/suite"
)

// Run runs every spec of a suite as a test of its own, each with a loader that begin makes. A spec that is refused fails: this is for a loader
// that does all there is. A spec that the kernel cannot run is skipped, with its reason.
func Run(t *testing.T, area string, begin func() loader.Loader) {
	entries, err := suite.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	place := mountPlace(t)
	ran := 0
	for _, entry := range entries {
		if entry.Suite != area {
			continue
		}
		ran++
		own := suite.Place{Work: filepath.Join(place.Work, strconv.Itoa(ran)), BPFFS: filepath.Join(place.BPFFS, strconv.Itoa(ran)), Shared: true}
		t.Run(entry.Spec, func(t *testing.T) { runSpec(t, entry, own, begin) })
	}
	if ran == 0 {
		t.Fatalf("suite %s has no specs: is it linked in?", area)
	}
}

func runSpec(t *testing.T, entry suite.Entry, place suite.Place, begin func() loader.Loader) {
	finish, kernel := carry(t, entry.Spec, place, begin)
	report(t, entry, finish, kernel)
}

// Finish runs one spec with a loader that begin makes, and says how it ended: a test of the spec itself, with a loader that does something wrong.
func Finish(t *testing.T, spec string, begin func() loader.Loader) record.Finish {
	finish, _ := carry(t, spec, mountPlace(t), begin)
	return finish
}

func carry(t *testing.T, spec string, place suite.Place, begin func() loader.Loader) (finish record.Finish, kernel record.KernelLog) {
	log, err := OpenLog()
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	deps := suite.Deps{
		Driver: func(_ context.Context, trace func(loader.Exchange)) (loader.Loader, error) {
			return loader.Traced(begin(), trace), nil
		},
		Place: place,
		Log:   log,
		Records: func(rec record.Record) error {
			switch rec := rec.(type) {
			case record.Finish:
				finish = rec
			case record.KernelLog:
				kernel = rec
			}
			return nil
		},
	}
	order := record.Order{
		Kernel: "native",
		Specs:  []string{spec},
		Limits: record.Limits{Request: 30 * time.Second, Spec: 2 * time.Minute},
	}
	if err := suite.Run(t.Context(), order, deps); err != nil {
		t.Fatal(err)
	}
	return finish, kernel
}

func report(t *testing.T, entry suite.Entry, finish record.Finish, kernel record.KernelLog) {
	switch finish.Outcome {
	case record.Passed:
	case record.Skipped:
		t.Skip(finish.Reason)
	default:
		t.Errorf("%s\n%s", finish.Outcome, inWords(entry, finish))
		if len(kernel.Lines) > 0 {
			t.Logf("the kernel logged:\n%s", strings.Join(kernel.Lines, "\n"))
		}
	}
}

// inWords is a failure as it is shown: the requirement, what was expected and seen, and the rest.
func inWords(entry suite.Entry, finish record.Finish) string {
	var b strings.Builder
	for _, row := range [][2]string{
		{"requires", entry.Sentence}, {"spec", entry.Place}, {"reason", finish.Reason}, {"expected", finish.Expected}, {"seen", finish.Seen},
	} {
		if row[1] != "" {
			fmt.Fprintf(&b, "%-9s %s\n", row[0], row[1])
		}
	}
	if finish.Detail != "" {
		b.WriteString("\n" + finish.Detail)
	}
	return b.String()
}

// mountPlace mounts a bpffs for the places of a test's runs.
func mountPlace(t *testing.T) suite.Place {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Fatal("no mount namespace of our own: TestMain must call native.Main")
	}
	root := t.TempDir()
	place := suite.Place{Work: filepath.Join(root, "work"), BPFFS: filepath.Join(root, "bpf"), Shared: true}
	if err := os.Mkdir(place.BPFFS, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("bpf", place.BPFFS, "bpf", 0, ""); err != nil {
		t.Fatalf("mount a bpffs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(place.BPFFS, 0); err != nil {
			t.Errorf("unmount bpffs: %v", err)
		}
	})
	return place
}

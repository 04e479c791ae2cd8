// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle/turn"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/suites/runner"
	"github.com/loadstone-bpf/loadstone/suites/runner/surround"
)

// Run runs every spec that is linked in as a test of its own, each with a loader that begin makes.
// A spec that is refused fails: this is for a loader that does all there is. A spec that the kernel
// cannot run is skipped, with its reason. A -run or -skip that leaves no spec fails: go test would
// say ok to a typing error.
func Run(t *testing.T, begin func() loader.Loader) {
	entries, err := runner.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	shared := mountFolders(t)
	chosen := 0
	for i, entry := range entries {
		n := strconv.Itoa(i)
		own := runner.Folders{
			Work: filepath.Join(shared.Work, n), BPFFS: filepath.Join(shared.BPFFS, n),
		}
		t.Run(entry.Spec, func(t *testing.T) {
			chosen++
			runSpec(t, entry, own, begin)
		})
	}
	if chosen == 0 {
		t.Errorf("none of %d specs is chosen: 'loadstone list' has their ids", len(entries))
	}
}

func runSpec(t *testing.T, entry runner.Entry, folders runner.Folders, begin func() loader.Loader) {
	finish, kernel := carry(t, entry.Spec, folders, begin)
	report(t, entry, finish, kernel)
}

// Finish runs one spec with a loader that begin makes, and returns how it ended. It is for tests of
// the spec itself, with a loader that does something wrong.
func Finish(t *testing.T, spec string, begin func() loader.Loader) record.Finish {
	finish, _ := carry(t, spec, mountFolders(t), begin)
	return finish
}

// limits are longer than usual: a debugger may be at work.
var limits = record.Limits{Request: 30 * time.Second, Spec: 2 * time.Minute}

func carry(
	t *testing.T, spec string, folders runner.Folders, begin func() loader.Loader,
) (finish record.Finish, kernel record.KernelLog) {
	mine, err := turn.Wait(t.Context(), func(holder string) {
		t.Logf("waiting for %s, which judges this kernel", holder)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer mine.End()
	log, err := OpenLog()
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	deps := runner.Deps{
		Driver: func(
			ctx context.Context, in requirements.Surroundings, trace func(loader.Exchange),
		) (loader.Loader, error) {
			if in.IsZero() {
				return loader.Traced(begin(), trace), nil
			}
			return surround.Start(context.WithoutCancel(ctx), &exec.Cmd{
				Path: "/proc/self/exe", Args: os.Args[:1], Env: []string{inside + "=" + asDriver},
			}, in, folders.BPFFS, nil, loader.Options{Deadline: limits.Request, Trace: trace})
		},
		Folders: folders,
		Shared:  true, Transcripts: true,
		Log: log,
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
		Limits: limits,
	}
	if err := runner.Run(t.Context(), order, deps); err != nil {
		t.Fatal(err)
	}
	return finish, kernel
}

func report(t *testing.T, entry runner.Entry, finish record.Finish, kernel record.KernelLog) {
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

// inWords returns a failure as it is shown: the requirement, what was expected and seen, and the
// rest.
func inWords(entry runner.Entry, finish record.Finish) string {
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

// mountFolders mounts a bpffs for the folders of a test's runs.
func mountFolders(t *testing.T) runner.Folders {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Fatal("no mount namespace of our own: TestMain must call native.Main")
	}
	root := t.TempDir()
	if err := os.Chmod(filepath.Dir(root), 0o711); err != nil { // for drivers that are not root
		t.Fatal(err)
	}
	folders := runner.Folders{Work: filepath.Join(root, "work"), BPFFS: filepath.Join(root, "bpf")}
	if err := os.Mkdir(folders.BPFFS, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("bpf", folders.BPFFS, "bpf", 0, ""); err != nil {
		t.Fatalf("mount a bpffs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folders.BPFFS, 0); err != nil {
			t.Errorf("unmount bpffs: %v", err)
		}
	})
	return folders
}

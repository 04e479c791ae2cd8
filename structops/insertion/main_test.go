// SPDX-License-Identifier: Apache-2.0

package insertion

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf/rlimit"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle/turn"
	"github.com/loadstone-bpf/loadstone/structops"
)

func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "the tests of package insertion register structures of the kernel and need root for it: run make test, or sudo go test")
		os.Exit(1)
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := turn.RunMaker(m, os.Stderr)
	if left, err := removeLeft(); err != nil || len(left) > 0 {
		fmt.Fprintf(os.Stderr, "tests left %q registered, which are removed now (%v)\n", left, err)
		code = 1
	}
	os.Exit(code)
}

// removeLeft removes the structures that tests left, which a name in them tells, and returns their
// names.
func removeLeft() (left []string, err error) {
	all, err := structops.Read()
	for _, s := range all {
		if strings.HasPrefix(s.Name, "ls_insert_") {
			left = append(left, s.Map)
			err = errors.Join(err, structops.Remove(context.Background(), s, 0, func(string) {}))
		}
	}
	return left, err
}

// withoutIDs compares structures without what differs from run to run.
var withoutIDs = cmp.Options{
	cmpopts.IgnoreFields(structops.Structure{}, "ID", "Members", "Counting"),
	cmpopts.IgnoreFields(structops.Link{}, "ID"),
}

// remove removes the structure of that name.
func remove(t *testing.T, name string) {
	t.Helper()
	err := structops.Remove(t.Context(), find(t, name), time.Second, func(string) {})
	if err != nil {
		t.Error(err)
	}
}

// bpffs mounts a bpffs of the test's own.
func bpffs(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	noError(t, unix.Mount("bpf", folder, "bpf", 0, ""))
	t.Cleanup(func() { noError(t, unix.Unmount(folder, 0)) })
	return folder
}

// find returns the structure of that name, which is there.
func find(t *testing.T, name string) structops.Structure {
	t.Helper()
	all, err := structops.Read()
	noError(t, err)
	s, err := structops.Find(all, name)
	noError(t, err)
	return s
}

// isGone fails the test if a structure has that name.
func isGone(t *testing.T, name string) {
	t.Helper()
	all, err := structops.Read()
	noError(t, err)
	if s, err := structops.Find(all, name); !errors.Is(err, structops.ErrNotThere) {
		t.Errorf("%s: %+v, %v", name, s, err)
	}
}

// exists reports whether a file exists.
func exists(t *testing.T, elements ...string) bool {
	t.Helper()
	_, err := os.Lstat(filepath.Join(elements...))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package native

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// No test here starts a driver.
func TestMain(m *testing.M) { Main(m, nil) }

func TestMountsAreOurOwn(t *testing.T) {
	ours, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		t.Fatal(err)
	}
	// Main, which came here.
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", os.Getppid()))
	if err != nil {
		t.Fatal(err)
	}
	if ours == theirs {
		t.Errorf("tests run in the mount namespace of the process that started them, %s", ours)
	}
}

func TestFoldersHaveABPFFS(t *testing.T) {
	folders := mountFolders(t)
	var fs unix.Statfs_t
	if err := unix.Statfs(folders.BPFFS, &fs); err != nil {
		t.Fatal(err)
	}
	if fs.Type != unix.BPF_FS_MAGIC {
		t.Errorf("%s is of type %#x, not a bpffs", folders.BPFFS, fs.Type)
	}
}

func TestLogHasWhatWasLoggedSinceTheMark(t *testing.T) {
	log, err := OpenLog()
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	say(t, "loadstone: before the mark")
	if err := log.Mark(); err != nil {
		t.Fatal(err)
	}
	say(t, "loadstone: after the mark")
	lines, err := log.Since()
	if err != nil {
		t.Fatal(err)
	}
	said := func(text string) bool {
		return slices.ContainsFunc(lines,
			func(line string) bool { return strings.HasSuffix(line, ";"+text) })
	}
	if !said("loadstone: after the mark") || said("loadstone: before the mark") {
		t.Errorf("log since the mark: %q", lines)
	}
}

// say logs a line. Without its end it would stay unread until the next is logged.
func say(t *testing.T, line string) {
	t.Helper()
	if err := os.WriteFile("/dev/kmsg", []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFailureIsShownWithItsRequirement(t *testing.T) {
	entry := runner.Entry{
		Spec: "fake.first", Sentence: "A loader does it.", Place: "fake/fake.go:7",
	}
	finish := record.Finish{
		Outcome: record.Failed, Expected: "ok", Seen: "rejected at open", Detail: "at fake.go:9\n",
	}
	want := `requires  A loader does it.
spec      fake/fake.go:7
expected  ok
seen      rejected at open

at fake.go:9
`
	if diff := cmp.Diff(want, inWords(entry, finish)); diff != "" {
		t.Error(diff)
	}
}

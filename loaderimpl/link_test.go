// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/linker"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// linkPaths returns the paths of objects in testdata/link.
func linkPaths(order string, names ...string) []string {
	var paths []string
	for _, name := range names {
		paths = append(paths, objectPath(filepath.Join("link", name), order))
	}
	return paths
}

// Each object's program reads maps, variables and functions of the other.
func TestOpenLinksObjects(t *testing.T) {
	needsBPF(t)
	for _, names := range [][]string{{"first", "second"}, {"second", "first"}} {
		o, err := Open(linkPaths(native(), names...), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if want := names[0]; o.name != want {
			t.Errorf("%v: name %q, want %q", names, o.name, want)
		}
		l, err := o.Load(LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// In this order: second reads what first wrote into a map.
		for _, p := range []struct {
			name string
			want uint32
		}{{"first", 35 + 7 + 50 + 100 + 1001 + 10 + 100}, {"second", 3 + 70 + 5}} {
			got, _, err := l.Programs[p.name].Test(make([]byte, 64))
			if err != nil || got != p.want {
				t.Errorf("%v: %s returns %d, %v; want %d", names, p.name, got, err, p.want)
			}
		}
		do(t, l.Close())
	}
}

// A linked object is an object like others: to link it again changes nothing.
func TestLinkAgainChangesNothing(t *testing.T) {
	for _, order := range orders {
		for _, names := range [][]string{{"first"}, {"first", "second"}, {"second", "first"}} {
			once, twice := filepath.Join(t.TempDir(), "once.o"), filepath.Join(t.TempDir(), "twice.o")
			do(t, Link(once, linkPaths(order, names...)...))
			do(t, Link(twice, once))
			a, err := os.ReadFile(once)
			do(t, err)
			b, err := os.ReadFile(twice)
			do(t, err)
			if !bytes.Equal(a, b) {
				t.Errorf("%s %v: %d bytes, and another %d when linked again", order, names, len(a),
					len(b))
			}
		}
	}
}

// Every object that can be opened can be linked, alone, and again.
func TestEveryObjectLinksAlone(t *testing.T) {
	n := 0
	for _, pattern := range []string{"testdata/*.o", "../objects/*/e[lb]/*.o"} {
		paths, err := filepath.Glob(pattern)
		do(t, err)
		for _, path := range paths {
			data, err := os.ReadFile(path)
			do(t, err)
			if _, err := OpenBytes(data, Options{}); err != nil {
				continue
			}
			n++
			once, err := linker.Link([]linker.Input{{Name: path, Data: data}})
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if _, err := OpenBytes(once, Options{}); err != nil {
				t.Errorf("%s: linked: %v", path, err)
			}
			twice, err := linker.Link([]linker.Input{{Name: "linked", Data: once}})
			if err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%s: linked again: %d and %d bytes, %v", path, len(once), len(twice), err)
			}
		}
	}
	if n < 100 {
		t.Errorf("%d objects", n)
	}
}

func TestLinkReportsAllConflicts(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.o")
	first := linkPaths(native(), "first")[0]
	err := Link(out, first, first)
	var e *Error
	if !errors.As(err, &e) || e.Stage != refuse.StageLink || e.Class != ClassInvalid {
		t.Fatalf("error %v", err)
	}
	// counts, first_data, first_bss, first_constant, first_function and first.
	if got := bytes.Count([]byte(err.Error()), []byte("two definitions of one name")); got != 6 {
		t.Errorf("%d conflicts, want 6: %v", got, err)
	}
	list, ok := e.Err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("error %T", e.Err)
	}
	for _, err := range list.Unwrap() {
		if one, ok := err.(*Error); !ok || one.Symbol == "" || one.Object != first {
			t.Errorf("conflict %#v", err)
		}
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the output: %v", err)
	}
}

// fileNames returns the names of the files in a folder.
func fileNames(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	do(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestLinkWithoutRoomLeavesNothing(t *testing.T) {
	needsBPF(t) // the right to mount
	dir := t.TempDir()
	do(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4k"))
	defer func() { do(t, unix.Unmount(dir, unix.MNT_DETACH)) }()
	for _, old := range []bool{false, true} {
		out := filepath.Join(dir, "out.o")
		want := []string(nil)
		if old {
			do(t, os.WriteFile(out, []byte("old"), 0o644))
			want = []string{"out.o"}
		}
		err := Link(out, linkPaths(native(), "first", "second")...)
		compareRefusal(t, "no room", err, &Error{Stage: refuse.StageLink, Class: ClassIO},
			syscall.ENOSPC)
		if got := fileNames(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("old file %v: files %v, want %v", old, got, want)
		}
		if text, err := os.ReadFile(out); old && (err != nil || string(text) != "old") {
			t.Errorf("the old file: %q, %v", text, err)
		}
	}
}

func TestLinkReplacesFilesOnly(t *testing.T) {
	for _, out := range []string{os.DevNull, t.TempDir()} {
		err := Link(out, linkPaths(native(), "first")...)
		compareRefusal(t, out, err, &Error{Stage: refuse.StageLink, Class: ClassIO}, errDevice)
		if info, err := os.Stat(out); err != nil || info.Mode().IsRegular() {
			t.Errorf("%s is %v, %v", out, info, err)
		}
	}
}

// A symbolic link stays one, and what it leads to is replaced.
func TestLinkFollowsSymbolicLinks(t *testing.T) {
	dir := t.TempDir()
	to, out := filepath.Join(dir, "to.o"), filepath.Join(dir, "out.o")
	do(t, os.WriteFile(to, nil, 0o600))
	do(t, os.Symlink("to.o", out))
	do(t, Link(out, linkPaths(native(), "first")...))
	info, err := os.Lstat(out)
	do(t, err)
	written, err := os.Stat(to)
	do(t, err)
	if info.Mode()&os.ModeSymlink == 0 || written.Size() == 0 || written.Mode().Perm() != 0o600 {
		t.Errorf("%v leads to %v of %d bytes", info.Mode(), written.Mode(), written.Size())
	}
}

// linkForever names the variable that makes this test a process that links, to be killed.
const linkForever = "LOADSTONE_TEST_LINK_TO"

// linkedOnce is what that process says when its output is there.
const linkedOnce = "linked once"

func TestLinkThatIsKilledLeavesAWholeFile(t *testing.T) {
	first := linkPaths(native(), "first")
	both := linkPaths(native(), "first", "second")
	if out := os.Getenv(linkForever); out != "" {
		do(t, Link(out, first...))
		fmt.Println(linkedOnce)
		for {
			do(t, Link(out, both...))
			do(t, Link(out, first...))
		}
	}
	whole := make(map[string]bool)
	for _, paths := range [][]string{first, both} {
		data, err := link(paths)
		do(t, err)
		whole[string(data)] = true
	}
	out := filepath.Join(t.TempDir(), "out.o")
	self, err := os.Executable()
	do(t, err)
	for i := range 20 {
		cmd := exec.Command(self, "-test.run", "^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), linkForever+"="+out)
		stdout, err := cmd.StdoutPipe()
		do(t, err)
		do(t, cmd.Start())
		lines := bufio.NewScanner(stdout)
		for lines.Scan() && lines.Text() != linkedOnce {
		}
		time.AfterFunc(time.Duration(i)*time.Millisecond, func() {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		})
		if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
			t.Fatalf("the process ended by itself: %v", err)
		}
		data, err := os.ReadFile(out)
		if err != nil || !whole[string(data)] {
			t.Fatalf("%d bytes, which are no whole object: %v", len(data), err)
		}
	}
}

// An object's own type has another number once other types are linked in front of it, and an
// instruction that loads the number loads that one (libbpf's linker leaves the old one).
func TestNumberOfATypeIsTheOneAfterLinking(t *testing.T) {
	needsBPF(t)
	for _, names := range [][]string{{"type_id"}, {"first", "second", "type_id"}} {
		o, err := Open(linkPaths(native(), names...), Options{})
		do(t, err)
		out := filepath.Join(t.TempDir(), "out.o")
		do(t, Link(out, linkPaths(native(), names...)...))
		types, err := o.Types()
		do(t, err)
		numbered, err := types.AnyTypeByName("numbered")
		do(t, err)
		want, err := types.TypeID(numbered)
		do(t, err)
		l, err := o.Load(LoadOptions{})
		do(t, err)
		got, _, err := l.Programs["type_id"].Test(make([]byte, 64))
		if err != nil || got != uint32(want) {
			t.Errorf("%v: the number is %d, %v; want %d", names, got, err, want)
		}
		// CO-RE of the last object: its records moved with its code.
		if has, _, err := l.Programs["has_pid"].Test(make([]byte, 64)); err != nil || has != 1 {
			t.Errorf("%v: task_struct has a pid: %d, %v", names, has, err)
		}
		do(t, l.Close())
	}
}

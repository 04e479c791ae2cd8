// SPDX-License-Identifier: Apache-2.0

package insertion

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/structops"
	"github.com/loadstone-bpf/loadstone/structops/structopstest"
)

// testObject writes the object that the reference loader is tested with, and returns its path. Its
// names are others, of the same length, as the loader's tests may register theirs meanwhile:
//
//	plain  .struct_ops        congestion control ls_insert_test
//	linked .struct_ops.link   congestion control ls_insert_test too
//	newer  .struct_ops.link   congestion control ls_insert_newer
//	wide   ?.struct_ops       with a member of another size than the kernel's
//	unknown ?.struct_ops.link of a type that no kernel has
func testObject(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../loaderimpl/testdata/struct_ops.bpfel.o")
	noError(t, err)
	for old, own := range map[string]string{
		"loadstone_test": "ls_insert_test", "loadstone_newer": "ls_insert_newer",
		"\x00plain\x00": "\x00ls_in\x00", "\x00linked\x00": "\x00ls_lnk\x00",
		"\x00newer\x00": "\x00ls_nw\x00",
	} {
		if len(old) != len(own) || !bytes.Contains(data, []byte(old)) {
			t.Fatalf("%q for %q", own, old)
		}
		data = bytes.ReplaceAll(data, []byte(old), []byte(own))
	}
	path := filepath.Join(t.TempDir(), "struct_ops.o")
	noError(t, os.WriteFile(path, data, 0o600))
	return path
}

// insert inserts structures of the test object below a bpffs.
func insert(t *testing.T, folder string, names ...string) ([]Inserted, error) {
	t.Helper()
	return Insert(t.Context(), Request{Object: testObject(t), Names: names, BPFFS: folder})
}

// isClean fails the test if pins, or one of the test object's structures, are there.
func isClean(t *testing.T, folder string) {
	t.Helper()
	for _, name := range []string{"ls_in", "ls_lnk", "ls_nw", "wide", "unknown"} {
		isGone(t, name)
		if exists(t, structops.PinFolder(folder, name)) {
			t.Errorf("the folder of %s is left", name)
		}
	}
}

func TestInsertedStructuresStay(t *testing.T) {
	folder := bpffs(t)
	inserted, err := insert(t, folder, "ls_in", "ls_nw")
	noError(t, err)
	pin := func(elements ...string) string {
		return filepath.Join(append([]string{folder, structops.Folder}, elements...)...)
	}
	want := []structops.Structure{
		{
			Map: "ls_in", Name: "ls_insert_test", Type: "tcp_congestion_ops", Module: "vmlinux",
			State: "INUSE", Registered: true, RegisteredBy: structops.ByUpdate, References: 1,
			Links: []structops.Link{}, Pins: []string{pin("ls_in", "map")}, Holders: []structops.Process{},
		},
		{
			Map: "ls_nw", Name: "ls_insert_newer", Type: "tcp_congestion_ops", Module: "vmlinux",
			State: "READY", Registered: true, RegisteredBy: structops.ByLink, References: 1,
			Links: []structops.Link{{Pins: []string{pin("ls_nw", "link")}, Holders: []structops.Process{}}},
			Pins:  []string{pin("ls_nw", "map")}, Holders: []structops.Process{},
		},
	}
	if len(inserted) != 2 || inserted[0].Folder != pin("ls_in") || inserted[1].Folder != pin("ls_nw") {
		t.Fatalf("inserted %+v", inserted)
	}
	for i, s := range want {
		if diff := cmp.Diff(s, find(t, s.Name), withoutIDs); diff != "" {
			t.Errorf("%s: -want +got\n%s", s.Map, diff)
		}
		if inserted[i].ID != find(t, s.Name).ID {
			t.Errorf("%s: id %d", s.Map, inserted[i].ID)
		}
	}

	if _, err := insert(t, folder, "ls_nw"); !errors.Is(err, structops.ErrThere) {
		t.Errorf("the same again: %v", err)
	}
	if _, err := insert(t, bpffs(t), "ls_nw"); !errors.Is(err, structops.ErrThere) {
		t.Errorf("the same in another bpffs: %v", err)
	}
	if _, err := insert(t, folder, "ls_lnk"); !errors.Is(err, structops.ErrThere) || !errors.Is(err, unix.EEXIST) {
		t.Errorf("another of the name that is registered: %v", err)
	}
	for _, name := range []string{"ls_in", "ls_nw"} {
		remove(t, name)
	}
	isClean(t, folder)
}

// The kernel takes two maps of one name, and remove by that name would then refuse both.
func TestInsertOfAMapNameThatIsRegistered(t *testing.T) {
	c, err := structopstest.Register("ls_in", "ls_insert_other", false)
	noError(t, err)
	t.Cleanup(func() { noError(t, errors.Join(c.Unregister(), c.Close())) })
	folder := bpffs(t)
	if _, err := insert(t, folder, "ls_in"); !errors.Is(err, structops.ErrThere) || errors.Is(err, unix.EEXIST) {
		t.Errorf("%v, want it refused before the kernel is asked", err)
	}
	if exists(t, structops.PinFolder(folder, "ls_in")) {
		t.Error("its folder is left")
	}
}

// All or nothing: two structures of the object have one name, which the kernel finds out at the
// second; others the loader refuses.
func TestInsertThatFailsLeavesNothing(t *testing.T) {
	folder := bpffs(t)
	for _, tc := range []struct {
		names []string
		want  error
		errno error
	}{
		{nil, structops.ErrThere, unix.EEXIST},
		{[]string{"ls_nw", "wide"}, structops.ErrRefused, nil},
		{[]string{"ls_in", "unknown"}, structops.ErrRefused, nil},
		{[]string{"ls_in", "nonsense"}, structops.ErrName, nil},
	} {
		_, err := insert(t, folder, tc.names...)
		if !errors.Is(err, tc.want) || tc.errno != nil && !errors.Is(err, tc.errno) {
			t.Errorf("%q: %v, want %v, %v", tc.names, err, tc.want, tc.errno)
		}
		isClean(t, folder)
	}
}

// A pin that cannot be made takes the registration back.
func TestInsertThatCannotPinLeavesNothing(t *testing.T) {
	folder := bpffs(t)
	noError(t, os.MkdirAll(structops.PinFolder(folder, "ls_in"), 0o700))
	noError(t, os.MkdirAll(structops.PinFolder(folder, "ls_nw"), 0o700))
	noError(t, unix.Mount("tmpfs", structops.PinFolder(folder, "ls_nw"), "tmpfs", 0, ""))
	_, err := insert(t, folder, "ls_in", "ls_nw")
	noError(t, unix.Unmount(structops.PinFolder(folder, "ls_nw"), 0))
	var refusal *loaderimpl.Error
	if !errors.Is(err, structops.ErrRefused) || !errors.As(err, &refusal) {
		t.Errorf("%v, want the loader's refusal", err)
	}
	for _, name := range []string{"ls_in", "ls_nw"} {
		isGone(t, name)
		if exists(t, structops.PinFolder(folder, name), mapPin) {
			t.Errorf("a pin of %s is left", name)
		}
	}
}

// A map that asks to be pinned by name is pinned where libbpf pins it, is used again, and goes with
// an insert that fails.
func TestMapsThatAskForPins(t *testing.T) {
	folder := bpffs(t)
	in := Request{Object: "testdata/pinned.bpfel.o", BPFFS: folder}
	pin := filepath.Join(folder, "ls_pin_count")
	refusedHavingPin := func(want bool) {
		t.Helper()
		inTheWay, err := structopstest.Register("ls_rm_in_the_way", "ls_insert_pin", true)
		noError(t, err)
		_, err = Insert(t.Context(), in)
		noError(t, inTheWay.Close())
		if !errors.Is(err, structops.ErrThere) || exists(t, pin) != want {
			t.Errorf("refused: %v; the pin exists: %v, want %v", err, exists(t, pin), want)
		}
	}
	refusedHavingPin(false)

	if _, err := Insert(t.Context(), in); err != nil || !exists(t, pin) {
		t.Fatalf("inserted: %v; the pin is made: %v", err, exists(t, pin))
	}
	first, _, err := oracle.PinnedAt(pin)
	noError(t, err)
	remove(t, "ls_pin")
	if !exists(t, pin) {
		t.Error("the pin does not stay")
	}
	refusedHavingPin(true)
	if _, err := Insert(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if again, _, err := oracle.PinnedAt(pin); again != first || err != nil {
		t.Errorf("pinned map %v, then %v (%v)", first, again, err)
	}
	remove(t, "ls_pin")
}

// An insert that was killed before its first pin leaves an empty folder, which is used.
func TestEmptyFolderOfAKilledInsertIsUsed(t *testing.T) {
	folder := bpffs(t)
	noError(t, os.MkdirAll(structops.PinFolder(folder, "ls_in"), 0o700))
	if _, err := insert(t, folder, "ls_in"); err != nil {
		t.Fatal(err)
	}
	remove(t, "ls_in")
	isClean(t, folder)
}

// Of two inserts at once one waits, so that neither takes the other's folder or pinned maps for
// what was there before.
func TestInsertsWaitForEachOther(t *testing.T) {
	folder := bpffs(t)
	unlock, err := lockFolder(t.Context(), folder)
	noError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in := Request{Object: testObject(t), Names: []string{"ls_in"}, BPFFS: folder}
	waited := make(chan error)
	insert := func() { _, err := Insert(ctx, in); waited <- err }
	go insert()
	select {
	case err := <-waited:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(5 * lockPause):
	}
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted while it waits: %v", err)
	}
	isClean(t, folder)

	ctx = t.Context()
	go insert()
	noError(t, unlock())
	noError(t, <-waited)
	remove(t, "ls_in")
	isClean(t, folder)
}

func TestInterruptedInsertLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	folder := bpffs(t)
	_, err := Insert(ctx, Request{Object: testObject(t), Names: []string{"ls_in"}, BPFFS: folder})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	isClean(t, folder)
}

// What is told of an insert does not depend on the folder that it was started in.
func TestFolderOfARelativeBPFFSIsAbsolute(t *testing.T) {
	folder := bpffs(t)
	in := Request{Object: testObject(t), Names: []string{"ls_in"}, BPFFS: "."}
	t.Chdir(folder)
	inserted, err := Insert(t.Context(), in)
	noError(t, err)
	if inserted[0].Folder != structops.PinFolder(folder, "ls_in") {
		t.Errorf("%q", inserted[0].Folder)
	}
	remove(t, "ls_in")
	t.Chdir("/") // a bpffs in use cannot be unmounted
}

func TestInsertWithoutABPFFS(t *testing.T) {
	for _, folder := range []string{t.TempDir(), filepath.Join(t.TempDir(), "nowhere")} {
		_, err := insert(t, folder, "ls_in")
		if !errors.Is(err, structops.ErrNoBPFFS) || !strings.Contains(err.Error(), "mount -t bpf bpf "+folder) {
			t.Errorf("%v, want to be told how to mount one at %s", err, folder)
		}
	}
	isGone(t, "ls_in")
}

func TestInsertOfWhatIsNoObject(t *testing.T) {
	folder := bpffs(t)
	none := filepath.Join(t.TempDir(), "none.o")
	if _, err := Insert(t.Context(), Request{Object: none, BPFFS: folder}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	_, err := Insert(t.Context(), Request{Object: t.TempDir(), BPFFS: folder})
	if err == nil || errors.Is(err, structops.ErrRefused) {
		t.Errorf("a folder, which cannot be read: %v", err)
	}
	noError(t, os.WriteFile(none, []byte("no ELF"), 0o600))
	if _, err := Insert(t.Context(), Request{Object: none, BPFFS: folder}); !errors.Is(err, structops.ErrRefused) {
		t.Error(err)
	}
	without := "../../loaderimpl/testdata/data.bpfel.o"
	if _, err := Insert(t.Context(), Request{Object: without, BPFFS: folder}); !errors.Is(err, structops.ErrRefused) {
		t.Errorf("an object without structures: %v", err)
	}
}

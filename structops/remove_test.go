// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf/link"

	"github.com/loadstone-bpf/loadstone/structops/structopstest"
)

// remove removes the structure of that name, and returns what it told and how it ended.
func remove(t *testing.T, name string, wait time.Duration) ([]string, error) {
	t.Helper()
	var told []string
	err := Remove(t.Context(), find(t, name), wait, func(line string) { told = append(told, line) })
	return told, err
}

// registered reports whether the kernel offers a congestion control of that name.
func registered(t *testing.T, name string) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control")
	noError(t, err)
	return slices.Contains(strings.Fields(string(text)), name)
}

// A loader that is killed leaves what it registered with an update for good.
func TestStructureOfAKilledLoaderIsRemoved(t *testing.T) {
	l := startLoader(t, ByUpdate, "ls_rm_killed")
	l.kill(t)
	if !registered(t, "ls_rm_killed") {
		t.Fatal("it went with its loader")
	}
	told, err := remove(t, "ls_rm_killed", 0)
	if err != nil || len(told) != 1 {
		t.Errorf("%v, %q", err, told)
	}
	isGone(t, "ls_rm_killed")
	if registered(t, "ls_rm_killed") {
		t.Error("it is still registered")
	}
}

func TestPinnedLinkIsDetachedAndItsPinsRemoved(t *testing.T) {
	folder := filepath.Join(bpffs(t), "someone")
	noError(t, os.Mkdir(folder, 0o700))
	c, err := structopstest.Register("ls_rm_link", "ls_rm_link", true)
	noError(t, err)
	noError(t, c.Map.Pin(filepath.Join(folder, "m")))
	noError(t, c.Link.Pin(filepath.Join(folder, "l")))
	noError(t, c.Close())
	told, err := remove(t, "ls_rm_link", 0)
	if err != nil || len(told) != 3 {
		t.Errorf("%v, %q", err, told)
	}
	isGone(t, "ls_rm_link")
	if exists(t, folder, "m") || exists(t, folder, "l") || !exists(t, folder) {
		t.Error("pins are left, or another's folder is removed")
	}
}

// The folder that an insert made goes with the pins in it.
func TestFolderOfTheInsertGoesWithItsPins(t *testing.T) {
	fs := bpffs(t)
	folder := PinFolder(fs, "ls_rm_folder")
	noError(t, os.MkdirAll(folder, 0o700))
	c, err := structopstest.Register("ls_rm_folder", "ls_rm_folder", true)
	noError(t, err)
	noError(t, c.Map.Pin(filepath.Join(folder, "map")))
	noError(t, c.Link.Pin(filepath.Join(folder, "link")))
	noError(t, c.Close())
	if _, err := remove(t, "ls_rm_folder", 0); err != nil {
		t.Error(err)
	}
	if exists(t, folder) || !exists(t, filepath.Dir(folder)) {
		t.Error("its folder is left, or that of all is removed")
	}
}

// A connection keeps its congestion control: removing it says so, then that it is being freed, and
// with the end of the connection it is gone.
func TestStructureThatAConnectionUses(t *testing.T) {
	for name, byLink := range map[string]bool{"ls_rm_used_upd": false, "ls_rm_used_lnk": true} {
		t.Run(name, func(t *testing.T) {
			fs := bpffs(t)
			c, err := structopstest.Register(name, name, byLink)
			noError(t, err)
			connection, err := structopstest.Connect(name)
			noError(t, err)
			if byLink {
				noError(t, c.Link.Pin(filepath.Join(fs, "l")))
			}
			noError(t, c.Close())
			if got := find(t, name); got.Users() != 1 {
				t.Errorf("%d users, want 1", got.Users())
			}

			if _, err := remove(t, name, 0); !errors.Is(err, ErrInUse) {
				t.Errorf("the first time: %v", err)
			}
			if registered(t, name) {
				t.Error("it is still registered")
			}
			noError(t, connection.Send(1))
			if got := find(t, name); got.Registered || got.Users() != 1 {
				t.Errorf("removed: %+v", got)
			}
			if _, err := remove(t, name, time.Millisecond); !errors.Is(err, ErrBeingFreed) {
				t.Errorf("the second time: %v", err)
			}
			interrupted, cancel := context.WithCancel(t.Context())
			cancel()
			err = Remove(interrupted, find(t, name), time.Hour, func(string) {})
			if !errors.Is(err, ErrBeingFreed) {
				t.Errorf("interrupted while it waits: %v", err)
			}

			s := find(t, name)
			gone := make(chan error)
			go func() {
				gone <- Remove(context.Background(), s, time.Minute, func(string) {})
			}()
			noError(t, connection.Close())
			if err := <-gone; err != nil {
				t.Errorf("with the end of the connection: %v", err)
			}
			isGone(t, name)
		})
	}
}

// A process that holds the map is named, and nothing of it is registered any more.
func TestStructureThatAProcessHolds(t *testing.T) {
	for name, how := range map[string]string{"ls_rm_held_upd": ByUpdate, "ls_rm_held_lnk": ByLink} {
		t.Run(name, func(t *testing.T) {
			l := startLoader(t, how, name)
			s := find(t, name)
			_, err := remove(t, name, 0)
			if !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), l.process().String()) {
				t.Errorf("%v, want %v to be named", err, l.process())
			}
			if registered(t, name) {
				t.Error("it is still registered")
			}
			if got, err := ReadOne(s.ID); err != nil || got.Registered {
				t.Errorf("removed: %+v, %v", got, err)
			}
			l.letGo(t)
			isGone(t, name)
		})
	}
}

// Kernels from 6.4 to 6.10 register by links, and detach none: the link goes with its last pin, and
// a process that holds it keeps the structure registered.
func TestLinkThatTheKernelDoesNotDetach(t *testing.T) {
	var told []string
	old := remover{
		did:    func(line string) { told = append(told, line) },
		detach: func(uint32) (bool, error) { return false, fmt.Errorf("detach: %w", link.ErrNotSupported) },
	}
	folder := bpffs(t)
	c, err := structopstest.Register("ls_rm_old_pin", "ls_rm_old_pin", true)
	noError(t, err)
	noError(t, c.Link.Pin(filepath.Join(folder, "l")))
	noError(t, c.Close())
	err = old.remove(t.Context(), find(t, "ls_rm_old_pin"), 0)
	if err != nil || !slices.Equal(told, []string{"removed pin " + filepath.Join(folder, "l")}) {
		t.Errorf("pinned: %v, %q", err, told)
	}
	isGone(t, "ls_rm_old_pin")

	l := startLoader(t, ByLink, "ls_rm_old_held")
	err = old.remove(t.Context(), find(t, "ls_rm_old_held"), 0)
	if !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "still registered") ||
		!strings.Contains(err.Error(), l.process().String()) || !registered(t, "ls_rm_old_held") {
		t.Errorf("held: %v", err)
	}
	l.letGo(t)
	isGone(t, "ls_rm_old_held")
}

// What was never registered has only pins to remove.
func TestPinsOfAStructureThatIsNotRegistered(t *testing.T) {
	pin := filepath.Join(bpffs(t), "m")
	c, err := structopstest.New("ls_rm_init", "ls_rm_init", false)
	noError(t, err)
	noError(t, c.Map.Pin(pin))
	noError(t, c.Close())
	told, err := remove(t, "ls_rm_init", 0)
	if err != nil || !slices.Equal(told, []string{"removed pin " + pin}) {
		t.Errorf("%v, %q", err, told)
	}
	isGone(t, "ls_rm_init")
}

func TestStructureThatWentMeanwhile(t *testing.T) {
	c, err := structopstest.Register("ls_rm_went", "ls_rm_went", false)
	noError(t, err)
	s := find(t, "ls_rm_went")
	noError(t, c.Unregister())
	noError(t, c.Close())
	err = Remove(t.Context(), s, 0, func(line string) { t.Errorf("it told %q", line) })
	if !errors.Is(err, ErrNotThere) {
		t.Error(err)
	}
}

// Two structures of one name: neither is removed by it, each by its id.
func TestStructuresOfOneName(t *testing.T) {
	c := register(t, "ls_rm_twins", false)
	connection, err := structopstest.Connect("ls_rm_twins")
	noError(t, err)
	t.Cleanup(func() { noError(t, connection.Close()) })
	noError(t, c.Unregister())
	second, err := structopstest.Register("ls_rm_twins", "ls_rm_twins", false)
	noError(t, err)
	id, err := second.ID()
	noError(t, err)
	noError(t, second.Close())
	all, err := Read()
	noError(t, err)
	var ambiguous *AmbiguousError
	if _, err := Find(all, "ls_rm_twins"); !errors.As(err, &ambiguous) || len(ambiguous.Have) != 2 {
		t.Errorf("%v, want an error that has both", err)
	}
	s, err := ReadOne(id)
	noError(t, err)
	if err := Remove(t.Context(), s, 0, func(string) {}); err != nil {
		t.Error(err)
	}
	if got := find(t, "ls_rm_twins"); got.ID == id || got.State != "TOBEFREE" {
		t.Errorf("the other: %+v", got)
	}
}

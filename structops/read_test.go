// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/loadstone-bpf/loadstone/structops/structopstest"
)

// withoutIDs compares structures without what differs from run to run.
var withoutIDs = cmp.Options{
	cmpopts.IgnoreFields(Structure{}, "ID", "Members", "Counting"), cmpopts.IgnoreFields(Link{}, "ID"),
}

func TestStructureOfAnotherProcessIsSeen(t *testing.T) {
	l := startLoader(t, ByLink, "ls_read_other")
	holder := []Process{l.process()}
	got := find(t, "ls_read_other")
	want := Structure{
		Map: "ls_read_other", Name: "ls_read_other", Type: "tcp_congestion_ops", Module: "vmlinux",
		State: "READY", Registered: true, RegisteredBy: ByLink, References: 1, Pins: []string{},
		Links: []Link{{Pins: []string{}, Holders: holder}}, Holders: holder,
	}
	if diff := cmp.Diff(want, got, withoutIDs); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got.Programs() != 3 {
		t.Errorf("%d programs, want 3", got.Programs())
	}
	l.letGo(t)
	isGone(t, "ls_read_other")
}

func TestPinsOfMapAndLinkAreSeen(t *testing.T) {
	folder := bpffs(t)
	c := register(t, "ls_read_pin", true)
	noError(t, c.Map.Pin(filepath.Join(folder, "m")))
	noError(t, os.Mkdir(filepath.Join(folder, "sub"), 0o700))
	noError(t, c.Link.Pin(filepath.Join(folder, "sub", "l")))
	got := find(t, "ls_read_pin")
	want := Structure{
		Map: "ls_read_pin", Name: "ls_read_pin", Type: "tcp_congestion_ops", Module: "vmlinux",
		State: "READY", Registered: true, RegisteredBy: ByLink, References: 1, Holders: []Process{},
		Pins:  []string{filepath.Join(folder, "m")},
		Links: []Link{{Pins: []string{filepath.Join(folder, "sub", "l")}, Holders: []Process{}}},
	}
	if diff := cmp.Diff(want, got, withoutIDs); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Before its map is filled a structure has no name of its own, and no program.
func TestStructureThatIsNotRegisteredIsSeen(t *testing.T) {
	c, err := structopstest.New("ls_read_init", "ls_read_own", false)
	noError(t, err)
	t.Cleanup(func() { noError(t, c.Close()) })
	got := find(t, "ls_read_init")
	if got.State != "INIT" || got.Registered || got.Name != "" || got.Programs() != 0 {
		t.Errorf("%+v", got)
	}
}

func TestRunsAreMeasured(t *testing.T) {
	c := register(t, "ls_read_runs", true)
	id, err := c.ID()
	noError(t, err)
	connection, err := structopstest.Connect("ls_read_runs")
	noError(t, err)
	t.Cleanup(func() { noError(t, connection.Close()) })
	stop, sent := make(chan struct{}), make(chan error)
	go func() {
		for {
			select {
			case <-stop:
				sent <- nil
				return
			default:
				if err := connection.Send(10); err != nil {
					sent <- err
					return
				}
			}
		}
	}()
	got, err := Measure(t.Context(), id, 100*time.Millisecond)
	close(stop)
	noError(t, errors.Join(err, <-sent))
	if got.Counting != CountingMeasured || got.Users() != 1 {
		t.Errorf("counting %s, %d users", got.Counting, got.Users())
	}
	for _, m := range got.Members {
		if m.Name == "cong_avoid" && (m.Program.Runs == nil || *m.Program.Runs == 0 || *m.Program.RunTime == 0) {
			t.Errorf("cong_avoid ran %v times, %v", m.Program.Runs, m.Program.RunTime)
		}
	}
}

func TestMeasuringWhatHasGone(t *testing.T) {
	if _, err := Measure(t.Context(), 1<<30, 0); !errors.Is(err, ErrNotThere) {
		t.Error(err)
	}
}

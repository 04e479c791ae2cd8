// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// A dispatcher is found in memory before it is on an interface and after, and not while it is.
func TestDispatchersOnNoInterfaceAreFound(t *testing.T) {
	bpffs := inOwnNetwork(t)
	p, err := loadDispatcher(&config{version: newestVersion, slots: []slotConfig{{}, {}}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := info.ID()
	pins := folder(bpffs+"/xdp").of(7, id)
	if err := os.MkdirAll(pins, 0o700); err != nil {
		t.Fatal(err)
	}
	look := func(when string, want *Detached) {
		t.Helper()
		all, err := ListDetached(bpffs)
		if err != nil {
			t.Fatal(err)
		}
		var got *Detached
		for i := range all {
			if all[i].Dispatcher == id {
				got = &all[i]
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", when, diff)
		}
	}
	look("loaded", &Detached{Dispatcher: id, Programs: []ebpf.ProgramID{}, Folder: pins})
	if err := loaderimpl.SetXDP(loopback, loaderimpl.XDPGeneric, p, nil); err != nil {
		t.Fatal(err)
	}
	look("attached", nil)
	chain, err := Read(loopback, bpffs)
	if err != nil || len(chain.Programs) != 2 || chain.Programs[0].ID != 0 {
		t.Errorf("a chain that nothing says the programs of: %+v, %v", chain, err)
	}
	options := Options{BPFFS: bpffs}
	if _, err := Remove(t.Context(), loopback, nil, options); err != nil {
		t.Fatal(err)
	}
	look("taken off", &Detached{Dispatcher: id, Programs: []ebpf.ProgramID{}, Folder: pins})
	removed, err := Clean(t.Context(), 0, bpffs)
	if diff := cmp.Diff([]string{filepath.Clean(pins)}, removed); err != nil || diff != "" {
		t.Errorf("clean: %v (-want +got)\n%s", err, diff)
	}
	look("cleaned", &Detached{Dispatcher: id, Programs: []ebpf.ProgramID{}})
}

// What goes while it is read is read again, and what stays away is told.
func TestReadingAgain(t *testing.T) {
	reads := 0
	got, err := settled(func() (int, error) {
		if reads++; reads < 3 {
			return 0, fmt.Errorf("program 5: %w", fs.ErrNotExist)
		}
		return reads, nil
	})
	if got != 3 || err != nil {
		t.Errorf("read %d times, %v", got, err)
	}
	for _, c := range []struct {
		err   error
		reads int
	}{{fs.ErrNotExist, 11}, {ErrNone, 1}} {
		reads = 0
		_, err := settled(func() (int, error) { reads++; return 0, c.err })
		if !errors.Is(err, c.err) || reads != c.reads {
			t.Errorf("%v: read %d times, %v", c.err, reads, err)
		}
	}
}

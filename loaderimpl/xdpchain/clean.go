// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/cilium/ebpf/link"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// Clean removes the pins of chains that are on no interface: of a change that was killed before it
// switched the interface, or after it and before it removed what it replaced, or of an interface
// that is gone. It does so for one interface, or with 0 for all that have such pins. It returns the
// folders and pins that it removed.
//
// Interfaces are those of this network namespace; the pins of another's look like those of
// interfaces that are gone, so bpffs has to be this namespace's own, as with libxdp.
func Clean(ctx context.Context, ifindex int, bpffs string) (removed []string, err error) {
	removed = []string{}
	pins, err := openFolder(bpffs)
	if err != nil {
		return removed, err
	}
	unlock, err := pins.lock(ctx)
	if err != nil {
		return removed, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	entries, err := os.ReadDir(string(pins))
	if err != nil {
		return removed, err
	}
	for _, e := range entries {
		left, err := pins.leftOver(e.Name(), ifindex)
		if err != nil {
			return removed, err
		}
		if !left {
			continue
		}
		path := filepath.Join(string(pins), e.Name())
		remove := removePins
		if !e.IsDir() {
			remove = removePin
		}
		if err := remove(path); err != nil {
			return removed, fmt.Errorf("clean: %w", err)
		}
		removed = append(removed, path)
	}
	return removed, nil
}

// leftOver reports whether a name in the folder is a chain's, of the interface or with 0 of any,
// which the interface does not run.
func (f folder) leftOver(name string, ifindex int) (bool, error) {
	if at, is := linkOwner(name); is && (ifindex == 0 || at == ifindex) {
		return f.linkLeft(at)
	}
	at, dispatcher, is := ownerOf(name)
	if !is || ifindex != 0 && at != ifindex {
		return false, nil
	}
	on, err := loaderimpl.XDPOn(at)
	if errors.Is(err, syscall.ENODEV) {
		return true, nil // of an interface that is gone
	}
	if err != nil {
		return false, err
	}
	return on[loaderimpl.XDPNative] != dispatcher && on[loaderimpl.XDPGeneric] != dispatcher, nil
}

// linkLeft reports whether the link that is pinned for an interface holds none: it was detached, or
// the interface is gone.
func (f folder) linkLeft(ifindex int) (bool, error) {
	pinned, err := link.LoadPinnedLink(f.interfaceLink(ifindex), nil)
	if err != nil {
		return false, fmt.Errorf("open the link of interface %d: %w", ifindex, err)
	}
	defer pinned.Close()
	info, err := pinned.Info()
	if err != nil {
		return false, fmt.Errorf("ask for the link of interface %d: %w", ifindex, err)
	}
	x := info.XDP()
	return x != nil && x.Ifindex == 0, nil
}

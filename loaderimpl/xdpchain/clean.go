// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// Clean removes the pins of chains that are on no interface: of a change that was killed before it
// switched the interface, or after it and before it removed what it replaced, or of an interface
// that is gone. It does so for one interface, or with 0 for all that have such pins. It returns the
// folders that it removed.
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
		at, dispatcher, is := ownerOf(e.Name())
		if !is || ifindex != 0 && at != ifindex {
			continue
		}
		if _, err := net.InterfaceByIndex(at); err == nil {
			on, err := loaderimpl.XDPOn(at)
			if err != nil {
				return removed, err
			}
			if on[loaderimpl.XDPNative] == dispatcher || on[loaderimpl.XDPGeneric] == dispatcher {
				continue
			}
		}
		dir := filepath.Join(string(pins), e.Name())
		if err := removePins(dir); err != nil {
			return removed, fmt.Errorf("clean interface %d: %w", at, err)
		}
		removed = append(removed, dir)
	}
	return removed, nil
}

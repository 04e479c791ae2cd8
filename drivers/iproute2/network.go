// SPDX-License-Identifier: Apache-2.0

package iproute2

import (
	"fmt"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A network is a network namespace of the driver's own, and the thread that lives in it. Its one device is lo: it takes programs of both kinds,
// whether it is up or not, and needs no module of the kernel.
type network struct {
	work chan func()
}

const device = "lo"

// newNetwork makes a namespace. It ends when the network is closed, and with the process.
func newNetwork() (*network, error) {
	n := &network{work: make(chan func())}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		made <- err
		if err != nil {
			return
		}
		for do := range n.work {
			do()
		}
	}()
	if err := <-made; err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	return n, nil
}

// do has the thread do something: what it starts is in the namespace.
func (n *network) do(f func()) {
	done := make(chan struct{})
	n.work <- func() { defer close(done); f() }
	<-done
}

func (n *network) close() { close(n.work) }

// attachedXDP is the id of the XDP program of the device, as the kernel tells; 0 if there is none.
func (n *network) attachedXDP() (id uint32, err error) {
	n.do(func() {
		var link netlink.Link
		if link, err = netlink.LinkByName(device); err == nil && link.Attrs().Xdp != nil {
			id = link.Attrs().Xdp.ProgId
		}
	})
	if err != nil {
		return 0, fmt.Errorf("ask for the program of %s: %w", device, err)
	}
	return id, nil
}

// attachedFilter is the id of the BPF filter at the ingress of the device, as the kernel tells; 0 if there is none.
func (n *network) attachedFilter() (id uint32, err error) {
	n.do(func() {
		var link netlink.Link
		if link, err = netlink.LinkByName(device); err != nil {
			return
		}
		var filters []netlink.Filter
		filters, err = netlink.FilterList(link, netlink.HANDLE_MIN_INGRESS)
		for _, f := range filters {
			if bpf, ok := f.(*netlink.BpfFilter); ok {
				id = uint32(bpf.Id)
			}
		}
	})
	if err != nil {
		return 0, fmt.Errorf("ask for the filters of %s: %w", device, err)
	}
	return id, nil
}

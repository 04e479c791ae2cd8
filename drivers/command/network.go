// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A Network holds a network namespace of the driver's own, and the thread that lives in it. Its one
// device is [Device]: it takes programs of all kinds, whether it is up or not, and needs no module
// of the kernel.
type Network struct {
	work chan func()
}

// Device names the device of a [Network].
const Device = "lo"

// NewNetwork makes a namespace. It ends when the network is closed, and with the process.
func NewNetwork() (*Network, error) {
	n := &Network{work: make(chan func())}
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
		return nil, fmt.Errorf("make a network namespace: %w", explainRights(err))
	}
	return n, nil
}

// Do has the thread do something: what it starts is in the namespace.
func (n *Network) Do(f func()) {
	done := make(chan struct{})
	n.work <- func() { defer close(done); f() }
	<-done
}

// Close gives the namespace up.
func (n *Network) Close() { close(n.work) }

// AttachedXDP returns the id of the XDP program of the Device, as the kernel tells; 0 if there is
// none.
func (n *Network) AttachedXDP() (id uint32, err error) {
	n.Do(func() {
		var link netlink.Link
		if link, err = netlink.LinkByName(Device); err == nil && link.Attrs().Xdp != nil {
			id = link.Attrs().Xdp.ProgId
		}
	})
	if err != nil {
		return 0, fmt.Errorf("ask for the program of %s: %w", Device, err)
	}
	return id, nil
}

// AttachedFilter returns the id of the BPF filter at the ingress of the Device, as the kernel
// tells; 0 if there is none.
func (n *Network) AttachedFilter() (id uint32, err error) {
	n.Do(func() {
		var link netlink.Link
		if link, err = netlink.LinkByName(Device); err != nil {
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
		return 0, fmt.Errorf("ask for the filters of %s: %w", Device, err)
	}
	return id, nil
}

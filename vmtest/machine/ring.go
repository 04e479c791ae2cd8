// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// ring holds the memory through which one guest's records come. It is ours as much as the guest's,
// so what a guest has put there stays when QEMU is gone.
type ring struct {
	wire.Ring
	file   *os.File
	memory []byte
}

// newRing makes the memory of one guest's ring, with nothing in it.
func newRing() (_ *ring, err error) {
	fd, err := unix.MemfdCreate("loadstone-ring", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("record ring: %w", err)
	}
	r := &ring{file: os.NewFile(uintptr(fd), "record ring")}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("record ring: %w", err), r.close())
		}
	}()
	if err := r.file.Truncate(wire.RingSize); err != nil {
		return nil, err
	}
	// We read it as long as QEMU runs: it must not become shorter.
	if _, err := unix.FcntlInt(r.file.Fd(), unix.F_ADD_SEALS,
		unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return nil, err
	}
	if r.memory, err = unix.Mmap(fd, 0, wire.RingSize, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_SHARED); err != nil {
		return nil, err
	}
	r.Ring, err = wire.NewRing(r.memory)
	return r, err
}

// close releases the memory. The ring must not be read after it.
func (r *ring) close() error {
	var err error
	if r.memory != nil {
		err = unix.Munmap(r.memory)
		r.memory = nil
	}
	return errors.Join(err, r.file.Close())
}

// bells reads a record port: what comes beside the bells, as it does from a
// guest that found no ring, or that writes where it should not.
type bells struct {
	port io.Reader
	// rang has an item when there may be news in the ring, and is closed at
	// the port's end, when nothing more is put there.
	rang chan struct{}
	err  error // the port's last
}

func newBells(port io.Reader) *bells { return &bells{port: port, rang: make(chan struct{}, 1)} }

// Read reads from the port, without the bells.
func (b *bells) Read(p []byte) (int, error) {
	for b.err == nil {
		n, err := b.port.Read(p)
		rest := len(slices.DeleteFunc(p[:n], func(c byte) bool { return c == wire.Bell }))
		if rest < n {
			select {
			case b.rang <- struct{}{}:
			default:
			}
		}
		if b.err = err; err != nil {
			close(b.rang)
		}
		if rest > 0 {
			return rest, nil
		}
	}
	return 0, b.err
}

// ringReader reads what a guest puts into its ring.
type ringReader struct {
	ring wire.Ring
	rang <-chan struct{} // of the port's bells
	over bool
}

// Read waits for news. It returns io.EOF when the port has ended and the ring
// is empty, and an error wrapping [wire.ErrRing] for a ring that was tampered
// with.
func (r *ringReader) Read(b []byte) (int, error) {
	for {
		n, err := r.ring.Take(b)
		if n > 0 || err != nil {
			return n, err
		}
		if r.over {
			return 0, io.EOF
		}
		_, open := <-r.rang
		r.over = !open
	}
}

// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// ErrAwake reports a second call of [Guest.WaitOrder].
var ErrAwake = errors.New("guest already has its order")

// WaitOrder tells the host that this guest is ready, waits, and returns the
// order, a line without its newline.
//
// The host takes its template while a guest waits here, and each clone of the
// template comes out of this call with an order of its own. By then the clock
// is right again, and the kernel's random numbers differ from those of every
// other clone. The Go runtime's own (math/rand, the order of a map's
// iteration) were drawn before and are the same in all clones of a template.
//
// It can be called once.
func (g *Guest) WaitOrder() ([]byte, error) {
	if g.wake {
		return nil, ErrAwake
	}
	if err := g.port.frame(wire.KindWord, []byte(wire.WordReady)); err != nil {
		return nil, err
	}
	line, err := g.port.readLine()
	if err != nil {
		return nil, err
	}
	wake, err := wire.ParseWake(string(line))
	if err != nil {
		return nil, err
	}
	if err := setClock(wake.Now); err != nil {
		return nil, err
	}
	if err := reseed(wake.Seed); err != nil {
		return nil, err
	}
	g.wake, g.size = true, wake.Payload
	return g.port.readLine()
}

func setClock(now time.Time) error {
	ts := unix.NsecToTimespec(now.UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &ts); err != nil {
		return fmt.Errorf("set clock: %w", err)
	}
	return nil
}

// reseed mixes seed into the kernel's entropy and makes every generator draw
// from it anew: without the second step each CPU's goes on with the state
// that all clones share, for up to a minute.
func reseed(seed [wire.SeedSize]byte) error {
	fd, err := unix.Open("/dev/urandom", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("reseed random numbers: %w", err)
	}
	defer unix.Close(fd)

	// struct rand_pool_info of linux/random.h: bits of entropy, size in
	// bytes, then the bytes, all in host byte order.
	var info [8 + wire.SeedSize]byte
	binary.NativeEndian.PutUint32(info[0:], 8*wire.SeedSize)
	binary.NativeEndian.PutUint32(info[4:], wire.SeedSize)
	copy(info[8:], seed[:])
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.RNDADDENTROPY,
		uintptr(unsafe.Pointer(&info))); errno != 0 {
		return fmt.Errorf("add entropy: %w", errno)
	}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.RNDRESEEDCRNG, 0); errno != 0 {
		return fmt.Errorf("reseed random numbers: %w", errno)
	}
	return nil
}

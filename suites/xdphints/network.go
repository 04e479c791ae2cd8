// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/suites/rtnetlink"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// patience says how long a frame may take.
const patience = 5 * time.Second

const device = "lsxh0"

// A network joins the loader's network namespace to another by a pair of devices. Frames come from
// the far end, and the near one runs a driver.
type network struct {
	ifindex         int // of the near end
	far             *rtnetlink.Namespace
	near, farSocket int
	farIfindex      int
}

// inNetwork makes a network for use, and ends it.
func inNetwork(s *Session, use func(*network)) {
	n := &network{near: -1, farSocket: -1}
	defer func() { s.MustWork(n.close()) }()
	s.MustWork(n.make(s.Patience(patience)))
	use(n)
}

func (n *network) make(patience time.Duration) (err error) {
	if n.far, err = rtnetlink.NewNamespace(); err != nil {
		return err
	}
	if err := rtnetlink.AddVethTo(device, n.far.Descriptor()); err != nil {
		return err
	}
	if n.ifindex, n.near, err = prepare(patience); err != nil {
		return err
	}
	return n.far.Do(func() (err error) {
		n.farIfindex, n.farSocket, err = prepare(patience)
		return err
	})
}

func indexOf(device string) (int, error) {
	link, err := net.InterfaceByName(device)
	if err != nil {
		return 0, err
	}
	return link.Index, nil
}

// prepare sets the device of the calling thread's namespace up, without protocols that would send
// frames of their own, and returns a socket for frames of the suite's type.
func prepare(patience time.Duration) (ifindex, socket int, err error) {
	if ifindex, err = indexOf(device); err != nil {
		return 0, -1, err
	}
	err = os.WriteFile("/proc/sys/net/ipv6/conf/"+device+"/disable_ipv6", []byte("1"), 0)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return ifindex, -1, err
	}
	if err := rtnetlink.SetUp(ifindex); err != nil {
		return ifindex, -1, err
	}
	const protocol = etherType>>8 | etherType&0xff<<8 // in network byte order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return ifindex, -1, err
	}
	limit := unix.NsecToTimeval(patience.Nanoseconds())
	err = errors.Join(
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: ifindex}),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit))
	if err != nil {
		return ifindex, -1, errors.Join(err, unix.Close(fd))
	}
	return ifindex, fd, nil
}

// close removes both devices, and the far namespace.
func (n *network) close() error {
	var errs []error
	for _, fd := range []int{n.near, n.farSocket} {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	if n.ifindex != 0 {
		errs = append(errs, rtnetlink.Remove(n.ifindex))
	}
	if n.far != nil {
		errs = append(errs, n.far.Close())
	}
	return errors.Join(errs...)
}

// drive has the near end run the driver of a port, until the network ends.
func (n *network) drive(p *port, flags uint32) {
	driver, err := ebpf.NewProgramFromID(ebpf.ProgramID(p.ProgramID("driver")))
	p.s.MustWork(err)
	defer driver.Close()
	p.s.MustWork(rtnetlink.SetXDP(n.ifindex, driver.FD(), flags, -1))
}

// send sends a frame from the far end.
func (n *network) send(frame []byte) error {
	return unix.Sendto(n.farSocket, frame, 0, &unix.SockaddrLinklayer{Ifindex: n.farIfindex})
}

// receive returns the number of the next frame that comes through.
func (n *network) receive() (uint32, error) {
	b := make([]byte, 2048)
	for {
		count, _, err := unix.Recvfrom(n.near, b, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if count < frameLen {
			return 0, fmt.Errorf("a frame of %d bytes", count)
		}
		return binary.NativeEndian.Uint32(b[frameNumber:]), nil
	}
}

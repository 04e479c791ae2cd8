// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/suites/rtnetlink"
)

// A network joins the loader's network namespace to another by a pair of devices. Frames come from
// the far end, and the near one runs what the loader puts there.
type network struct {
	ifindex int // of the near end
	gone    bool
	far     *rtnetlink.Namespace

	nearSocket, farSocket int // which receive frames of the suite's type
	farIfindex            int
	answering             *ebpf.Program // the far end's own: without one it takes no frames of XDP_TX
	patience              time.Duration
	size                  packetSize
}

// A packetSize says how large packets of a network are.
type packetSize struct {
	frame int // bytes of each frame that is sent
	mtu   int // bytes; 0 for that of new devices
	flags uint32
}

// The sizes of packets: in one buffer, and larger than a page, in several. A device whose peer
// takes such packets runs programs for these only (veth_xdp_set, since Linux 5.18).
var (
	small = packetSize{frame: frameLen}
	large = packetSize{frame: 6000, mtu: 9000, flags: unix.BPF_F_XDP_HAS_FRAGS}
)

const device = "lsx0"

// newNetwork makes a network, to be closed.
func newNetwork(size packetSize, patience time.Duration) (n *network, err error) {
	n = &network{nearSocket: -1, farSocket: -1, patience: patience, size: size}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("make a network: %w", err), n.close())
		}
	}()
	if n.far, err = rtnetlink.NewNamespace(); err != nil {
		return n, err
	}
	if err := rtnetlink.AddVethTo(device, n.far.Descriptor()); err != nil {
		return n, err
	}
	if n.ifindex, n.nearSocket, err = prepare(size, patience); err != nil {
		return n, err
	}
	err = n.far.Do(func() (err error) {
		if n.farIfindex, n.farSocket, err = prepare(size, patience); err != nil {
			return err
		}
		n.answering, err = passAll(n.farIfindex, size.flags)
		return err
	})
	return n, err
}

// prepare sets the device of the calling thread's namespace up, without protocols that would send
// frames of their own, and returns a socket for frames of the suite's type.
func prepare(size packetSize, patience time.Duration) (ifindex, socket int, err error) {
	link, err := net.InterfaceByName(device)
	if err != nil {
		return 0, -1, err
	}
	err = os.WriteFile("/proc/sys/net/ipv6/conf/"+device+"/disable_ipv6",
		[]byte("1"), 0)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, -1, err
	}
	if size.mtu != 0 {
		if err := rtnetlink.SetMTU(link.Index, size.mtu); err != nil {
			return 0, -1, err
		}
	}
	if err := rtnetlink.SetUp(link.Index); err != nil {
		return 0, -1, err
	}
	socket, err = packetSocket(link.Index, patience)
	return link.Index, socket, err
}

// packetSocket returns a socket for frames of the suite's type at a device. It waits for a frame as
// long as patience.
func packetSocket(ifindex int, patience time.Duration) (int, error) {
	const protocol = etherType>>8 | etherType&0xff<<8 // in network byte order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return -1, err
	}
	limit := unix.NsecToTimeval(patience.Nanoseconds())
	err = errors.Join(
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: ifindex}),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20))
	if err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// passAll has a device run a program that passes all: a device of this kind takes frames that its
// peer sends back by XDP if it runs a program itself (veth_xdp_xmit, drivers/net/veth.c).
func passAll(ifindex int, flags uint32) (*ebpf.Program, error) {
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "pass_all", Type: ebpf.XDP, Flags: flags, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, pass), asm.Return()},
	})
	if err != nil {
		return nil, err
	}
	if err := rtnetlink.SetXDP(ifindex, program.FD(), unix.XDP_FLAGS_DRV_MODE, -1); err != nil {
		return nil, errors.Join(err, program.Close())
	}
	return program, nil
}

// close removes both devices, and the far namespace.
func (n *network) close() error {
	var errs []error
	for _, fd := range []int{n.nearSocket, n.farSocket} {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	if n.ifindex != 0 && !n.gone {
		errs = append(errs, n.cut())
	}
	if n.answering != nil {
		errs = append(errs, n.answering.Close())
	}
	if n.far != nil {
		errs = append(errs, n.far.Close())
	}
	return errors.Join(errs...)
}

// cut removes both devices.
func (n *network) cut() error {
	n.gone = true
	return rtnetlink.Remove(n.ifindex)
}

// send sends a frame from the far end.
func (n *network) send(f *frame) error {
	b := make([]byte, n.size.frame)
	copy(b, f[:])
	return unix.Sendto(n.farSocket, b, 0, &unix.SockaddrLinklayer{Ifindex: n.farIfindex})
}

// receive returns the next frame that a socket received. The error wraps [unix.EAGAIN] where none
// came.
func receive(socket int) (*frame, error) {
	b := make([]byte, 2048)
	for {
		count, _, err := unix.Recvfrom(socket, b, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return readFrame(b[:count])
	}
}

// waiting reports whether a socket has a frame to read, or gets one within so long.
func waiting(socket int, within time.Duration) (bool, error) {
	return poll([]unix.PollFd{{Fd: int32(socket), Events: unix.POLLIN}}, within)
}

// poll reports whether one of several descriptors is ready, or gets so within so long.
func poll(fds []unix.PollFd, within time.Duration) (bool, error) {
	for {
		count, err := unix.Poll(fds, int(within.Milliseconds()))
		if !errors.Is(err, unix.EINTR) {
			return count > 0, err
		}
	}
}

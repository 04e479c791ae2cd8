// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/suites/rtnetlink"
)

// A network joins two network namespaces by a pair of devices. The far one listens for TCP.
type network struct {
	near, far *rtnetlink.Namespace
	listener  int
	patience  time.Duration // for whatever is waited for
}

const device = "ls0"

// The addresses of both sides.
var (
	nearAddress = netip.MustParsePrefix("10.77.0.1/24")
	farAddress  = netip.MustParsePrefix("10.77.0.2/24")
)

const port = 7001

// newNetwork makes a network, to be closed.
func newNetwork(patience time.Duration) (n *network, err error) {
	n = &network{listener: -1, patience: patience}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("make a network: %w", err), n.close())
		}
	}()
	if n.near, err = rtnetlink.NewNamespace(); err != nil {
		return n, err
	}
	if n.far, err = rtnetlink.NewNamespace(); err != nil {
		return n, err
	}
	join := func() error { return rtnetlink.AddVethTo(device, n.far.Descriptor()) }
	if err := n.near.Do(join); err != nil {
		return n, err
	}
	for _, side := range []struct {
		namespace *rtnetlink.Namespace
		address   netip.Prefix
	}{{n.near, nearAddress}, {n.far, farAddress}} {
		if err := side.namespace.Do(func() error { return address(side.address) }); err != nil {
			return n, err
		}
	}
	return n, n.far.Do(func() (err error) { n.listener, err = listen(patience); return err })
}

// address gives the device of the calling thread's namespace an address.
func address(a netip.Prefix) error {
	link, err := net.InterfaceByName(device)
	if err != nil {
		return err
	}
	if err := rtnetlink.SetUp(link.Index); err != nil {
		return err
	}
	return rtnetlink.AddAddress(link.Index, a)
}

func listen(patience time.Duration) (fd int, err error) {
	if fd, err = socket(patience); err != nil {
		return -1, err
	}
	to := &unix.SockaddrInet4{Port: port, Addr: farAddress.Addr().As4()}
	if err := errors.Join(unix.Bind(fd, to), unix.Listen(fd, 16)); err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// socket returns a socket for TCP that waits for anything as long as patience.
func socket(patience time.Duration) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	limit := unix.NsecToTimeval(patience.Nanoseconds())
	err = errors.Join(
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit),
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
	if err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// close ends the network. Connections are closed before.
func (n *network) close() error {
	var errs []error
	if n.listener >= 0 {
		errs = append(errs, unix.Close(n.listener))
	}
	for _, side := range []*rtnetlink.Namespace{n.near, n.far} {
		if side != nil {
			errs = append(errs, side.Close())
		}
	}
	return errors.Join(errs...)
}

// A connection joins the two sides. Only the near one has a congestion control of ours.
type connection struct{ near, far int }

// dial connects with a congestion control of that name. The error wraps [unix.ENOENT] where the
// kernel has none.
func (n *network) dial(congestion string) (c *connection, err error) {
	c = &connection{near: -1, far: -1}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if err := n.near.Do(func() (err error) { c.near, err = socket(n.patience); return err }); err != nil {
		return c, err
	}
	err = unix.SetsockoptString(c.near, unix.IPPROTO_TCP, unix.TCP_CONGESTION, congestion)
	if err != nil {
		return c, fmt.Errorf("congestion control %s: %w", congestion, err)
	}
	to := &unix.SockaddrInet4{Port: port, Addr: farAddress.Addr().As4()}
	if err := unix.Connect(c.near, to); err != nil {
		return c, fmt.Errorf("connect: %w", err)
	}
	if c.far, _, err = unix.Accept4(n.listener, unix.SOCK_CLOEXEC); err != nil {
		return c, fmt.Errorf("accept: %w", err)
	}
	return c, nil
}

// congestion returns the name of the congestion control that the near side uses.
func (c *connection) congestion() (string, error) {
	return unix.GetsockoptString(c.near, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
}

// mark returns the slow start threshold of the near side, which the objects' congestion controls
// set for a new connection.
func (c *connection) mark() (uint32, error) {
	info, err := unix.GetsockoptTCPInfo(c.near, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return 0, err
	}
	return info.Snd_ssthresh, nil
}

// exchange sends a few thousand bytes to the far side and waits for its answer, so that the near
// side has had acknowledgements.
func (c *connection) exchange() error {
	message := make([]byte, 8<<10)
	if err := writeAll(c.near, message); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if err := readAll(c.far, message); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	if err := writeAll(c.far, message[:1]); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if err := readAll(c.near, message[:1]); err != nil {
		return fmt.Errorf("receive the answer: %w", err)
	}
	return nil
}

func writeAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if errors.Is(err, unix.EINTR) {
			continue // which a socket that has a time limit does not do by itself
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func readAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Read(fd, b)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return errors.New("the connection has ended")
		}
		b = b[n:]
	}
	return nil
}

// close resets the connection, so that nothing of it lingers.
func (c *connection) close() error {
	var errs []error
	for _, fd := range []*int{&c.near, &c.far} {
		if *fd >= 0 {
			errs = append(errs, unix.Close(*fd))
			*fd = -1
		}
	}
	return errors.Join(errs...)
}

// available returns the names of the congestion controls that the kernel has.
func available() ([]string, error) {
	list, err := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control")
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(list)), nil
}

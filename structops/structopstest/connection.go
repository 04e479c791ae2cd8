// SPDX-License-Identifier: Apache-2.0

package structopstest

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// A Connection is a TCP connection over the loopback device of a network namespace of its own. One
// of its ends uses a congestion control, the other the host's default.
type Connection struct {
	client, listener, server int
}

// Connect makes a connection that uses the congestion control of that name.
func Connect(congestion string) (*Connection, error) {
	type result struct {
		c   *Connection
		err error
	}
	made := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends, and its namespace with its sockets
		c, err := connectInNamespace(congestion)
		made <- result{c, err}
	}()
	r := <-made
	return r.c, r.err
}

func connectInNamespace(congestion string) (_ *Connection, err error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("network namespace: %w", err)
	}
	c := &Connection{client: -1, listener: -1, server: -1}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if c.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, err
	}
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return nil, err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(c.listener, unix.SIOCSIFFLAGS, lo); err != nil {
		return nil, fmt.Errorf("start lo: %w", err)
	}
	at := &unix.SockaddrInet4{Port: 4711, Addr: [4]byte{127, 0, 0, 1}}
	if err := errors.Join(unix.Bind(c.listener, at), unix.Listen(c.listener, 1)); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if c.client, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, err
	}
	err = unix.SetsockoptString(c.client, unix.IPPROTO_TCP, unix.TCP_CONGESTION, congestion)
	if err != nil {
		return nil, fmt.Errorf("congestion control %s: %w", congestion, err)
	}
	if err := unix.Connect(c.client, at); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c.server, _, err = unix.Accept4(c.listener, unix.SOCK_CLOEXEC)
	return c, err
}

// Send sends some packets, each of which is acknowledged.
func (c *Connection) Send(packets int) error {
	buffer := make([]byte, 1000)
	for range packets {
		if _, err := unix.Write(c.client, buffer); err != nil {
			return err
		}
		for got := 0; got < len(buffer); {
			n, err := unix.Read(c.server, buffer)
			if err != nil {
				return err
			}
			got += n
		}
	}
	return nil
}

// Close resets the connection, so that neither end lingers.
func (c *Connection) Close() error {
	var errs []error
	for _, fd := range []*int{&c.client, &c.server, &c.listener} {
		if *fd < 0 {
			continue
		}
		if fd != &c.listener {
			errs = append(errs, unix.SetsockoptLinger(*fd, unix.SOL_SOCKET, unix.SO_LINGER,
				&unix.Linger{Onoff: 1}))
		}
		errs = append(errs, unix.Close(*fd))
		*fd = -1
	}
	return errors.Join(errs...)
}

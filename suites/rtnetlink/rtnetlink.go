// SPDX-License-Identifier: Apache-2.0

// Package rtnetlink writes the few requests to rtnetlink that specs make. A library for it would
// make the guest program larger for every spec.
//
// Read rtnetlink.go (requests), device.go (devices and their addresses), then namespace.go.
package rtnetlink

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// order has the byte order of rtnetlink.
var order = binary.NativeEndian

// Attribute returns an attribute of rtnetlink; its parts are one after the other.
func Attribute(kind uint16, parts ...[]byte) []byte {
	b := make([]byte, unix.SizeofRtAttr)
	for _, p := range parts {
		b = append(b, p...)
	}
	order.PutUint16(b, uint16(len(b)))
	order.PutUint16(b[2:], kind)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// Number returns a number of 32 bits as a part of a request.
func Number(n uint32) []byte { return order.AppendUint32(nil, n) }

// Text returns a string as a part of a request: it ends with a zero.
func Text(s string) []byte { return append([]byte(s), 0) }

// Request asks rtnetlink for one thing, in the network namespace of the calling thread: its header
// and attributes are the parts. The error wraps that of the kernel.
func Request(kind uint16, flags uint16, parts ...[]byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	b := make([]byte, unix.SizeofNlMsghdr)
	for _, p := range parts {
		b = append(b, p...)
	}
	order.PutUint32(b, uint32(len(b)))
	order.PutUint16(b[4:], kind)
	order.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK|flags)
	if err := unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4<<10)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return err
	}
	if n < unix.SizeofNlMsghdr+4 || order.Uint16(answer[4:]) != unix.NLMSG_ERROR {
		return fmt.Errorf("rtnetlink answers %x", answer[:n])
	}
	if code := int32(order.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
		return fmt.Errorf("rtnetlink, request %d: %w", kind, unix.Errno(-code))
	}
	return nil
}

// Create asks for something new in the flags of a [Request].
const Create = unix.NLM_F_CREATE | unix.NLM_F_EXCL

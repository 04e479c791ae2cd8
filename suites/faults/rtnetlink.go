// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// The specs write their few requests to rtnetlink themselves: a library for it would make the guest
// program larger for every other spec too.

// loopback is the index of lo.
const loopback = 1

// order is the byte order of rtnetlink.
var order = binary.NativeEndian

// attribute returns an attribute of rtnetlink; its parts are one after the other.
func attribute(kind uint16, parts ...[]byte) []byte {
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

func number(n uint32) []byte { return order.AppendUint32(nil, n) }

func text(s string) []byte { return append([]byte(s), 0) }

// request asks rtnetlink for one thing. What is asked for is new, where it is something to make.
func request(kind uint16, flags uint16, parts ...[]byte) error {
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

const create = unix.NLM_F_CREATE | unix.NLM_F_EXCL

// addVeth makes a pair of devices.
func addVeth(name string) error {
	return request(unix.RTM_NEWLINK, create, make([]byte, unix.SizeofIfInfomsg),
		attribute(unix.IFLA_IFNAME, text(name)),
		attribute(unix.IFLA_LINKINFO, attribute(unix.IFLA_INFO_KIND, text("veth"))))
}

// attachXDP attaches a program to a device, in the mode that every device has.
func attachXDP(device, program int) error {
	const xdpFD, xdpFlags = 1, 3 // IFLA_XDP_FD, IFLA_XDP_FLAGS
	header := make([]byte, unix.SizeofIfInfomsg)
	order.PutUint32(header[4:], uint32(device))
	return request(unix.RTM_SETLINK, 0, header, attribute(unix.IFLA_XDP,
		attribute(xdpFD, number(uint32(program))),
		attribute(xdpFlags, number(unix.XDP_FLAGS_SKB_MODE))))
}

// trafficControl returns a struct tcmsg (include/uapi/linux/rtnetlink.h).
func trafficControl(device int, handle, parent, info uint32) []byte {
	b := make([]byte, 20)
	order.PutUint32(b[4:], uint32(device))
	order.PutUint32(b[8:], handle)
	order.PutUint32(b[12:], parent)
	order.PutUint32(b[16:], info)
	return b
}

// Handles of clsact (include/uapi/linux/pkt_sched.h).
const (
	clsactHandle = 0xffff0000
	clsactParent = 0xfffffff1
	clsactEgress = 0xfffffff3
)

func addClsact(device int) error {
	return request(unix.RTM_NEWQDISC, create, trafficControl(device, clsactHandle, clsactParent, 0),
		attribute(unix.TCA_KIND, text("clsact")))
}

// addFilter has a program look at all that leaves by a device with clsact.
func addFilter(device, program int) error {
	const bpfFD, bpfName = 6, 7 // TCA_BPF_FD, TCA_BPF_NAME
	const priority = 1
	protocol := order.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	return request(unix.RTM_NEWTFILTER, create,
		trafficControl(device, 0, clsactEgress, priority<<16|uint32(protocol)),
		attribute(unix.TCA_KIND, text("bpf")),
		attribute(unix.TCA_OPTIONS,
			attribute(bpfFD, number(uint32(program))), attribute(bpfName, text("left"))))
}

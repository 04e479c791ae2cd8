// SPDX-License-Identifier: Apache-2.0

package rtnetlink

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// AddVeth makes a pair of devices, of which the kernel names the second.
func AddVeth(name string) error {
	return Request(unix.RTM_NEWLINK, Create, device(0, 0),
		Attribute(unix.IFLA_IFNAME, Text(name)),
		Attribute(unix.IFLA_LINKINFO, Attribute(unix.IFLA_INFO_KIND, Text("veth"))))
}

// AddVethTo makes a pair of devices: one here, and its peer of the same name in another network
// namespace, of which netns is a descriptor. Neither is up.
func AddVethTo(name string, netns int) error {
	const infoPeer = 1 // VETH_INFO_PEER, include/uapi/linux/veth.h
	return Request(unix.RTM_NEWLINK, Create, device(0, 0),
		Attribute(unix.IFLA_IFNAME, Text(name)),
		Attribute(unix.IFLA_LINKINFO,
			Attribute(unix.IFLA_INFO_KIND, Text("veth")),
			Attribute(unix.IFLA_INFO_DATA, Attribute(infoPeer, device(0, 0),
				Attribute(unix.IFLA_IFNAME, Text(name)),
				Attribute(unix.IFLA_NET_NS_FD, Number(uint32(netns)))))))
}

// SetUp sets a device up.
func SetUp(index int) error {
	return Request(unix.RTM_SETLINK, 0, device(index, unix.IFF_UP))
}

// SetMTU sets the largest packet that a device takes, in bytes without the Ethernet header.
func SetMTU(index, mtu int) error {
	return Request(unix.RTM_SETLINK, 0, device(index, 0), Attribute(unix.IFLA_MTU, Number(uint32(mtu))))
}

// Remove removes a device, and its peer if it has one.
func Remove(index int) error { return Request(unix.RTM_DELLINK, 0, device(index, 0)) }

// Of an attribute IFLA_XDP (include/uapi/linux/if_link.h).
const (
	xdpFD       = 1
	xdpFlags    = 3
	xdpExpected = 8
)

// SetXDP has a device run an XDP program by its descriptor, or none if that is -1. Flags are
// unix.XDP_FLAGS_*; expected is the descriptor of the program that has to be there, with
// XDP_FLAGS_REPLACE.
func SetXDP(index, program int, flags uint32, expected int) error {
	parts := [][]byte{
		Attribute(xdpFD, Number(uint32(program))), Attribute(xdpFlags, Number(flags)),
	}
	if flags&unix.XDP_FLAGS_REPLACE != 0 {
		parts = append(parts, Attribute(xdpExpected, Number(uint32(expected))))
	}
	return Request(unix.RTM_SETLINK, 0, device(index, 0), Attribute(unix.IFLA_XDP|unix.NLA_F_NESTED, parts...))
}

// AddAddress gives a device an IPv4 address, and a route to what is in its network.
func AddAddress(index int, address netip.Prefix) error {
	header := make([]byte, unix.SizeofIfAddrmsg) // struct ifaddrmsg
	header[0], header[1] = unix.AF_INET, byte(address.Bits())
	order.PutUint32(header[4:], uint32(index))
	ip := address.Addr().AsSlice()
	return Request(unix.RTM_NEWADDR, Create, header,
		Attribute(unix.IFA_LOCAL, ip), Attribute(unix.IFA_ADDRESS, ip))
}

// AddQdisc gives a device a queueing discipline of that kind for all that it sends.
func AddQdisc(index int, kind string) error {
	const (
		sizeofTcmsg = 20 // struct tcmsg: family, index, handle, parent, info
		root        = 0xffffffff
	)
	header := make([]byte, sizeofTcmsg)
	order.PutUint32(header[4:], uint32(index))
	order.PutUint32(header[12:], root)
	return Request(unix.RTM_NEWQDISC, Create, header, Attribute(unix.TCA_KIND, Text(kind)))
}

// device returns a struct ifinfomsg (include/uapi/linux/rtnetlink.h) that sets flags.
func device(index int, flags uint32) []byte {
	header := make([]byte, unix.SizeofIfInfomsg)
	order.PutUint32(header[4:], uint32(index))
	order.PutUint32(header[8:], flags)
	order.PutUint32(header[12:], flags) // change those alone
	return header
}

// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Modes of XDP on an interface, as flags of a request to attach (include/uapi/linux/if_link.h).
const (
	XDPGeneric = 1 << 1 // XDP_FLAGS_SKB_MODE
	XDPNative  = 1 << 2 // XDP_FLAGS_DRV_MODE
	XDPOffload = 1 << 3 // XDP_FLAGS_HW_MODE
)

// Flags that say what has to be on the interface before.
const (
	xdpIfNone  = 1 << 0 // XDP_FLAGS_UPDATE_IF_NOEXIST
	xdpReplace = 1 << 4 // XDP_FLAGS_REPLACE, with the program that is expected (Linux 5.7)
)

// Attributes in IFLA_XDP that package nl has no names for.
const (
	xdpNativeID   = 5 // IFLA_XDP_DRV_PROG_ID
	xdpGenericID  = 6 // IFLA_XDP_SKB_PROG_ID
	xdpOffloadID  = 7 // IFLA_XDP_HW_PROG_ID
	xdpExpectedFD = 8 // IFLA_XDP_EXPECTED_FD
)

// SetXDP puts a program on an interface by netlink, or with fd -1 takes off the one there is. The
// program that is expected to be there has descriptor expected; -1 says that there is none. Where
// there is another the kernel refuses, with EEXIST, or EBUSY where none was expected.
func SetXDP(ifindex int, mode uint32, fd, expected int) error {
	flags := mode | xdpIfNone
	if expected >= 0 {
		flags = mode | xdpReplace
	}
	xdp := nl.NewRtAttr(unix.IFLA_XDP|unix.NLA_F_NESTED, nil)
	xdp.AddRtAttr(nl.IFLA_XDP_FD, nl.Uint32Attr(uint32(int32(fd))))
	if expected >= 0 {
		xdp.AddRtAttr(xdpExpectedFD, nl.Uint32Attr(uint32(expected)))
	}
	xdp.AddRtAttr(nl.IFLA_XDP_FLAGS, nl.Uint32Attr(flags))
	request := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	about := nl.NewIfInfomsg(unix.AF_UNSPEC)
	about.Index = int32(ifindex)
	request.AddData(about)
	request.AddData(xdp)
	_, err := request.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// XDPPrograms hold the ids of the programs on an interface, by mode, 0 for none.
type XDPPrograms struct{ Native, Generic, Offload uint32 }

// XDPOn asks netlink which programs are on an interface.
func XDPOn(ifindex int) (*XDPPrograms, error) {
	request := nl.NewNetlinkRequest(unix.RTM_GETLINK, 0)
	about := nl.NewIfInfomsg(unix.AF_UNSPEC)
	about.Index = int32(ifindex)
	request.AddData(about)
	answers, err := request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	if err != nil {
		return nil, err
	}
	if len(answers) != 1 {
		return nil, fmt.Errorf("%d answers about interface %d", len(answers), ifindex)
	}
	return readXDP(answers[0])
}

// readXDP reads an answer of netlink about an interface.
func readXDP(answer []byte) (*XDPPrograms, error) {
	if len(answer) < unix.SizeofIfInfomsg {
		return nil, fmt.Errorf("answer of %d bytes about an interface", len(answer))
	}
	attributes, err := nl.ParseRouteAttrAsMap(answer[unix.SizeofIfInfomsg:])
	if err != nil {
		return nil, fmt.Errorf("read answer about an interface: %w", err)
	}
	programs := new(XDPPrograms)
	in, has := attributes[unix.IFLA_XDP]
	if !has {
		return programs, nil
	}
	xdp, err := nl.ParseRouteAttrAsMap(in.Value)
	if err != nil {
		return nil, fmt.Errorf("read what is said of XDP: %w", err)
	}
	for kind, id := range map[uint16]*uint32{
		xdpNativeID: &programs.Native, xdpGenericID: &programs.Generic,
		xdpOffloadID: &programs.Offload,
	} {
		value, has := xdp[kind]
		if !has {
			continue
		}
		if len(value.Value) < 4 {
			return nil, fmt.Errorf("id of a program of %d bytes", len(value.Value))
		}
		*id = nl.NativeEndian().Uint32(value.Value)
	}
	return programs, nil
}

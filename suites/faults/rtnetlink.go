// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/suites/rtnetlink"
)

// loopback is the index of lo.
const loopback = 1

// order is the byte order of rtnetlink.
var order = binary.NativeEndian

// attachXDP attaches a program to a device, in the mode that every device has.
func attachXDP(device, program int) error {
	const xdpFD, xdpFlags = 1, 3 // IFLA_XDP_FD, IFLA_XDP_FLAGS
	header := make([]byte, unix.SizeofIfInfomsg)
	order.PutUint32(header[4:], uint32(device))
	return rtnetlink.Request(unix.RTM_SETLINK, 0, header, rtnetlink.Attribute(unix.IFLA_XDP,
		rtnetlink.Attribute(xdpFD, rtnetlink.Number(uint32(program))),
		rtnetlink.Attribute(xdpFlags, rtnetlink.Number(unix.XDP_FLAGS_SKB_MODE))))
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
	return rtnetlink.Request(unix.RTM_NEWQDISC, rtnetlink.Create, trafficControl(device, clsactHandle, clsactParent, 0),
		rtnetlink.Attribute(unix.TCA_KIND, rtnetlink.Text("clsact")))
}

// addFilter has a program look at all that leaves by a device with clsact.
func addFilter(device, program int) error {
	const bpfFD, bpfName = 6, 7 // TCA_BPF_FD, TCA_BPF_NAME
	const priority = 1
	protocol := order.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	return rtnetlink.Request(unix.RTM_NEWTFILTER, rtnetlink.Create,
		trafficControl(device, 0, clsactEgress, priority<<16|uint32(protocol)),
		rtnetlink.Attribute(unix.TCA_KIND, rtnetlink.Text("bpf")),
		rtnetlink.Attribute(unix.TCA_OPTIONS,
			rtnetlink.Attribute(bpfFD, rtnetlink.Number(uint32(program))), rtnetlink.Attribute(bpfName, rtnetlink.Text("left"))))
}

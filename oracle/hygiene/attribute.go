// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// An attribute is a part of a message of rtnetlink (include/uapi/linux/rtnetlink.h).
type attribute struct {
	kind  uint16 // without its flags
	value []byte
}

// attributes are those of one message or attribute.
type attributes []attribute

// parseAttributes parses attributes that follow each other.
func parseAttributes(b []byte) (attributes, error) {
	var all attributes
	for len(b) >= unix.SizeofRtAttr {
		length := uint64(binary.NativeEndian.Uint16(b))
		if length < unix.SizeofRtAttr || length > uint64(len(b)) {
			return nil, fmt.Errorf("rtnetlink: an attribute of %d bytes in %d", length, len(b))
		}
		const flags = unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER
		all = append(all, attribute{
			binary.NativeEndian.Uint16(b[2:]) &^ flags, b[unix.SizeofRtAttr:length],
		})
		b = b[min(align(length), uint64(len(b))):]
	}
	return all, nil
}

// find returns the value of the first attribute of a kind, nil for none.
func (all attributes) find(kind uint16) []byte {
	for _, a := range all {
		if a.kind == kind {
			return a.value
		}
	}
	return nil
}

// number returns the value of an attribute of four bytes; 0 for none.
func (all attributes) number(kind uint16) uint32 {
	if v := all.find(kind); len(v) >= 4 {
		return binary.NativeEndian.Uint32(v)
	}
	return 0
}

// text returns the value of an attribute that is a text.
func (all attributes) text(kind uint16) string { return unix.ByteSliceToString(all.find(kind)) }

// fields returns attributes as fields of a state, but those of the kinds that may change.
func (all attributes) fields(names map[uint16]string, except ...uint16) []string {
	var fields []string
	for _, a := range all {
		if slices.Contains(except, a.kind) {
			continue
		}
		name, known := names[a.kind]
		if !known {
			name = "attribute " + strconv.Itoa(int(a.kind))
		}
		fields = append(fields, name+" "+valueText(a.value))
	}
	return fields
}

// valueText returns a number in decimal, a text as it is, and anything else in hexadecimal.
func valueText(v []byte) string {
	text := unix.ByteSliceToString(v)
	printable := strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
	switch {
	case len(text) > 1 && len(text) == len(v)-1 && printable:
		return text
	case len(v) == 1:
		return strconv.Itoa(int(v[0]))
	case len(v) == 4:
		return strconv.FormatUint(uint64(binary.NativeEndian.Uint32(v)), 10)
	}
	return hex.EncodeToString(v)
}

// readers say how each kind of message is read.
var readers = map[uint16]struct {
	header int // bytes before the attributes
	thing  func(header []byte, all attributes) thing
}{
	unix.RTM_NEWLINK:    {unix.SizeofIfInfomsg, device},
	unix.RTM_NEWADDR:    {unix.SizeofIfAddrmsg, address},
	unix.RTM_NEWROUTE:   {unix.SizeofRtMsg, route},
	unix.RTM_NEWQDISC:   {sizeofTCMsg, qdisc},
	unix.RTM_NEWTFILTER: {sizeofTCMsg, filter},
}

// deviceNames name attributes of devices.
var deviceNames = map[uint16]string{
	unix.IFLA_ADDRESS: "address", unix.IFLA_MTU: "mtu", unix.IFLA_LINK: "link",
	unix.IFLA_QDISC: "qdisc", unix.IFLA_MASTER: "master", unix.IFLA_TXQLEN: "queue length",
	unix.IFLA_OPERSTATE: "state", unix.IFLA_LINKINFO: "kind", unix.IFLA_GROUP: "group",
	unix.IFLA_PROMISCUITY: "promiscuity", unix.IFLA_LINK_NETNSID: "peer's namespace",
}

// device reads a network device. What counts packets may change, and how often its carrier went.
func device(header []byte, all attributes) thing {
	index := binary.NativeEndian.Uint32(header[4:])
	fields := []string{
		"type " + strconv.Itoa(int(binary.NativeEndian.Uint16(header[2:]))),
		"flags 0x" + strconv.FormatUint(uint64(binary.NativeEndian.Uint32(header[8:])), 16),
		"xdp " + xdp(all.find(unix.IFLA_XDP)),
	}
	fields = append(fields, all.fields(deviceNames, unix.IFLA_XDP, unix.IFLA_AF_SPEC, unix.IFLA_STATS,
		unix.IFLA_STATS64, unix.IFLA_CARRIER_CHANGES, unix.IFLA_CARRIER_UP_COUNT,
		unix.IFLA_CARRIER_DOWN_COUNT)...)
	fields = append(fields, protocolSettings(all.find(unix.IFLA_AF_SPEC))...)
	return thing{
		kind: Device, key: strconv.Itoa(int(index)),
		name:  fmt.Sprintf("device %d %s", index, all.text(unix.IFLA_IFNAME)),
		state: strings.Join(fields, ", "),
	}
}

// Of an attribute IFLA_XDP and of IFLA_AF_SPEC (include/uapi/linux/if_link.h).
const (
	xdpAttached = 2
	xdpProgram  = 4

	inetConf       = 1
	inet6Conf      = 2
	inet6Stats     = 3
	inet6Cacheinfo = 5 // times
	inet6ICMPStats = 6
)

// xdp says what is attached to a device.
func xdp(value []byte) string {
	all, err := parseAttributes(value)
	attached := all.find(xdpAttached)
	switch {
	case err != nil || len(attached) != 1:
		return hex.EncodeToString(value)
	case attached[0] == 0:
		return "none"
	}
	return fmt.Sprintf("program %d in mode %d", all.number(xdpProgram), attached[0])
}

// protocolSettings returns what a device is set to for each protocol.
func protocolSettings(value []byte) []string {
	protocols, err := parseAttributes(value)
	if err != nil {
		return []string{"protocols " + hex.EncodeToString(value)}
	}
	var fields []string
	for _, p := range protocols {
		name, settings := fmt.Sprintf("protocol %d", p.kind), uint16(0)
		switch p.kind {
		case unix.AF_INET:
			name, settings = "ipv4", inetConf
		case unix.AF_INET6:
			name, settings = "ipv6", inet6Conf
		}
		all, err := parseAttributes(p.value)
		if err != nil {
			fields = append(fields, name+" "+hex.EncodeToString(p.value))
			continue
		}
		for i, v := range slices.Collect(slices.Chunk(all.find(settings), 4)) {
			fields = append(fields, fmt.Sprintf("%s setting %d is %s", name, i, valueText(v)))
		}
		except := []uint16{settings}
		if p.kind == unix.AF_INET6 {
			except = append(except, inet6Stats, inet6Cacheinfo, inet6ICMPStats)
		}
		for _, field := range all.fields(nil, except...) {
			fields = append(fields, name+" "+field)
		}
	}
	return fields
}

// address reads an address of a device. When it was made may change.
func address(header []byte, all attributes) thing {
	value := all.find(unix.IFA_LOCAL)
	if value == nil {
		value = all.find(unix.IFA_ADDRESS)
	}
	scope := "scope " + strconv.Itoa(int(header[3]))
	return thing{
		kind: Device,
		name: fmt.Sprintf("address %s/%d of device %d", addressText(value), header[1],
			binary.NativeEndian.Uint32(header[4:])),
		state: strings.Join(append(all.fields(nil, unix.IFA_CACHEINFO), scope), ", "),
	}
}

func addressText(value []byte) string {
	if a, ok := netip.AddrFromSlice(value); ok {
		return a.String()
	}
	return "any"
}

// route reads a route. When it was used may change.
func route(header []byte, all attributes) thing {
	table := all.number(unix.RTA_TABLE)
	state := strings.Join(all.fields(nil, unix.RTA_CACHEINFO), ", ")
	return thing{
		kind: Device,
		name: fmt.Sprintf("route %s/%d by device %d in table %d", addressText(all.find(unix.RTA_DST)),
			header[1], all.number(unix.RTA_OIF), table),
		// Routes that differ in anything are different routes.
		key: fmt.Sprintf("route %d %d %s", header[0], header[7], state),
	}
}

// Attributes of qdiscs and filters that count packets.
var tcStatistics = []uint16{unix.TCA_STATS, unix.TCA_XSTATS, unix.TCA_STATS2}

// qdisc reads a qdisc.
func qdisc(header []byte, all attributes) thing {
	handle := binary.NativeEndian.Uint32(header[tcHandle:])
	parent := binary.NativeEndian.Uint32(header[tcParent:])
	return thing{
		kind: Qdisc,
		name: fmt.Sprintf("qdisc %s %x: at %x of device %d", all.text(unix.TCA_KIND), handle>>16, parent,
			binary.NativeEndian.Uint32(header[tcDevice:])),
		state: strings.Join(all.fields(nil, tcStatistics...), ", "),
	}
}

// filter reads a filter.
func filter(header []byte, all attributes) thing {
	handle := binary.NativeEndian.Uint32(header[tcHandle:])
	parent := binary.NativeEndian.Uint32(header[tcParent:])
	info := binary.NativeEndian.Uint32(header[tcInfo:])
	return thing{
		kind: Qdisc,
		name: fmt.Sprintf("filter %s %x at %x of device %d, priority %d", all.text(unix.TCA_KIND), handle,
			parent, binary.NativeEndian.Uint32(header[tcDevice:]), info>>16),
		state: strings.Join(all.fields(nil, tcStatistics...), ", "),
	}
}

// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// XDPFacts holds what an interface runs, as the kernel tells.
type XDPFacts struct {
	Mode    string // "native", "skb", "offload", "several"; "" for none
	Program uint32 // id; 0 for none
	Link    uint32 // id of the bpf_link that holds it there; 0 where the interface does
}

// Of an attribute IFLA_XDP (include/uapi/linux/if_link.h).
const (
	xdpAttached = 2
	xdpProgram  = 4
)

// XDP asks the kernel what the interface of that index runs, in the network namespace of the
// calling thread. The error wraps [unix.ENODEV] where there is no such interface.
func XDP(ifindex int) (XDPFacts, error) {
	attributes, err := linkAttributes(ifindex)
	if err != nil {
		return XDPFacts{}, fmt.Errorf("ask for interface %d: %w", ifindex, err)
	}
	var facts XDPFacts
	for _, a := range nestedAttributes(attributes[unix.IFLA_XDP]) {
		switch a.kind {
		case xdpAttached:
			modes := []string{"", "native", "skb", "offload", "several"}
			if len(a.value) != 1 || int(a.value[0]) >= len(modes) {
				return XDPFacts{}, fmt.Errorf("interface %d runs a program in mode %x", ifindex,
					a.value)
			}
			facts.Mode = modes[a.value[0]]
		case xdpProgram:
			if len(a.value) != 4 {
				return XDPFacts{}, fmt.Errorf("interface %d runs program %x", ifindex, a.value)
			}
			facts.Program = binary.NativeEndian.Uint32(a.value)
		}
	}
	if facts.Program != 0 {
		facts.Link, err = xdpLink(ifindex, facts.Program)
	}
	return facts, err
}

// linkAttributes returns the attributes of an interface, by kind.
func linkAttributes(ifindex int) (map[uint16][]byte, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	request := make([]byte, unix.SizeofNlMsghdr+unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(request, uint32(len(request)))
	binary.NativeEndian.PutUint16(request[4:], unix.RTM_GETLINK)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST)
	binary.NativeEndian.PutUint32(request[unix.SizeofNlMsghdr+4:], uint32(ifindex))
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	answer := make([]byte, 64<<10)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseNetlinkMessage(answer[:n])
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		switch m.Header.Type {
		case unix.RTM_NEWLINK:
			return attributesOf(&m)
		case unix.NLMSG_ERROR:
			if len(m.Data) >= 4 {
				return nil, unix.Errno(-int32(binary.NativeEndian.Uint32(m.Data)))
			}
		}
	}
	return nil, errors.New("the kernel answers nothing")
}

func attributesOf(m *syscall.NetlinkMessage) (map[uint16][]byte, error) {
	all, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return nil, err
	}
	found := map[uint16][]byte{}
	for _, a := range all {
		found[a.Attr.Type&^unix.NLA_F_NESTED] = a.Value
	}
	return found, nil
}

type attribute struct {
	kind  uint16
	value []byte
}

// nestedAttributes returns the attributes inside another, up to one that does not fit.
func nestedAttributes(b []byte) []attribute {
	var all []attribute
	for len(b) >= unix.SizeofRtAttr {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtAttr || size > len(b) {
			return all
		}
		all = append(all, attribute{
			kind: binary.NativeEndian.Uint16(b[2:]) &^ unix.NLA_F_NESTED, value: b[unix.SizeofRtAttr:size],
		})
		b = b[min(len(b), (size+3)&^3):]
	}
	return all
}

// xdpLink returns the id of the link by which an interface runs a program; 0 for none.
func xdpLink(ifindex int, program uint32) (uint32, error) {
	all, err := idsOfType(KindLink, unix.BPF_LINK_TYPE_XDP)
	if err != nil {
		return 0, err
	}
	for _, id := range all {
		in, err := linkInfo(id)
		if errors.Is(err, ErrNoSuchObject) {
			continue // gone since
		}
		if err != nil {
			return 0, err
		}
		if in.program == program && in.of[0] == uint32(ifindex) {
			return id, nil
		}
	}
	return 0, nil
}

// An ExtensionLink says which function of which program another program replaces.
type ExtensionLink struct {
	ID       uint32
	Program  uint32 // the extension
	Target   uint32 // the program whose function it replaces; 0 where the kernel does not tell, before 5.13
	Function uint32 // the function, as the id of a type in the target's BTF
}

// ExtensionLinks returns the links of all extension programs in the kernel, by ascending id.
func ExtensionLinks() ([]ExtensionLink, error) {
	all, err := idsOfType(KindLink, unix.BPF_LINK_TYPE_TRACING)
	if err != nil {
		return nil, err
	}
	var found []ExtensionLink
	for _, id := range all {
		in, err := linkInfo(id)
		if errors.Is(err, ErrNoSuchObject) {
			continue // gone since
		}
		if err != nil {
			return nil, err
		}
		facts, err := Program(in.program)
		if err != nil && !errors.Is(err, ErrNoSuchObject) {
			return nil, err
		}
		if facts.Type == "ext" {
			found = append(found,
				ExtensionLink{ID: id, Program: in.program, Target: in.of[1], Function: in.of[2]})
		}
	}
	return found, nil
}

// linkFacts is the start of struct bpf_link_info (include/uapi/linux/bpf.h).
type linkFacts struct {
	_, _    uint32 // type and id
	program uint32
	_       uint32
	of      [4]uint32 // of XDP: ifindex; of tracing: attach type, target and its type's id
	_       [24]uint32
}

func linkInfo(id uint32) (in linkFacts, err error) {
	f, err := open(KindLink, id)
	if err != nil {
		return in, err
	}
	defer f.Close()
	return in, info(f, &in)
}

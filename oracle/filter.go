// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/binary"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Of a message about a filter (include/uapi/linux/rtnetlink.h, pkt_sched.h and pkt_cls.h).
const (
	sizeofTcmsg = 20         // struct tcmsg: family, ifindex, handle, parent, info
	tcIngress   = 0xfffffff2 // TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
	tcaOptions  = 2
	tcaBPFID    = 11
)

// Classifiers returns the ids of the programs that filters of kind bpf run at the ingress of the
// interface of that index, in the network namespace of the calling thread.
func Classifiers(ifindex int) ([]uint32, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("ask for filters: %w", err)
	}
	defer unix.Close(fd)
	request := make([]byte, unix.SizeofNlMsghdr+sizeofTcmsg)
	binary.NativeEndian.PutUint32(request, uint32(len(request)))
	binary.NativeEndian.PutUint16(request[4:], unix.RTM_GETTFILTER)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	binary.NativeEndian.PutUint32(request[unix.SizeofNlMsghdr+4:], uint32(ifindex))
	binary.NativeEndian.PutUint32(request[unix.SizeofNlMsghdr+12:], tcIngress)
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, fmt.Errorf("ask for filters: %w", err)
	}
	var programs []uint32
	answer := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(fd, answer, 0)
		if err != nil {
			return nil, fmt.Errorf("ask for filters: %w", err)
		}
		messages, err := syscall.ParseNetlinkMessage(answer[:n])
		if err != nil {
			return nil, fmt.Errorf("ask for filters: %w", err)
		}
		for _, m := range messages {
			switch m.Header.Type {
			case unix.NLMSG_DONE:
				return programs, nil
			case unix.NLMSG_ERROR:
				if len(m.Data) < 4 {
					return nil, fmt.Errorf("ask for filters: an error of %d bytes", len(m.Data))
				}
				return nil, fmt.Errorf("ask for filters of interface %d: %w", ifindex,
					unix.Errno(-int32(binary.NativeEndian.Uint32(m.Data))))
			case unix.RTM_NEWTFILTER:
				programs = append(programs, classifiersIn(m.Data)...)
			}
		}
	}
}

// classifiersIn returns the programs of a message about a filter.
func classifiersIn(message []byte) (programs []uint32) {
	if len(message) < sizeofTcmsg {
		return nil
	}
	for _, a := range nestedAttributes(message[sizeofTcmsg:]) {
		if a.kind != tcaOptions {
			continue
		}
		for _, option := range nestedAttributes(a.value) {
			if option.kind == tcaBPFID && len(option.value) == 4 {
				programs = append(programs, binary.NativeEndian.Uint32(option.value))
			}
		}
	}
	return programs
}

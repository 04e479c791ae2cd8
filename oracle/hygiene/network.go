// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// network views what rtnetlink lists of the network namespace that the watch began in: devices,
// addresses, routes, qdiscs and filters. It sees them as the kernel's own messages.
type network struct {
	socket  int
	answer  []byte
	queues  []queue // that can have filters, of the last look
	request []byte
}

// A queue is a place that filters can be at: a qdisc, or one end of clsact.
type queue struct{ device, parent uint32 }

func openNetwork() (view, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink: %w", err)
	}
	return &network{socket: fd, answer: make([]byte, 64<<10)}, nil
}

func (n *network) keeps() []int { return []int{n.socket} }

// What is asked for beside the type of messages (include/uapi/linux/if_link.h, rtnetlink.h).
const (
	skipStatistics = 1 << 3 // RTEXT_FILTER_SKIP_STATS
	dumpInvisible  = 10     // TCA_DUMP_INVISIBLE: qdiscs that were not asked for too
)

func (n *network) read(b []byte) ([]byte, error) {
	var body [24]byte
	attribute := func(size int, kind uint16, value []byte) []byte { // a header of zeros, one attribute
		header := append(body[:0:0], make([]byte, size)...)
		header = binary.NativeEndian.AppendUint16(header, uint16(unix.SizeofRtAttr+len(value)))
		return append(binary.NativeEndian.AppendUint16(header, kind), value...)
	}
	mask := binary.NativeEndian.AppendUint32(nil, skipStatistics)
	start := 0
	for _, dump := range []struct {
		kind uint16
		body []byte
	}{
		{unix.RTM_GETLINK, attribute(unix.SizeofIfInfomsg, unix.IFLA_EXT_MASK, mask)},
		{unix.RTM_GETADDR, body[:unix.SizeofIfAddrmsg]},
		{unix.RTM_GETROUTE, body[:unix.SizeofRtMsg]},
		{unix.RTM_GETQDISC, attribute(sizeofTCMsg, dumpInvisible, nil)},
	} {
		start = len(b)
		var err error
		if b, err = n.dump(b, dump.kind, dump.body); err != nil {
			return b, err
		}
	}
	var err error
	if n.queues, err = filterable(n.queues[:0], b[start:]); err != nil {
		return b, err
	}
	for _, q := range n.queues {
		binary.NativeEndian.PutUint32(body[tcDevice:], q.device)
		binary.NativeEndian.PutUint32(body[tcParent:], q.parent)
		if b, err = n.dump(b, unix.RTM_GETTFILTER, body[:sizeofTCMsg]); err != nil {
			return b, err
		}
	}
	return b, nil
}

// Of struct tcmsg (include/uapi/linux/rtnetlink.h).
const (
	sizeofTCMsg = 20
	tcDevice    = 4
	tcHandle    = 8
	tcParent    = 12
	tcInfo      = 16 // priority and protocol of a filter
)

// The handle of clsact and of ingress, and the parents of the filters at clsact's ends
// (include/uapi/linux/pkt_sched.h).
const (
	clsact  = 0xffff0000
	ingress = 0xfffffff2
	egress  = 0xfffffff3
)

// filterable appends the places that filters can be at, of a dump of qdiscs. A qdisc without a
// handle, such as the noqueue of every virtual device, takes none.
func filterable(queues []queue, dump []byte) ([]queue, error) {
	err := messages(dump, func(m message) error {
		if len(m.body) < sizeofTCMsg {
			return fmt.Errorf("a qdisc of %d bytes", len(m.body))
		}
		device := binary.NativeEndian.Uint32(m.body[tcDevice:])
		switch handle := binary.NativeEndian.Uint32(m.body[tcHandle:]); handle {
		case 0:
		case clsact:
			queues = append(queues, queue{device, ingress}, queue{device, egress}, queue{device, handle})
		default:
			queues = append(queues, queue{device, handle})
		}
		return nil
	})
	return queues, err
}

// errInterrupted reports that what was dumped changed meanwhile.
var errInterrupted = errors.New("rtnetlink: what is listed changes all the time")

// dump appends all messages of the answer to a request for a dump. A device that went meanwhile has
// nothing.
func (n *network) dump(b []byte, kind uint16, body []byte) ([]byte, error) {
	n.request = binary.NativeEndian.AppendUint32(n.request[:0], uint32(unix.SizeofNlMsghdr+len(body)))
	n.request = binary.NativeEndian.AppendUint16(n.request, kind)
	n.request = binary.NativeEndian.AppendUint16(n.request, unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	n.request = append(n.request, make([]byte, 8)...) // sequence, sender
	n.request = append(n.request, body...)
	const tries = 10
	for range tries {
		if err := n.send(); err != nil {
			return b, err
		}
		all, err := n.receive(b)
		if errors.Is(err, errInterrupted) {
			continue
		}
		if errors.Is(err, unix.ENODEV) {
			return b, nil
		}
		if err != nil {
			return b, fmt.Errorf("rtnetlink: list of type %d: %w", kind, err)
		}
		return all, nil
	}
	return b, errInterrupted
}

func (n *network) send() error {
	for {
		err := unix.Sendto(n.socket, n.request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// receive appends messages up to the one that says that they are all.
func (n *network) receive(b []byte) ([]byte, error) {
	var trouble error
	for {
		length, _, errno := unix.Syscall6(unix.SYS_RECVFROM, uintptr(n.socket),
			uintptr(unsafe.Pointer(unsafe.SliceData(n.answer))), uintptr(len(n.answer)),
			unix.MSG_TRUNC, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return b, errno
		}
		if int(length) > len(n.answer) {
			return b, fmt.Errorf("an answer of %d bytes in one piece", length)
		}
		done := false
		err := messages(n.answer[:length], func(m message) error {
			if m.interrupted {
				trouble = errInterrupted
			}
			switch m.kind {
			case unix.NLMSG_DONE:
				done = true
			case unix.NLMSG_ERROR:
				done = true
				if len(m.body) < 4 {
					return errors.New("an error without a number")
				}
				if code := int32(binary.NativeEndian.Uint32(m.body)); code < 0 {
					trouble = unix.Errno(-code)
				}
			default:
				b = append(b, m.raw...)
			}
			return nil
		})
		if err != nil {
			return b, err
		}
		if done {
			return b, trouble
		}
	}
}

// A message is one of rtnetlink's.
type message struct {
	kind        uint16
	interrupted bool
	body, raw   []byte
}

// messages calls visit with all messages.
func messages(all []byte, visit func(message) error) error {
	for len(all) >= unix.SizeofNlMsghdr {
		length := uint64(binary.NativeEndian.Uint32(all))
		if length < unix.SizeofNlMsghdr || length > uint64(len(all)) {
			return fmt.Errorf("a message of %d bytes in %d", length, len(all))
		}
		err := visit(message{
			kind:        binary.NativeEndian.Uint16(all[4:]),
			interrupted: binary.NativeEndian.Uint16(all[6:])&unix.NLM_F_DUMP_INTR != 0,
			body:        all[unix.SizeofNlMsghdr:length], raw: all[:min(align(length), uint64(len(all)))],
		})
		if err != nil {
			return err
		}
		all = all[min(align(length), uint64(len(all))):]
	}
	return nil
}

// align rounds up to the next message or attribute.
func align(n uint64) uint64 { return (n + 3) &^ 3 }

func (n *network) things(seen []byte) ([]thing, error) {
	var all []thing
	err := messages(seen, func(m message) error {
		read, found := readers[m.kind]
		if !found {
			return fmt.Errorf("rtnetlink: a message of type %d", m.kind)
		}
		if len(m.body) < read.header {
			return fmt.Errorf("rtnetlink: a message of type %d with %d bytes", m.kind, len(m.body))
		}
		attributes, err := parseAttributes(m.body[read.header:])
		if err != nil {
			return err
		}
		all = append(all, read.thing(m.body[:read.header], attributes))
		return nil
	})
	return unique(all), err
}

// unique gives things that are alike in all but their place a number, so that each is told from the
// others: a kernel lists a filter of several parts as several.
func unique(all []thing) []thing {
	seen := make(map[string]int)
	for i, t := range all {
		id := t.id()
		if seen[id]++; seen[id] > 1 {
			all[i].key = fmt.Sprintf("%s\x00%d", id, seen[id])
		}
	}
	return slices.Clip(all)
}

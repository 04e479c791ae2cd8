// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// An extension is a program that stands in the place of a function of another, by a link.
type extension struct {
	link     link.ID
	program  ebpf.ProgramID
	function btf.TypeID // of the target
}

// kernelLinks hold what the kernel's links say of chains.
type kernelLinks struct {
	extensions map[ebpf.ProgramID][]extension // by target
	interfaces map[int]link.ID                // links that hold an interface, by its index
}

// readLinks reads the links of the whole kernel. Links may go while they are read; one that is just
// being made is waited for: the kernel has its id before the link does anything, answers EAGAIN
// (bpf_link_by_id), and tells no one when that is over. Before Linux 5.13 the kernel does not say
// what a link's target is (441e8c66b23e, "bpf: Return target info when a tracing bpf_link is
// queried"), and there are no extensions.
func readLinks() (*kernelLinks, error) {
	const patience, pause = time.Second, time.Millisecond
	found := &kernelLinks{make(map[ebpf.ProgramID][]extension), make(map[int]link.ID)}
	after := link.ID(0)
	for start := time.Now(); ; {
		last, err := found.readAfter(after)
		if !errors.Is(err, syscall.EAGAIN) || last == after && time.Since(start) > patience {
			return found, err
		}
		if last != after {
			after, start = last, time.Now()
		}
		time.Sleep(pause)
	}
}

// readAfter reads the links with larger ids than one, and returns the last that it has read.
func (k *kernelLinks) readAfter(after link.ID) (link.ID, error) {
	all := &link.Iterator{ID: after}
	defer all.Close()
	for all.Next() {
		info, err := all.Link.Info()
		if err != nil {
			return after, fmt.Errorf("ask for link %d: %w", all.ID, err)
		}
		after = all.ID
		if t := info.Tracing(); t != nil && t.TargetObjectId != 0 {
			target := ebpf.ProgramID(t.TargetObjectId)
			k.extensions[target] = append(k.extensions[target],
				extension{info.ID, info.Program, btf.TypeID(t.TargetBtfId)})
		}
		if x := info.XDP(); x != nil && x.Ifindex != 0 {
			k.interfaces[int(x.Ifindex)] = info.ID
		}
	}
	return after, all.Err()
}

// slots returns the extensions of a dispatcher by the slots that they are in. What is no extension,
// such as a program that traces the dispatcher, is left out.
func (k *kernelLinks) slots(dispatcher ebpf.ProgramID, types *btf.Spec) (map[int]extension, error) {
	found := make(map[int]extension)
	for _, e := range k.extensions[dispatcher] {
		is, err := isExtension(e.program)
		if err != nil {
			return nil, err
		}
		t, err := types.TypeByID(e.function)
		if !is || err != nil {
			continue
		}
		f, is := t.(*btf.Func)
		if !is {
			continue
		}
		if f.Name == dispatcherName {
			found[0] = e
		} else if number, is := strings.CutPrefix(f.Name, "prog"); is {
			if slot, err := strconv.Atoi(number); err == nil {
				found[slot] = e
			}
		}
	}
	return found, nil
}

// isExtension reports whether a program is one that stands in another's place. One that is gone is
// none.
func isExtension(id ebpf.ProgramID) (bool, error) {
	p, err := ebpf.NewProgramFromID(id)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open program %d: %w", id, err)
	}
	defer p.Close()
	return p.Type() == ebpf.Extension, nil
}

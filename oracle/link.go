// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// LinkFacts holds what the kernel keeps of a link.
type LinkFacts struct {
	Type    string // the kernel's name without BPF_LINK_TYPE_, lower case: "tracing"
	Program uint32 // id; 0 for a structure's link
	Map     uint32 // id of the structure's map; 0 for any other link
	Ifindex uint32 // of the interface; 0 for none
	Cgroup  uint64 // id, which is the inode of its folder; 0 for none

	// Target says what the program is attached to, or how it is to the interface or cgroup:
	// "trace_fentry do_nanosleep", "tcx_ingress". It is "" where there is no more to tell, and
	// where the kernel does not tell, as kernels before 6.6 of kprobes and tracepoints.
	Target string
}

// Link asks the kernel about the link of that id. The error wraps [ErrNoSuchObject] if it does not
// exist.
func Link(id uint32) (LinkFacts, error) {
	f, err := open(KindLink, id)
	if err != nil {
		return LinkFacts{}, err
	}
	defer f.Close()
	var in linkInfoWords
	if err := info(f, &in); err != nil {
		return LinkFacts{}, err
	}
	facts := LinkFacts{Type: linkTypeName(in.typ), Program: in.program}
	of := in.of
	switch in.typ {
	case unix.BPF_LINK_TYPE_RAW_TRACEPOINT, unix.BPF_LINK_TYPE_ITER:
		facts.Target, err = linkName(f, nameOfLink)
	case unix.BPF_LINK_TYPE_TRACING:
		facts.Target, err = tracingTarget(of[0], of[1], of[2])
	case unix.BPF_LINK_TYPE_CGROUP:
		facts.Cgroup, facts.Target = uint64(of[0])|uint64(of[1])<<32, attachTypeName(of[2])
	case unix.BPF_LINK_TYPE_NETNS:
		facts.Target = fmt.Sprintf("%s of network namespace %d", attachTypeName(of[1]), of[0])
	case unix.BPF_LINK_TYPE_XDP:
		facts.Ifindex = of[0]
	case unix.BPF_LINK_TYPE_TCX:
		facts.Ifindex, facts.Target = of[0], attachTypeName(of[1])
	case unix.BPF_LINK_TYPE_STRUCT_OPS:
		facts.Map = of[0]
	case unix.BPF_LINK_TYPE_KPROBE_MULTI:
		facts.Target = fmt.Sprintf("%d functions", of[2])
	case unix.BPF_LINK_TYPE_PERF_EVENT:
		facts.Target, err = perfEventTarget(f, of[0])
	}
	return facts, err
}

// linkInfoWords is struct bpf_link_info of include/uapi/linux/bpf.h, in numbers of 32 bits.
type linkInfoWords struct {
	typ, _, program, _ uint32
	of                 [28]uint32 // depends on the type
}

// Where in a link's info the pointer to a name is, and its size after it: in numbers of 32 bits.
const (
	nameOfLink      = 0 // raw_tracepoint.tp_name, iter.target_name
	nameOfPerfEvent = 2 // perf_event.kprobe.func_name, .tracepoint.tp_name
)

// linkName asks for a link's info again, with room for a name.
func linkName(f *os.File, at int) (string, error) {
	var in linkInfoWords
	var text [256]byte
	var pinned runtime.Pinner // the kernel gets the address as a number, which the runtime ignores
	defer pinned.Unpin()
	pinned.Pin(&text)
	address := uint64(uintptr(unsafe.Pointer(&text)))
	in.of[at], in.of[at+1], in.of[at+2] = uint32(address), uint32(address>>32), uint32(len(text))
	if err := info(f, &in); err != nil {
		return "", fmt.Errorf("ask for a name: %w", err)
	}
	return unix.ByteSliceToString(text[:]), nil
}

// perfEvents holds the names of enum bpf_perf_event_type, by number. Kernels before 6.6 leave the
// number 0.
var perfEvents = [...]string{"", "uprobe", "uretprobe", "kprobe", "kretprobe", "tracepoint", "event"}

// perfEventTarget says what the perf event of a link is about.
func perfEventTarget(f *os.File, event uint32) (string, error) {
	switch event {
	case unix.BPF_PERF_EVENT_KPROBE, unix.BPF_PERF_EVENT_KRETPROBE, unix.BPF_PERF_EVENT_TRACEPOINT,
		unix.BPF_PERF_EVENT_UPROBE, unix.BPF_PERF_EVENT_URETPROBE:
		name, err := linkName(f, nameOfPerfEvent)
		return perfEvents[event] + " " + name, err
	}
	return nameOf(perfEvents[:], event), nil
}

// tracingTarget says what a program of tracing is attached to: a function of the kernel's types, or
// of a module's. Before 5.13 the kernel tells the type of attachment alone.
func tracingTarget(attachType, object, id uint32) (string, error) {
	how := attachTypeName(attachType)
	if object == 0 || id == 0 {
		return how, nil
	}
	name, err := typeOfBTF(object, id)
	if errors.Is(err, ErrNoSuchObject) {
		return fmt.Sprintf("%s function %d of program %d", how, id, object), nil
	}
	return how + " " + name, err
}

// typeOfBTF returns the name of a type in the BTF of that id, which is the kernel's or a module's.
// The error wraps [ErrNoSuchObject] if it is neither.
func typeOfBTF(object, id uint32) (string, error) {
	handle, err := btf.NewHandleFromID(btf.ID(object))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("BTF %d: %w", object, ErrNoSuchObject)
	}
	if err != nil {
		return "", fmt.Errorf("BTF %d: %w", object, err)
	}
	defer handle.Close()
	about, err := handle.Info()
	if err != nil {
		return "", fmt.Errorf("BTF %d: %w", object, err)
	}
	if !about.IsKernel {
		return "", fmt.Errorf("kernel's BTF %d: %w", object, ErrNoSuchObject)
	}
	types, err := kernelBTF()
	if err == nil && about.IsModule() {
		types, err = splitBTF(about.Name, types)
	}
	if err != nil {
		return "", fmt.Errorf("types of %s: %w", about.Name, err)
	}
	found, err := types.TypeByID(btf.TypeID(id))
	if err != nil {
		return "", fmt.Errorf("types of %s: %w", about.Name, err)
	}
	return found.TypeName(), nil
}

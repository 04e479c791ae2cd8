// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

//go:generate dispatcher/build.sh

// objects are the dispatchers, by version and byte order.
//
//go:embed dispatcher/*.o
var objects embed.FS

// dispatcherName names the dispatcher's program, by which libxdp knows it.
const dispatcherName = "xdp_dispatcher"

// flagFrags says that an XDP program takes packets of several buffers (BPF_F_XDP_HAS_FRAGS).
const flagFrags = 1 << 5

// openDispatcher opens the dispatcher of a configuration's version, with that in it.
func openDispatcher(c *config) (*loaderimpl.Object, error) {
	data, err := objects.ReadFile(fmt.Sprintf("dispatcher/dispatcher.v%d.%s.o", c.version,
		byteOrder()))
	if err != nil {
		return nil, fmt.Errorf("dispatcher of version %d: %w", c.version, err)
	}
	object, err := loaderimpl.OpenBytes(data, loaderimpl.Options{Name: dispatcherName})
	if err != nil {
		return nil, err
	}
	if err := object.Variable("conf").Set(c.encode(binary.NativeEndian)); err != nil {
		return nil, err
	}
	if !c.frags {
		return object, nil
	}
	kind := object.Program(dispatcherName).Kind()
	kind.Flags |= flagFrags
	return object, object.Program(dispatcherName).SetKind(kind)
}

// byteOrder returns clang's name for this machine's.
func byteOrder() string {
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		return "bpfeb"
	}
	return "bpfel"
}

// loadDispatcher loads a dispatcher. Where the kernel does not know packets of several buffers
// (before Linux 5.18) the configuration says so afterwards.
func loadDispatcher(c *config) (*ebpf.Program, error) {
	program, err := tryDispatcher(c)
	if c.frags && errors.Is(err, syscall.EINVAL) {
		c.frags = false
		program, err = tryDispatcher(c)
	}
	return program, err
}

func tryDispatcher(c *config) (*ebpf.Program, error) {
	object, err := openDispatcher(c)
	if err != nil {
		return nil, err
	}
	loaded, err := object.Load(loaderimpl.LoadOptions{})
	if err != nil {
		return nil, err
	}
	program := loaded.Programs[dispatcherName]
	delete(loaded.Programs, dispatcherName)
	return program, loaded.Close()
}

// slotFunction returns the function of a dispatcher that the program in a slot stands for. A chain
// of one program has it in the place of the whole dispatcher, as in libxdp: nothing is left to
// decide then.
func slotFunction(slot, of int) string {
	if of == 1 {
		return dispatcherName
	}
	return fmt.Sprintf("prog%d", slot)
}

// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// Why a chain cannot be read or changed. Test for them with [errors.Is].
var (
	// ErrNone: there is no XDP program on the interface.
	ErrNone = errors.New("there is no chain on the interface")
	// ErrForeign: the program on the interface is no dispatcher. See [ForeignError].
	ErrForeign = errors.New("the XDP program on the interface is no dispatcher: take it off first")
	// ErrConfig: the dispatcher's configuration is none that is known.
	ErrConfig = errors.New("the configuration of the dispatcher cannot be read")
	// ErrFull: the chain would have more programs than a dispatcher calls.
	ErrFull = fmt.Errorf("a chain has at most %d programs", Slots)
	// ErrNotInChain: the chain does not have the program.
	ErrNotInChain = errors.New("the chain has no such program")
	// ErrUnreadable: the kernel does not tell which programs are in the chain (before Linux 5.13),
	// and the pins that say it are gone.
	ErrUnreadable = errors.New("the pins of the chain are gone, and the kernel does not tell which " +
		"programs are in it")
	// ErrProgram: the object has no XDP program for a chain, or several and none was named.
	ErrProgram = errors.New("the object has no such program for a chain")
	// ErrNotXDP: the program is there, and is of another type, or for a map.
	ErrNotXDP = errors.New("no program that an interface runs: want an XDP program of section xdp")
	// ErrRunConfig: a run configuration in an object cannot be read.
	ErrRunConfig = errors.New("bad run configuration (.xdp_run_config)")
	// ErrAction: no verdict of XDP has the name.
	ErrAction = errors.New("no verdict of XDP")
	// ErrBPFFS: there is no bpffs for the pins.
	ErrBPFFS = errors.New("no bpffs is mounted there: mount -t bpf bpf FOLDER")
	// ErrMode: the chain runs in another mode, or is attached in another way, than was asked for.
	ErrMode = errors.New("the chain on the interface is attached otherwise: take it off first")
	// ErrBusy: others changed the chain again and again while a new one was made.
	ErrBusy = errors.New("others keep changing the program of the interface")
)

// A ForeignError names the program on an interface that is no dispatcher. It wraps [ErrForeign].
type ForeignError struct {
	ID   ebpf.ProgramID
	Name string // as the kernel has it: at most 15 bytes
	Mode loaderimpl.XDPMode
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("program %d (%s, %v): %v", e.ID, e.Name, e.Mode, ErrForeign)
}

// Unwrap returns [ErrForeign].
func (e *ForeignError) Unwrap() error { return ErrForeign }

// SPDX-License-Identifier: Apache-2.0

package run

import (
	"io"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// A Shell lets a person look at a spec that did not pass, in its guest, before anything is given
// up.
type Shell struct {
	Archive string // file with the shell's commands, for the guests' image
	Order   string // in JSON, as package wire has it
	// told what the console says; nil for none
	Console io.Writer

	// Began is called when the shell begins, with the machine that it is in; Said with what a
	// script prints; Ended when it ended, with how. They are called from one goroutine.
	Began func(*machine.VM)
	Said  func(stdout, stderr []byte)
	Ended func(how string)
}

// hear passes on a record of the shell.
func (s *Shell) hear(vm *machine.VM, r record.Shell) {
	switch {
	case r.Begins:
		s.Began(vm)
	case r.Ended != "":
		s.Ended(r.Ended)
	default:
		s.Said(r.Stdout, r.Stderr)
	}
}

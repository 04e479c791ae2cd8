// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// attachXDP puts a program on an interface, by a link unless the request says otherwise.
func (s *session) attachXDP(q loader.Attach) loader.Reply {
	mode, known := modes[q.Mode]
	switch {
	case s.loaded == nil:
		return &loader.Error{Message: "the session is not loaded"}
	case !known:
		return &loader.Unsupported{Feature: loader.Feature("mode/" + q.Mode), Reason: notYet}
	case q.By == loader.ByLink && q.Replaces != "":
		return &loader.Unsupported{Feature: "replaces",
			Reason: "a link takes an interface that has no program"}
	}
	program, err := s.loaded.Program(q.Program)
	if err != nil {
		return rejected(err)
	}
	switch {
	case q.By == loader.ByNetlink || q.Replaces != "":
		return s.setXDP(q, mode, program)
	case q.By != "" && q.By != loader.ByLink:
		return &loader.Unsupported{Feature: loader.Feature("by/" + q.By), Reason: notYet}
	}
	made, err := loaderimpl.LinkXDP(q.Ifindex, mode, program)
	if err != nil {
		return rejected(err)
	}
	info, err := made.Info()
	if err != nil {
		return &loader.Error{Message: fmt.Sprintf("ask for link: %v; %v", err, made.Close())}
	}
	return &loader.OK{Handle: s.keep(made), LinkID: uint32(info.ID)}
}

// setXDP puts a program on an interface by netlink.
func (s *session) setXDP(q loader.Attach, mode loaderimpl.XDPMode, program *ebpf.Program) loader.Reply {
	var expected *ebpf.Program
	if q.Replaces != "" {
		pinned, err := ebpf.LoadPinnedProgram(q.Replaces, nil)
		if err != nil {
			class, errno := kernelClass(err)
			return &loader.Rejected{Stage: loader.AtAttach, Class: class, Errno: errno,
				Message: err.Error()}
		}
		defer pinned.Close()
		expected = pinned
		if mode == loaderimpl.XDPDefault {
			if mode, err = modeOf(q.Ifindex, pinned); err != nil {
				return rejected(err)
			}
		}
	}
	if err := loaderimpl.SetXDP(q.Ifindex, mode, program, expected); err != nil {
		return rejected(err)
	}
	return &loader.OK{Handle: s.keep(&onInterface{q.Ifindex, program})}
}

// modeOf returns the mode in which an interface runs a program, and the default if it does not.
func modeOf(ifindex int, program *ebpf.Program) (loaderimpl.XDPMode, error) {
	id, err := programID(program)
	if err != nil {
		return 0, err
	}
	on, err := loaderimpl.XDPOn(ifindex)
	if err != nil {
		return 0, err
	}
	for mode, there := range on {
		if there == ebpf.ProgramID(id) {
			return mode, nil
		}
	}
	return loaderimpl.XDPDefault, nil
}

// An onInterface holds a program that netlink put on an interface. It stays there when its session
// is closed.
type onInterface struct {
	ifindex int
	program *ebpf.Program
}

// Close takes the program off, and no other.
func (o *onInterface) Close() error {
	mode, err := modeOf(o.ifindex, o.program)
	if err != nil {
		return err
	}
	return loaderimpl.SetXDP(o.ifindex, mode, nil, o.program)
}

// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// runSection has the run configurations of an object's programs, in types only: a variable _PROGRAM
// for each, of a struct whose members point to arrays, and what they say is how many elements those
// have.
const runSection = ".xdp_run_config"

// defaultPriority has a program in the middle, as in libxdp.
const defaultPriority = 50

// A runConfig says when a program of a chain is called, and what comes after it.
type runConfig struct {
	priority uint32 // smaller is earlier
	actions  Actions
}

// readRunConfig reads the run configuration of a program from its types. Where there is none it
// returns the default.
func readRunConfig(types *btf.Spec, program string) (runConfig, error) {
	run := runConfig{defaultPriority, defaultActions}
	members, err := runMembers(types, program)
	if err != nil {
		return run, err
	}
	for _, m := range members {
		n, err := lengthOf(m.Type)
		if err != nil {
			return run, fmt.Errorf("%s of %s: %w", m.Name, program, err)
		}
		if m.Name == "priority" {
			run.priority = n
			continue
		}
		action, err := ParseActions([]string{m.Name})
		if err != nil || !strings.HasPrefix(m.Name, "XDP_") {
			return run, fmt.Errorf("%s of %s: %w: members are priority and XDP_PASS and its like",
				m.Name, program, ErrRunConfig)
		}
		if run.actions &^= action; n != 0 {
			run.actions |= action
		}
	}
	return run, nil
}

// runMembers returns the members of a program's run configuration, none where it has none.
func runMembers(types *btf.Spec, program string) ([]btf.Member, error) {
	if types == nil {
		return nil, nil
	}
	var section *btf.Datasec
	switch err := types.TypeByName(runSection, &section); {
	case errors.Is(err, btf.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrRunConfig, err)
	}
	for _, v := range section.Vars {
		variable, is := v.Type.(*btf.Var)
		if !is || variable.Name != "_"+program {
			continue
		}
		s, is := btf.UnderlyingType(variable.Type).(*btf.Struct)
		if !is {
			return nil, fmt.Errorf("%s is no struct: %w", variable.Name, ErrRunConfig)
		}
		return s.Members, nil
	}
	return nil, nil
}

// lengthOf returns a number that is written as a pointer to an array of so many elements.
func lengthOf(t btf.Type) (uint32, error) {
	pointer, is := btf.UnderlyingType(t).(*btf.Pointer)
	if !is {
		return 0, fmt.Errorf("it is no pointer to an array: %w", ErrRunConfig)
	}
	array, is := btf.UnderlyingType(pointer.Target).(*btf.Array)
	if !is {
		return 0, fmt.Errorf("it is no pointer to an array: %w", ErrRunConfig)
	}
	return array.Nelems, nil
}

// wholeName returns the name of a program's function. The kernel keeps 15 bytes of it, and the
// program's types have all.
func wholeName(types *btf.Spec, kept string) string {
	const most = 15
	if len(kept) < most || types == nil {
		return kept
	}
	for t, err := range types.All() {
		if f, is := t.(*btf.Func); err == nil && is && strings.HasPrefix(f.Name, kept) {
			return f.Name
		}
	}
	return kept
}

// dispatcherVersion returns the version in a dispatcher's types, 0 for none: a variable in section
// xdp_metadata, written like a run configuration's member.
func dispatcherVersion(types *btf.Spec) int {
	var section *btf.Datasec
	if types.TypeByName("xdp_metadata", &section) != nil {
		return 0
	}
	for _, v := range section.Vars {
		if variable, is := v.Type.(*btf.Var); is && variable.Name == "dispatcher_version" {
			if n, err := lengthOf(variable.Type); err == nil {
				return int(n)
			}
		}
	}
	return 0
}

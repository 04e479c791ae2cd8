// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A binder has programs hold the object's read-only data, so that it lives as long as they do and
// is found by them: metadata that no instruction refers to. The kernel does so by itself with what
// instructions refer to.
type binder struct {
	has  func() bool                    // whether the kernel binds maps
	bind func(program, mapFD int) error // binds one; no error where the program holds the map
}

// bindAll binds each map of read-only data to each program, as libbpf does (bpf_object_load_prog).
// The first error says why nothing was bound although something should have been: the kernel cannot
// do it, which is no reason to refuse the object.
func (b binder) bindAll(loads []*mapLoad, programs map[string]*ebpf.Program) (unbound, err error) {
	var data []*mapLoad
	for _, m := range loads {
		if m.kernel != nil && m.def.Bound() {
			data = append(data, m)
		}
	}
	if len(data) == 0 || len(programs) == 0 {
		return nil, nil
	}
	if !b.has() {
		return refuse.ErrBind, nil
	}
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		for _, m := range data {
			if err := b.bind(programs[name].FD(), m.kernel.FD()); err != nil {
				return nil, refuse.At(refuse.StageLoad, m.def.Section, name,
					fmt.Errorf("bind %s: %w", m.def.Name, explainBind(err)))
			}
		}
	}
	return nil, nil
}

// explainBind explains BPF_PROG_BIND_MAP (bpf_prog_bind_map).
func explainBind(err error) error {
	if errors.Is(err, syscall.ENOMEM) {
		return hint(err, "no memory for one map more: raise the limit of the cgroup")
	}
	return explainDescriptors(err)
}

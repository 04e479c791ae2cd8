// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/externs"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// makesConfig reports whether the load makes the map of options. One that is left out is read by
// no program, and one that is given has its values.
func (r *externResolver) makesConfig() bool {
	for _, m := range r.object.maps {
		if m.def.Source == mapdef.SourceKconfig {
			return m.create && m.existing == nil
		}
	}
	return false
}

// readOptions gives options their values: those that the caller did not give are the running
// kernel's. An option that is weak, or that no program of the load uses, may be missing, and is 0
// then.
func (r *externResolver) readOptions(used []bool) {
	ofConfig, ofLoader := r.config.Missing()
	for _, i := range ofLoader {
		err := r.setOption(i)
		if err != nil && used[i] {
			r.fail(i, err)
		}
	}
	if len(ofConfig) == 0 {
		return
	}
	config, unread := r.kernel.Config()
	if unread == nil {
		if err := r.config.ReadKernel(config); err != nil {
			r.failed = append(r.failed, externFailure{section: externs.ConfigSection,
				err: fmt.Errorf("the running kernel's configuration: %w", err)})
			return
		}
		ofConfig, _ = r.config.Missing()
	}
	for _, i := range ofConfig {
		switch {
		case r.object.externs.Externs[i].Weak || !used[i]:
		case unread != nil:
			r.fail(i, fmt.Errorf("%w: %w", refuse.ErrNoConfig, unread))
		default:
			r.fail(i, refuse.ErrNoOption)
		}
	}
}

// setOption gives an option that no configuration has its value.
func (r *externResolver) setOption(i int) error {
	n, has, err := uint64(0), false, error(nil)
	switch r.object.externs.Externs[i].Name {
	case externs.KernelVersion:
		n, err = r.kernel.Version()
	case externs.HasBPFCookie:
		has, err = r.kernel.HasBPFCookie()
	case externs.HasSyscallWrapper:
		has, err = r.hasSyscallWrapper()
	}
	if err != nil {
		return err
	}
	if has {
		n = 1
	}
	return r.config.SetNumber(i, n)
}

// hasSyscallWrapper reports whether functions of system calls take their arguments from struct
// pt_regs, as the name of one shows (libbpf, probe_kern_syscall_wrapper).
func (r *externResolver) hasSyscallWrapper() (bool, error) {
	symbol := r.kernel.SyscallSymbol()
	if symbol == "" {
		return false, nil
	}
	found, err := r.readSymbols([]string{symbol})
	if err != nil {
		return false, err
	}
	return len(found.Addresses[symbol]) > 0, nil
}

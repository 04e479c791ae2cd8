// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/externs"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// An externKernel is what externs are looked up in: the running kernel, see
// [runningExterns].
type externKernel interface {
	structSource

	// ModuleTypes returns a descriptor of a module's types, and what closes it. The error is
	// [fs.ErrNotExist] if the module is not loaded.
	ModuleTypes(name string) (fd int, closer io.Closer, err error)
	// Config returns the kernel's configuration.
	Config() (*externs.KernelConfig, error)
	// Symbols opens the kernel's list of symbols.
	Symbols() (io.ReadCloser, error)
	// Version returns the kernel's version as KERNEL_VERSION makes it.
	Version() (uint64, error)
	// HasBPFCookie reports whether programs can ask for the cookie that they were attached with.
	HasBPFCookie() (bool, error)
	// SyscallSymbol names the function of a system call on a kernel whose system calls are wrapped.
	SyscallSymbol() string
}

// An externResolver finds out what the running kernel has for the externs of an object. Nothing is
// asked that no program of the load needs, and no kernel is asked where nothing is extern.
type externResolver struct {
	object *Object
	kernel externKernel
	undo   *undoStack

	config  *externs.Config // what the map of options holds from the start
	symbols []code.Symbol   // by index in the list of externs
	types   []int32         // descriptors of modules' types, by code.Symbol.Index; the first is none

	failed []externFailure
}

// An externFailure says why the load cannot do without an extern.
type externFailure struct {
	section, name string
	err           error
}

// resolveAll finds all externs that programs of the load use. The error names every one that is
// needed and that the kernel does not have.
func (r *externResolver) resolveAll() error {
	list := r.object.externs.Externs
	r.symbols = make([]code.Symbol, len(list))
	r.config = r.object.config.Clone()
	if len(list) == 0 {
		return nil
	}
	used := r.inUse()
	if r.makesConfig() {
		r.readOptions(used)
	}
	r.findAddresses(used)
	r.findTyped(used)
	return r.failure()
}

// inUse says which externs the programs of the load refer to, by index.
func (r *externResolver) inUse() []bool {
	used := make([]bool, len(r.symbols))
	for _, p := range r.object.programs {
		if !p.willLoad() {
			continue
		}
		for _, f := range code.Reached(r.object.functions, p.function) {
			for _, ref := range r.object.functions[f].Refs {
				switch ref.Kind {
				case code.RefSymbol, code.RefKfunc:
					used[ref.Target] = true
				case code.RefData:
					if r.object.maps[ref.Target].def.Source != mapdef.SourceKconfig {
						continue
					}
					if i, ok := r.object.externs.OptionAt(ref.Offset); ok {
						used[i] = true
					}
				}
			}
		}
	}
	return used
}

// fail notes that an extern is needed and cannot be had.
func (r *externResolver) fail(i int, err error) {
	e := &r.object.externs.Externs[i]
	r.failed = append(r.failed, externFailure{e.Section(), e.Name, err})
}

// failure returns what is wrong with all externs, nil for nothing. Those with one reason are named
// together.
func (r *externResolver) failure() error {
	if len(r.failed) == 0 {
		return nil
	}
	var err error
	told := make(map[string]bool)
	for _, f := range r.failed {
		reason := f.err.Error()
		if told[reason] {
			continue
		}
		told[reason] = true
		var names []string
		for _, other := range r.failed {
			if other.err.Error() == reason && other.name != "" {
				names = append(names, other.name)
			}
		}
		one := f.err
		if len(r.failed) > 1 && len(names) > 0 {
			one = fmt.Errorf("%s: %w", strings.Join(names, ", "), f.err)
		}
		if err == nil {
			err = one
		} else {
			err = fmt.Errorf("%w; %w", err, one)
		}
	}
	first := r.failed[0]
	return refuse.At(refuse.StageRelocate, first.section, first.name, err)
}

// findAddresses looks up the symbols without types that are used.
func (r *externResolver) findAddresses(used []bool) {
	var wanted []string
	for i, e := range r.object.externs.Externs {
		if used[i] && e.Kind == externs.Address {
			wanted = append(wanted, e.Name)
		}
	}
	if len(wanted) == 0 {
		return
	}
	found, err := r.readSymbols(wanted)
	for i, e := range r.object.externs.Externs {
		if !used[i] || e.Kind != externs.Address {
			continue
		}
		address, reason := addressOf(e.Name, found, err)
		absent := errors.Is(reason, refuse.ErrNoSymbol) || errors.Is(reason, fs.ErrNotExist)
		switch {
		case reason == nil:
			r.symbols[i] = code.Symbol{Found: true, Address: address}
		case !e.Weak || !absent:
			r.fail(i, reason)
		}
	}
}

// addressOf returns the one address that a list of symbols has for a name.
func addressOf(name string, found *externs.Symbols, unread error) (uint64, error) {
	if unread != nil {
		return 0, unread
	}
	addresses := found.Addresses[name]
	switch {
	case len(addresses) == 0:
		return 0, refuse.ErrNoSymbol
	case found.Hidden:
		return 0, refuse.ErrSymbolsHidden
	}
	for _, a := range addresses[1:] {
		if a != addresses[0] {
			return 0, fmt.Errorf("at %#x and %#x: %w", addresses[0], a, refuse.ErrSeveralSymbols)
		}
	}
	return addresses[0], nil
}

// readSymbols looks for names in the kernel's list of symbols.
func (r *externResolver) readSymbols(names []string) (*externs.Symbols, error) {
	list, err := r.kernel.Symbols()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", refuse.ErrSymbols, err)
	}
	defer list.Close()
	found := externs.NewSymbols(names)
	if _, err := io.CopyBuffer(found, list, make([]byte, 1<<16)); err != nil {
		return nil, fmt.Errorf("%w: %w", refuse.ErrSymbols, err)
	}
	return found, nil
}

// explain returns why the kernel refused a program, if it used an extern that the kernel does not
// have, or one in a way that the kernel does not know. It returns nil for other reasons.
func (r *externResolver) explain(err error, log string, b *code.Body) error {
	for i := range r.symbols {
		if !r.symbols[i].Found && strings.Contains(log, fmt.Sprintf("unknown#%d",
			code.PoisonKfunc+i)) {
			return fmt.Errorf("%s is called: %w", r.object.externs.Externs[i].Name,
				refuse.ErrNoSymbol)
		}
	}
	// What the kernel says is all that tells them apart: each of them has EINVAL.
	reserved := strings.Contains(log, "BPF_CALL uses reserved fields")
	switch calls, ofModule := b.Kfuncs(r.symbols); {
	case ofModule && (reserved || log == "" && errors.Is(err, syscall.E2BIG)):
		return refuse.ErrNoModuleCalls // fd_array came with Linux 5.14, and what is in it later
	case calls && reserved:
		return refuse.ErrNoKfuncs
	case strings.Contains(log, "is used in pseudo_btf_id ldimm64"):
		return refuse.ErrNoModuleTyped
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// LoadOptions change how an object is loaded.
type LoadOptions struct {
	// KernelTypes are the types that CO-RE relocations are made against, in place of the running
	// kernel's and its modules'. Nil stands for those, which are read only if a program has such
	// relocations.
	KernelTypes *Types

	// ExtraTypes are more types that CO-RE relocations may find, such as a driver's: whole ones, or
	// ones that go on from the kernel's (split BTF). A relocation that may mean a type of several
	// of them, or of the kernel, and would differ, is refused, and the error names each.
	ExtraTypes []*Types

	// Choices say which of several types of one name CO-RE relocations mean, by the name of the
	// object's type, such as "xdp_hints". A name with a flavor, "xdp_hints___igb", is of that one
	// alone; one without is of all that have no choice of their own. The error is of [ClassInvalid]
	// for a type that the object does not have, and of [ClassRelocation] where what is chosen is
	// not there, with what is.
	Choices map[string]TypeChoice

	// TokenPath is where a bpffs is mounted whose owner delegated to this process's user namespace
	// what the load takes (delegate_cmds, delegate_maps, delegate_progs, delegate_attachs; Linux
	// 6.9). The load makes a token of it, uses that for everything it makes in the kernel, and
	// closes it. Empty means no token, whatever is mounted where: see docs/reference-loader.md.
	//
	// The error is of [ClassNotInKernel] where the kernel has no tokens, of [ClassInvalid] where
	// the path is not the root of a bpffs, and wraps the kernel's errno otherwise: ENOENT where
	// there is no such path or nothing was delegated, EOPNOTSUPP in the initial user namespace,
	// EPERM where the bpffs is of another one, or does not delegate what the load takes.
	TokenPath string

	// LogLevel says what the verifier logs of programs that it accepts; see [ebpf.ProgramOptions].
	// What it says of a program that it refuses is in the error in any case.
	LogLevel ebpf.LogLevel

	// Then is called at the end of the load, with all that it made, to go on with that: to attach
	// it, say. If it returns an error the load fails with that, and is undone. What is made in it
	// is not undone by the load. It may be nil.
	Then func(*Loaded) error
}

// TypeChoice names a type that CO-RE relocations are made against.
type TypeChoice struct {
	// Source is where the type is from: "vmlinux", "module NAME", or the path that was given to
	// [ReadTypes]. Empty means any.
	Source string

	// Name is that of the type there, with its flavor. Empty means any.
	Name string
}

// Loaded holds what a load made in the kernel. Its maps and programs exist for as long as it is
// open, and longer if they are pinned, attached or in use.
type Loaded struct {
	// Maps and Programs hold those that were not left out, by their names in the object.
	Maps     map[string]*ebpf.Map
	Programs map[string]*ebpf.Program

	// TypesRefused says why maps were made without the types of their keys and values though they
	// have some: the kernel refused them.
	TypesRefused map[string]error

	// VerifierLogs hold what the verifier said of the programs it accepted, by their names, if
	// LoadOptions.LogLevel asked for it.
	VerifierLogs map[string]string

	// Unbound says why read-only data is not bound to the programs, of [ClassNotInKernel]: the
	// kernel cannot. It is nil where all of it is.
	Unbound error

	object  *Object
	structs map[string]*registrable // by name
}

// Close closes all maps and programs.
func (l *Loaded) Close() error {
	var errs []error
	for _, p := range l.Programs {
		errs = append(errs, p.Close())
	}
	for _, m := range l.Maps {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

// Map returns the map of that name in the object. The error is of [ClassNotFound], and names the
// maps that there are, if the object has no such map or it was left out.
func (l *Loaded) Map(name string) (*ebpf.Map, error) {
	if m := l.Maps[name]; m != nil {
		return m, nil
	}
	var err error
	if l.object.Map(name) != nil {
		err = fmt.Errorf("the map was left out: %w", refuse.ErrNotLoaded)
	} else {
		err = fmt.Errorf("maps are %s: %w", listed(slices.Sorted(maps.Keys(l.Maps))),
			refuse.ErrName)
	}
	return nil, export(l.object.name, refuse.At(refuse.StageLoad, "", name, err))
}

// Program returns the program of that name in the object. The error is of [ClassNotFound], and
// names the programs that there are, if the object has no such program or it was left out.
func (l *Loaded) Program(name string) (*ebpf.Program, error) {
	if err := l.checkProgram(name); err != nil {
		return nil, export(l.object.name, refuse.At(refuse.StageLoad, "", name, err))
	}
	return l.Programs[name], nil
}

// checkProgram says why there is no program of that name, and which there are.
func (l *Loaded) checkProgram(name string) error {
	switch {
	case l.Programs[name] != nil:
		return nil
	case l.object.Program(name) != nil:
		return fmt.Errorf("the program was left out: %w", refuse.ErrNotLoaded)
	}
	return fmt.Errorf("programs are %s: %w", listed(slices.Sorted(maps.Keys(l.Programs))),
		refuse.ErrName)
}

// Load makes the object's maps and programs in the kernel. If anything fails, everything that the
// load made is undone, and only that: a map that was pinned before stays, and so does its pin. A
// second load of one object is refused with [ClassInvalid]: see [Object.Clone].
//
// Errors are of type *[Error]. What the kernel refuses wraps its errno; a program that the verifier
// refuses wraps [*VerifierError], which holds its log.
func (o *Object) Load(opts LoadOptions) (*Loaded, error) {
	if o.loaded {
		return nil, export(o.name, refuse.At(refuse.StageLoad, "", "", refuse.ErrLoaded))
	}
	o.loaded = true
	var undo undoStack
	defer undo.end()
	loaded, err := o.load(&opts, &undo)
	if err != nil {
		return nil, export(o.name, undo.undo(err))
	}
	return loaded, nil
}

// load goes through the stages of a load.
func (o *Object) load(opts *LoadOptions, undo *undoStack) (*Loaded, error) {
	if err := o.checkLoad(); err != nil {
		return nil, err
	}
	sys.RaiseMemlock()
	token, err := openToken(opts.TokenPath)
	if err != nil {
		return nil, err
	}
	undo.finally(token.close)
	core := &coreRelocator{object: o, kernelTypes: opts.KernelTypes, extraTypes: opts.ExtraTypes,
		choices: opts.Choices, kernel: runningKernel{}}
	if opts.KernelTypes != nil || len(opts.ExtraTypes) > 0 || len(opts.Choices) > 0 { // wrong ones are refused first
		if err := core.prepare(); err != nil {
			return nil, err
		}
	}
	found := externResolver{object: o, kernel: runningExterns{token: token.descriptor()}, undo: undo}
	if err := found.resolveAll(); err != nil {
		return nil, err
	}
	types := loadTypes(o, token)
	undo.finally(types.close)
	pins := pinner{undo}

	maps := mapMaker{types: types, undo: undo,
		kernelMaps: &sys.KernelMaps{Token: token.descriptor()}, pins: pins,
		config: found.config.Data}
	if err := maps.wantAll(o); err != nil {
		return nil, err
	}
	structs := structFitter{object: o, kernel: runningKernel{}, undo: undo}
	if err := structs.fitAll(maps.maps); err != nil {
		return nil, err
	}
	if err := maps.createAll(); err != nil {
		return nil, err
	}
	programs := programLoader{object: o, logLevel: opts.LogLevel, types: types, maps: maps.maps,
		core: core, places: structs.places, externs: &found, undo: undo}
	if err := programs.loadAll(); err != nil {
		return nil, err
	}
	binding := binder{has: sys.HasBindMap, bind: sys.BindMap}
	unbound, err := binding.bindAll(maps.maps, programs.loaded)
	if err != nil {
		return nil, err
	}
	arrays := arrayFiller{programs: programs.loaded, undo: undo}
	if err := arrays.fillAll(maps.maps); err != nil {
		return nil, err
	}
	if err := pins.replaceAll(maps.maps); err != nil {
		return nil, err
	}
	loaded := &Loaded{
		object: o, Maps: byName(maps.maps), structs: structsOf(maps.maps),
		Programs: programs.loaded, TypesRefused: types.refused, VerifierLogs: programs.logs,
		Unbound: unbound,
	}
	if opts.Then != nil {
		if err := opts.Then(loaded); err != nil {
			return nil, fromHandler(err)
		}
	}
	return loaded, nil
}

// checkLoad finds what is wrong before anything is made.
func (o *Object) checkLoad() error {
	if o.file.Order != objfile.NativeOrder() {
		return refuse.At(refuse.StageLoad, "", "", fmt.Errorf("%v: %w", o.file.Order,
			refuse.ErrByteOrder))
	}
	if err := o.settleTailCalls(); err != nil {
		return err
	}
	for _, p := range o.programs {
		if !p.willLoad() {
			continue
		}
		err := code.Kind(p.kind).Check()
		if err == nil && p.kind.Type == ebpf.Extension {
			err = p.checkTarget()
		}
		if err != nil {
			return refuse.At(refuse.StageLoad, p.section, p.name, err)
		}
	}
	for _, m := range o.maps {
		if err := m.checkPin(); m.create && err != nil {
			return refuse.At(refuse.StagePin, m.def.Section, m.def.Name, err)
		}
	}
	return nil
}

// byName returns the maps in the kernel by their names in the object.
func byName(maps []*mapLoad) map[string]*ebpf.Map {
	found := make(map[string]*ebpf.Map)
	for _, m := range maps {
		if m.kernel != nil {
			found[m.def.Name] = m.kernel
		}
	}
	return found
}

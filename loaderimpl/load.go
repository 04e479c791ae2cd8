// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// LoadOptions change how an object is loaded.
type LoadOptions struct {
	// KernelTypes are the types that CO-RE relocations are made against. The default is the running kernel's own, which are read only if
	// a program has such relocations.
	KernelTypes *btf.Spec

	// ExtraTypes are more types that CO-RE relocations may find, such as a driver's.
	ExtraTypes []*btf.Spec

	// LogLevel is what the verifier says of programs that it takes; see [ebpf.ProgramOptions]. What it says of a program that it refuses
	// is in the error in any case.
	LogLevel ebpf.LogLevel
}

// Loaded is what a load made in the kernel. Its maps and programs are there for as long as it is open, and longer if they are pinned,
// attached or in use.
type Loaded struct {
	Maps     map[string]*ebpf.Map     // by their names in the object; without those that were left out
	Programs map[string]*ebpf.Program // by their names in the object; without those that were left out

	// TypesRefused says why maps are without the types of their keys and values though they have some: the kernel did not take them.
	TypesRefused map[string]error

	// VerifierLogs are what the verifier said of the programs it took, by their names, if LoadOptions.LogLevel asked for it.
	VerifierLogs map[string]string

	object *Object
}

// Close gives everything up.
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

// MapID is the kernel's id of a map, 0 if there is no such map.
func (l *Loaded) MapID(name string) (uint32, error) {
	m := l.Maps[name]
	if m == nil {
		return 0, nil
	}
	return sys.IDOf(m.FD())
}

// ProgramID is the kernel's id of a program, 0 if there is no such program.
func (l *Loaded) ProgramID(name string) (uint32, error) {
	p := l.Programs[name]
	if p == nil {
		return 0, nil
	}
	return sys.IDOf(p.FD())
}

// loading is a load that is under way.
type loading struct {
	object   *Object
	opts     LoadOptions
	maps     []*ebpf.Map // by index in object.maps; nil for those left out
	reused   map[*Map]bool
	programs []*ebpf.Program // by index in object.programs; nil for those left out
	noTypes  map[string]error
	logs     map[string]string

	typesFD  int   // the object's types in the kernel; -1 if they are not there
	typesErr error // why they are not

	kernelTypes func() (*btf.Spec, error) // the running kernel's

	localTypes *btf.Spec     // the object's types for CO-RE; nil until needed
	localExt   *btf.ExtInfos // its relocations; nil until needed
	cache      *btf.Cache    // the kernel's types

	undos []func() error // what to do if the load fails, last first
	ends  []func()       // what to do in any case, after that
}

func (l *loading) undo(f func() error) { l.undos = append(l.undos, f) }

// finally is for what is to be done at the end, whichever end it is.
func (l *loading) finally(f func()) { l.ends = append(l.ends, f) }

func (l *loading) end() {
	for _, f := range l.ends {
		f()
	}
}

func (l *loading) mapNamed(name string) *ebpf.Map {
	for i, m := range l.object.maps {
		if m.def.Name == name {
			return l.maps[i]
		}
	}
	return nil
}

// Load makes the object's maps and programs in the kernel. If anything fails, everything that the load made is undone, and only that: a map
// that was pinned before stays, and so does its pin. A second load of one object returns an error wrapping [ErrLoaded].
//
// Errors are of type *[Error]. What the kernel refuses wraps its errno; a program that the verifier refuses wraps [*VerifierError], which
// holds its log.
func (o *Object) Load(opts LoadOptions) (*Loaded, error) {
	if o.loaded {
		return nil, export(o.name, refuse.At(StageLoad, "", "", refuse.ErrLoaded))
	}
	o.loaded = true
	l := &loading{object: o, opts: opts, reused: make(map[*Map]bool), noTypes: make(map[string]error), logs: make(map[string]string),
		cache: btf.NewCache(), typesFD: -1}
	l.kernelTypes = l.cache.Kernel
	defer l.end()
	l.finally(l.closeTypes)
	if err := l.run(); err != nil {
		return nil, export(o.name, l.undone(err))
	}
	return l.result(), nil
}

// closeTypes gives the types up. Maps and programs that were made with them hold them.
func (l *loading) closeTypes() {
	if l.typesFD >= 0 {
		sys.Close(l.typesFD)
	}
}

// undone undoes what was done, last first, and says in the error what could not be.
func (l *loading) undone(err error) error {
	e := refuse.Locate(StageLoad, "", "", err)
	for _, f := range slices.Backward(l.undos) {
		if undoErr := f(); undoErr != nil {
			e.Err = fmt.Errorf("%w; then, undoing it: %w", e.Err, undoErr)
		}
	}
	return e
}

// run is the load, in stages.
func (l *loading) run() error {
	if err := l.check(); err != nil {
		return err
	}
	sys.RaiseMemlock()
	l.typesFD, l.typesErr = l.loadTypes()
	if err := l.createMaps(); err != nil {
		return err
	}
	if err := l.loadPrograms(); err != nil {
		return err
	}
	return l.replacePins()
}

// check finds what is wrong before anything is made.
func (l *loading) check() error {
	o := l.object
	if o.file.Order != objfile.NativeOrder() {
		return refuse.At(StageLoad, "", "", fmt.Errorf("%v: %w", o.file.Order, refuse.ErrByteOrder))
	}
	if err := o.settleTailCalls(); err != nil {
		return err
	}
	for _, p := range o.programs {
		if err := code.Kind(p.kind).Check(); p.autoload && err != nil {
			return refuse.At(StageLoad, p.section, p.name, err)
		}
	}
	for _, m := range o.maps {
		if err := m.checkPin(); m.create && err != nil {
			return refuse.At(StagePin, m.def.Section, m.def.Name, err)
		}
	}
	return nil
}

// loadPrograms loads the programs, and then puts them in the maps that hold them.
func (l *loading) loadPrograms() error {
	l.programs = make([]*ebpf.Program, len(l.object.programs))
	for i, p := range l.object.programs {
		if !p.autoload {
			continue
		}
		made, err := l.loadProgram(p)
		if err != nil {
			return refuse.At(StageLoad, p.section, p.name, err)
		}
		l.programs[i] = made
		l.undo(made.Close)
	}
	for i, m := range l.object.maps {
		if err := l.fillPrograms(i, m); err != nil {
			return refuse.At(StageLoad, m.def.Section, m.def.Name, err)
		}
	}
	return nil
}

// descriptors returns those of the maps, by index.
func (l *loading) descriptors() []int {
	fds := make([]int, len(l.maps))
	for i, m := range l.maps {
		fds[i] = code.NoMap
		if m != nil {
			fds[i] = m.FD()
		}
	}
	return fds
}

// loadProgram loads one program.
func (l *loading) loadProgram(p *Program) (*ebpf.Program, error) {
	b, err := code.Assemble(l.object.functions, p.function, l.object.file.Order, l.descriptors())
	if err != nil {
		return nil, refuse.At(StageRelocate, p.section, p.name, err)
	}
	if err := l.fit(b); err != nil {
		return nil, refuse.At(StageRelocate, p.section, p.name, err)
	}
	kind, err := l.prepare(p, b)
	if err != nil {
		return nil, err
	}
	request := &sys.Program{
		Type: uint32(kind.Type), AttachType: uint32(kind.AttachType), Flags: kind.Flags, Name: p.name,
		Code: b.Code, License: l.object.license, Version: l.object.version,
	}
	if code.Kind(kind).NeedsTarget() {
		id, handle, err := l.attachTarget(kind)
		if err != nil {
			return nil, err
		}
		request.AttachBTF = uint32(id)
		if handle != nil {
			defer handle.Close()
			request.AttachFD = handle.FD()
		}
	}
	l.describe(request, b)
	fd, log, err := sys.LoadProgram(request, uint32(l.opts.LogLevel))
	if err != nil {
		return nil, l.explain(err, log)
	}
	if log != "" {
		l.logs[p.name] = log
	}
	return ebpf.NewProgramFromFD(fd)
}

// describe tells the kernel which functions and source lines a program's instructions are.
func (l *loading) describe(request *sys.Program, b *code.Body) {
	ext := l.object.ext
	if l.typesFD < 0 || ext == nil {
		return
	}
	request.TypesFD, request.FuncSize, request.LineSize = l.typesFD, typeinfo.FuncInfoSize, typeinfo.LineInfoSize
	if request.Funcs = b.Info(&ext.Funcs, typeinfo.FuncInfoSize); request.Funcs != nil {
		request.Lines = b.Info(&ext.Lines, typeinfo.LineInfoSize)
	}
}

// explain says what is behind the kernel's refusal of a program: the verifier's words, or a map that was left out.
func (l *loading) explain(err error, log string) error {
	if log == "" {
		return fmt.Errorf("load program: %w", err)
	}
	refusal := &VerifierError{Log: log, Err: err}
	if name := l.missing(log); name != "" {
		return fmt.Errorf("map %s: %w: %w", name, refuse.ErrNotCreated, refusal)
	}
	return &refuse.Error{Stage: StageLoad, Class: ClassVerifier, Err: refusal}
}

// missing is the map that was left out and that a program used nevertheless, by the verifier's log. It is empty if that was not the reason.
func (l *loading) missing(log string) string {
	for i, m := range l.object.maps {
		if l.maps[i] == nil && strings.Contains(log, fmt.Sprintf("unknown#%d", code.PoisonMap+i)) {
			return m.def.Name
		}
	}
	return ""
}

// fillPrograms puts programs in a PROG_ARRAY. One that was there before keeps its own, unless iproute2 defined it: there, loading an object again
// is how its programs are replaced (bpf_fill_prog_arrays).
func (l *loading) fillPrograms(i int, m *Map) error {
	if l.maps[i] == nil || l.reused[m] && m.def.Source != mapdef.SourceIproute2 || m.def.Type != ebpf.ProgramArray {
		return nil
	}
	for _, slot := range m.def.Slots {
		j := slices.IndexFunc(l.object.programs, func(p *Program) bool { return p.name == slot.Name })
		if l.programs[j] == nil {
			return fmt.Errorf("slot %d: program %s was left out: %w", slot.Index, slot.Name, refuse.ErrNotCreated)
		}
		if err := l.putProgram(m, l.maps[i], slot.Index, l.programs[j]); err != nil {
			return fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, err)
		}
	}
	return nil
}

// result hands over what was made.
func (l *loading) result() *Loaded {
	r := &Loaded{object: l.object, Maps: make(map[string]*ebpf.Map), Programs: make(map[string]*ebpf.Program), TypesRefused: l.noTypes,
		VerifierLogs: l.logs}
	for i, m := range l.object.maps {
		if l.maps[i] != nil {
			r.Maps[m.def.Name] = l.maps[i]
		}
	}
	for i, p := range l.object.programs {
		if l.programs[i] != nil {
			r.Programs[p.name] = l.programs[i]
		}
	}
	return r
}

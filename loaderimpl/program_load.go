// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A programLoader loads an object's programs.
type programLoader struct {
	object   *Object
	logLevel ebpf.LogLevel
	types    *objectTypes
	maps     []*mapLoad // by index in Object.maps
	core     *coreRelocator
	places   map[string]place // of programs that are functions of the kernel's, by name
	externs  *externResolver
	undo     *undoStack

	loaded map[string]*ebpf.Program // by name
	logs   map[string]string        // of programs that the verifier took, by name
}

// loadAll loads the programs but those that are left out.
func (l *programLoader) loadAll() error {
	l.loaded, l.logs = make(map[string]*ebpf.Program), make(map[string]string)
	refs := l.references() // the same for all: a map more or less costs each program nothing
	for _, p := range l.object.programs {
		if !p.willLoad() {
			continue
		}
		made, err := l.load(p, refs)
		if err != nil {
			return refuse.At(refuse.StageLoad, p.section, p.name, err)
		}
		l.loaded[p.name] = made
		l.undo.push(made.Close)
	}
	return nil
}

// references says how instructions refer to the maps, by index.
func (l *programLoader) references() []code.MapRef {
	refs := make([]code.MapRef, len(l.maps))
	for i, m := range l.maps {
		refs[i] = code.MapRef{FD: code.NoMap, Data: m.dataAt}
		if m.kernel != nil {
			refs[i].FD = m.kernel.FD()
		}
	}
	return refs
}

// load loads one program. refs say how its instructions refer to maps.
func (l *programLoader) load(p *Program, refs []code.MapRef) (*ebpf.Program, error) {
	b, err := code.Assemble(l.object.functions, p.function, l.object.file.Order, refs,
		l.externs.symbols)
	if err != nil {
		return nil, refuse.At(refuse.StageRelocate, p.section, p.name, err)
	}
	if err := l.core.applyCORE(b); err != nil {
		return nil, refuse.At(refuse.StageRelocate, p.section, p.name, err)
	}
	kind, err := l.prepare(p, b)
	if err != nil {
		return nil, err
	}
	request := &sys.Program{
		Type: uint32(kind.Type), AttachType: uint32(kind.AttachType), Flags: kind.Flags,
		Name: p.name,
		Code: b.Code, License: l.object.license, Version: l.object.version,
		Token: l.types.token.descriptor(),
	}
	if b.NeedsTypes {
		request.FDs = l.externs.types
	}
	if at, is := l.places[p.name]; is && kind.Type == ebpf.StructOps {
		request.AttachBTF, request.AttachType = uint32(at.kernel.ID), at.index
		if at.kernel.module != nil {
			request.AttachFD = at.kernel.module.FD()
		}
	}
	switch {
	case kind.Type == ebpf.Extension:
		id, err := targetFunction(p.target, kind.AttachTo)
		if err != nil {
			return nil, err
		}
		request.AttachBTF, request.AttachFD = uint32(id), p.target.FD()
	case code.Kind(kind).NeedsTarget():
		id, handle, err := l.core.attachTarget(kind)
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
	fd, log, err := sys.LoadProgram(request, uint32(l.logLevel))
	if err != nil {
		reason := l.core.explain(log)
		if reason == nil {
			reason = l.externs.explain(err, log, b)
		}
		if reason != nil {
			return nil, fmt.Errorf("load program: %w: %w: %w", reason, err, &VerifierError{Log: log})
		}
		if l.usesPerCPUData(p) && !sys.HasPerCPUData(l.types.token.descriptor()) {
			return nil, fmt.Errorf("load program: %w: %w: %w", refuse.ErrNoPerCPUData, err,
				&VerifierError{Log: log})
		}
		return nil, l.explain(err, log, kind, len(b.Code)/objfile.InsnSize)
	}
	if log != "" {
		l.logs[p.name] = log
	}
	return ebpf.NewProgramFromFD(fd)
}

// usesPerCPUData reports whether a program refers to variables that are each CPU's own.
func (l *programLoader) usesPerCPUData(p *Program) bool {
	for _, f := range code.Reached(l.object.functions, p.function) {
		for _, ref := range l.object.functions[f].Refs {
			if ref.Kind == code.RefData && l.maps[ref.Target].def.Type == ebpf.PerCPUArray {
				return true
			}
		}
	}
	return false
}

// describe tells the kernel which functions and source lines a program's instructions are.
func (l *programLoader) describe(request *sys.Program, b *code.Body) {
	ext := l.object.ext
	if l.types.fd < 0 || ext == nil {
		return
	}
	request.TypesFD, request.FuncSize, request.LineSize = l.types.fd, typeinfo.FuncInfoSize,
		typeinfo.LineInfoSize
	if request.Funcs = b.Info(&ext.Funcs, typeinfo.FuncInfoSize); request.Funcs != nil {
		request.Lines = b.Info(&ext.Lines, typeinfo.LineInfoSize)
	}
}

// explain adds to the kernel's refusal of a program what the verifier says, or the map that was
// left out.
func (l *programLoader) explain(err error, log string, kind ProgramKind, insns int) error {
	if log == "" {
		return fmt.Errorf("load program: %w",
			explainLoad(err, kind, insns, l.types.token))
	}
	refusal := fmt.Errorf("verifier: %w: %w", err, &VerifierError{Log: log})
	if name := l.missing(log); name != "" {
		return fmt.Errorf("map %s: %w: %w", name, refuse.ErrNotCreated, refusal)
	}
	for _, name := range slices.Sorted(maps.Keys(l.types.refused)) {
		refusal = fmt.Errorf("%w; map %s has no types in the kernel, which refused them: %v", refusal,
			name, l.types.refused[name])
	}
	return &refuse.Error{Stage: refuse.StageLoad, Class: ClassVerifier, Err: refusal}
}

// missing returns the map that was left out and that a program used, by the verifier's log. It is
// empty if that was not the reason.
func (l *programLoader) missing(log string) string {
	for i, m := range l.maps {
		if m.kernel == nil && strings.Contains(log, fmt.Sprintf("unknown#%d", code.PoisonMap+i)) {
			return m.def.Name
		}
	}
	return ""
}

// prepare lets a program's handler see and change what goes to the kernel.
func (l *programLoader) prepare(p *Program, b *code.Body) (ProgramKind, error) {
	if p.handler == nil || p.handler.Prepare == nil {
		return p.kind, nil
	}
	prep := &Preparation{Program: p, Maps: byName(l.maps), Kind: p.kind, Code: slices.Clip(b.Code)}
	if err := p.handler.Prepare(prep); err != nil {
		return ProgramKind{}, fromHandler(err)
	}
	if len(prep.Code) != len(b.Code) {
		return ProgramKind{}, fmt.Errorf("it makes %d bytes of code of %d: %w", len(prep.Code),
			len(b.Code), refuse.ErrHandler)
	}
	copy(b.Code, prep.Code)
	return prep.Kind, code.Kind(prep.Kind).Check()
}

// SPDX-License-Identifier: Apache-2.0

// Package idle pretends to be a loader: it answers every request as one that did what was asked, or
// as one that refused it, and does nothing.
//
// A spec that passes for it says nothing about loaders. It knows of an object what the names in the
// object's symbol table say, so that its answers are those of a loader that works. Its manifest,
// loader.yaml, is for a look at it: loadstone run --kernel native --loader mutants/idle/loader.yaml
package idle

import (
	"context"
	"debug/elf"
	"fmt"

	"github.com/loadstone-bpf/loadstone/loader"
)

// New returns a loader that does nothing. What it says it made has the id, which has to be of
// nothing in the kernel; for 0 it says it made nothing but what was asked for without an object.
func New(id uint32) loader.Loader { return &idle{id: id, sessions: make(map[string]*loader.OK)} }

// Refusing returns a loader that claims everything, and refuses every object and every map.
func Refusing() loader.Loader { return refusing{new(idle)} }

type refusing struct{ *idle }

func (r refusing) Do(ctx context.Context, req loader.Request) (loader.Reply, error) {
	switch req.(type) {
	case loader.Open:
		return &loader.Rejected{Stage: loader.AtOpen, Class: loader.Invalid}, nil
	case loader.Create:
		return &loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid}, nil
	}
	return r.idle.Do(ctx, req)
}

type idle struct {
	id       uint32
	sessions map[string]*loader.OK // what each object holds, by session
	handles  int
}

// Do answers one request.
func (i *idle) Do(_ context.Context, req loader.Request) (loader.Reply, error) {
	switch q := req.(type) {
	case loader.Hello:
		return i.greet(), nil
	case loader.Open:
		i.sessions[q.Session] = contents(q.Object)
		return i.sessions[q.Session], nil
	case loader.Load:
		return i.made(i.sessions[q.Session]), nil
	case loader.Create:
		return &loader.OK{ID: max(i.id, 1)}, nil
	case loader.ChainAdd:
		ok := i.made(i.sessions[q.Session])
		if len(ok.Programs) == 0 {
			ok.Programs = []loader.ProgramView{{Name: q.Program, ID: i.id}}
		}
		return ok, nil
	case loader.ChainLink:
		return &loader.OK{Programs: []loader.ProgramView{{Name: "linked", ID: i.id}}}, nil
	case loader.Attach:
		i.handles++
		return &loader.OK{Handle: fmt.Sprint(i.handles)}, nil
	case loader.Query:
		return &loader.OK{Answer: map[string]any{}}, nil
	case loader.Close:
		delete(i.sessions, q.Session)
	}
	return &loader.OK{}, nil
}

// Close does nothing.
func (*idle) Close() error { return nil }

// greet claims everything, but for the ways of commands.
func (*idle) greet() loader.Reply {
	claims := make(map[loader.Feature]loader.Claim)
	for _, f := range loader.Features() {
		claims[f] = loader.Claim{Support: loader.Yes}
	}
	claims[loader.OneStep] = loader.Claim{Support: loader.No}
	return &loader.OK{
		Protocol: loader.Version, Features: claims,
		Loader: &loader.Identity{Name: "idle", Version: "0.1"},
	}
}

// contents returns what the symbol table says of an object: its functions for programs, and its
// variables in sections of maps for maps. It returns neither for a file that cannot be read so.
func contents(path string) *loader.OK {
	ok := new(loader.OK)
	file, err := elf.Open(path)
	if err != nil {
		return ok
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		return ok
	}
	for _, y := range symbols {
		if int(y.Section) >= len(file.Sections) || y.Name == "" {
			continue
		}
		section := file.Sections[y.Section].Name
		switch kind := elf.ST_TYPE(y.Info); {
		case kind == elf.STT_FUNC && section != ".text":
			ok.Programs = append(ok.Programs, loader.ProgramView{Name: y.Name, Section: section})
		case kind == elf.STT_OBJECT && section != "license":
			ok.Maps = append(ok.Maps, loader.MapView{Name: y.Name})
		}
	}
	return ok
}

// made returns what an object holds, as if it were in the kernel.
func (i *idle) made(object *loader.OK) *loader.OK {
	ok := new(loader.OK)
	if object == nil {
		return ok
	}
	for _, m := range object.Maps {
		m.ID = i.id
		ok.Maps = append(ok.Maps, m)
	}
	for _, p := range object.Programs {
		p.ID = i.id
		ok.Programs = append(ok.Programs, p)
	}
	return ok
}

// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"fmt"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/linker/dedup"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// An Input holds one object, with the name by which errors call it.
type Input struct {
	Name string
	Data []byte
}

// linkage holds one link.
type linkage struct {
	order    objfile.ByteOrder
	objects  []*object
	sections []*section // of the output, in the order of their first appearance
	byName   map[string]*section
	globals  []*global // in the order of their first mention
	named    map[string]*global
	graph    dedup.Graph
	lists    lists
	problems problems
}

// Link joins objects into one, and returns its bytes. They depend on the contents and the order of
// the objects only. To link the result alone gives the same bytes again.
//
// An error has the class of the first thing that is wrong, and wraps all that are wrong as
// [*refuse.Error] values: each names an object, and its text the other one of a conflict.
func Link(inputs []Input) ([]byte, error) { return LinkSubprograms(inputs, nil) }

// LinkSubprograms links as [Link] does, and makes functions that are entry points of their objects
// such that other functions call: entries[i] names one of inputs[i], and is empty, or missing at
// the end, for an object that has none. The code of its whole section goes to section .text.
func LinkSubprograms(inputs []Input, entries []string) ([]byte, error) {
	l := &linkage{byName: make(map[string]*section), named: make(map[string]*global)}
	// What is wrong is collected as far as it can be told from what follows from it.
	for _, steps := range [][]func(){
		{func() { l.read(inputs, entries) }},
		{l.placeSections, l.mentionSymbols, l.compare},
		{l.cutDead},
		{l.joinTypes, l.joinCode},
	} {
		for _, step := range steps {
			step()
		}
		if err := l.problems.err(); err != nil {
			return nil, err
		}
	}
	return l.write()
}

// read reads all objects.
func (l *linkage) read(inputs []Input, entries []string) {
	for i, in := range inputs {
		o := &object{name: in.Name}
		err := o.read(in.Data)
		if err == nil && i < len(entries) && entries[i] != "" {
			err = refuse.At(refuse.StageLink, "", entries[i], o.makeSubprogram(entries[i]))
		}
		if err != nil {
			l.problems.add(o, "", "", err)
			continue
		}
		l.objects = append(l.objects, o)
		if l.order == nil {
			l.order = o.file.Order
		}
		if o.file.Order != l.order {
			l.problems.add(o, "", "", fmt.Errorf("%v, and %s is %v: %w", o.file.Order,
				l.objects[0].name, l.order, refuse.ErrOtherOrder))
		}
	}
	if len(inputs) == 0 {
		l.problems = append(l.problems, refuse.Locate(refuse.StageLink, "", "",
			fmt.Errorf("no objects to link: %w", refuse.ClassInvalid)))
	}
}

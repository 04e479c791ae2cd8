// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"fmt"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/metadata"
	"github.com/loadstone-bpf/loadstone/structops"
)

// A toldProgram says what a program holds of metadata, as the protocol lays it down.
type toldProgram struct {
	ID       uint32         `json:"id"`
	Name     string         `json:"name"`
	Metadata map[string]any `json:"metadata"` // by the variables' names without their prefix
}

// A toldStructure is one of the kernel's structures, as the protocol lays it down.
type toldStructure struct {
	ID   uint32 `json:"id"` // of its map
	Name string `json:"name"`
	Type string `json:"type"`
}

// query answers with what loadstone metadata show, ops list and chain show print, in short.
func (r *reference) query(q loader.Query) loader.Reply {
	var answer any
	var err error
	switch q.What {
	case "chain":
		return r.chain(q.Ifindex)
	case "metadata":
		answer, err = allMetadata()
	case "struct_ops":
		answer, err = allStructures()
	default:
		return &loader.Unsupported{Feature: loader.Feature(q.What), Reason: notYet}
	}
	if err != nil {
		return rejected(fmt.Errorf("query %s: %w", q.What, err))
	}
	return &loader.OK{Answer: answer}
}

// allMetadata returns the programs in the kernel that hold metadata. Where one holds two variables
// of a name, the first one counts.
func allMetadata() ([]toldProgram, error) {
	found, err := metadata.ReadAll()
	if err != nil {
		return nil, err
	}
	all := []toldProgram{}
	for _, p := range found {
		told := toldProgram{p.ID, p.Name, make(map[string]any)}
		for _, v := range p.Metadata {
			if _, again := told.Metadata[v.Name]; !again {
				told.Metadata[v.Name] = v.Value
			}
		}
		all = append(all, told)
	}
	return all, nil
}

// allStructures returns the structures in the kernel whose functions are programs.
func allStructures() ([]toldStructure, error) {
	found, err := structops.Read()
	if err != nil {
		return nil, err
	}
	all := []toldStructure{}
	for _, s := range found {
		all = append(all, toldStructure{s.ID, s.Map, s.Type})
	}
	return all, nil
}

// SPDX-License-Identifier: Apache-2.0

package linked

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed */*.o
var files embed.FS

// Reference names the reference loader among [Linkers].
const Reference = "loadstone"

// Linkers are who linked the objects, by their folders.
var Linkers = []string{"bpftool-7.1", "bpftool-7.5", "bpftool-7.8", Reference}

// A Set is a number of objects that are linked, in their order.
type Set struct {
	Name    string
	Objects []string // names of builds in objects/linking
}

// Sets are those that each linker linked.
var Sets = []Set{
	{"chain", []string{"chain_first", "chain_second", "chain_third"}},
	{"function", []string{"function_weak", "function", "caller"}},
	{"kconfig", []string{"kconfig", "kconfig_other"}},
	{"map", []string{"map", "map_user", "map_user_again"}},
	{"metadata", []string{"metadata", "metadata_other"}},
	{"rodata", []string{"variable_rodata", "reader_rodata"}},
	{"static", []string{"variable_data", "variable_static", "reader"}},
	{"struct", []string{"pair", "pair_reader"}},
	{"structure", []string{"structure", "structure_other"}},
	{"variable", []string{"variable_weak", "variable_data", "reader"}},
}

// An Object is one that a linker made.
type Object struct{ Linker, Set string }

// Name returns a name without dots, such as "chain-bpftool-7_1".
func (o Object) Name() string {
	return o.Set + "-" + strings.ReplaceAll(o.Linker, ".", "_")
}

// File returns the path of the object, below this folder.
func (o Object) File() string { return path.Join(o.Linker, o.Set+".o") }

// ELF returns the object's file. It panics where there is none, which a test finds.
func (o Object) ELF() []byte {
	elf, err := files.ReadFile(o.File())
	if err != nil {
		panic(fmt.Sprintf("objects/linked: %v", err))
	}
	return elf
}

// All returns every object.
func All() []Object {
	var all []Object
	for _, linker := range Linkers {
		for _, s := range Sets {
			all = append(all, Object{linker, s.Name})
		}
	}
	return all
}

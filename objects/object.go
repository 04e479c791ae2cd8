// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/objects/elfedit"
)

// Object describes a BPF object: an ELF file in the byte order of the running machine. Edits may
// change it.
type Object struct {
	folder  string // of its source
	source  string // file name without its suffix .bpf.c
	name    string // of the source or its variant, with a suffix where it is built in several ways
	foreign bool   // in the other byte order, see [ForeignOrder]
	edits   []elfedit.Edit
}

// embedded returns the object of that name built from folder/source.bpf.c.
func embedded(folder, source, name string) Object {
	return Object{folder: folder, source: source, name: name}
}

// Named returns the object of that name of a folder. It is for who has names only, and its ELF
// panics where there is none.
func Named(folder, name string) Object { return embedded(folder, name, name) }

// Name returns a name that is unique in the suite and fits a file name: the object's, and its edits
// if it has any, such as "plain-drop-section-btf".
func (o Object) Name() string {
	name := o.name
	for _, e := range o.edits {
		name += "-" + slug(e.String())
	}
	return name
}

// Source returns the path of the object's source in the repository.
func (o Object) Source() string {
	return path.Join("objects", o.folder, o.source+".bpf.c")
}

// String returns, for people, the object's source, its name where the source makes several objects,
// and its edits.
func (o Object) String() string {
	s := o.Source()
	if o.name != o.source {
		s += " (" + o.name + ")"
	}
	for _, e := range o.edits {
		s += ", " + e.String()
	}
	return s
}

// With returns the object with further edits, which are made after those that it has.
func (o Object) With(edits ...elfedit.Edit) Object {
	o.edits = slices.Concat(o.edits, edits)
	return o
}

// ELF returns the object's file. The caller owns it.
//
// ELF panics where an edit does not fit the object. That is a mistake in a suite, and each suite
// has a test that asks for every object and finds it.
func (o Object) ELF() []byte {
	elf, err := o.build()
	if err != nil {
		panic(fmt.Sprintf("objects: %v: is the catalogue older than the builds?", err))
	}
	elf, err = elfedit.Apply(elf, o.edits...)
	if err != nil {
		panic(fmt.Sprintf("objects: %s: %v", o.name, err))
	}
	return elf
}

// build returns the object as the compiler made it.
func (o Object) build() ([]byte, error) {
	if o.foreign {
		return slices.Clone(foreignBuild), nil
	}
	return builds.ReadFile(path.Join(o.folder, nativeOrder, o.name+".o"))
}

// slug returns s in lower-case letters and digits, with a dash for each run of anything else.
func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "-")
}

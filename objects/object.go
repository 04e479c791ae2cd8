// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/objects/elfedit"
)

// Object is a BPF object: an ELF file in the byte order of the running machine, unless it was made to be otherwise.
type Object struct {
	folder  string // of its source
	source  string // file name without its suffix .bpf.c
	name    string // that of the source, or of one of its variants; with a suffix where it is built in more than one way
	foreign bool   // in the other byte order, see [ForeignOrder]
	edits   []elfedit.Edit
}

// embedded returns the object of that name built from folder/source.bpf.c.
func embedded(folder, source, name string) Object {
	return Object{folder: folder, source: source, name: name}
}

// Name is the object's name, unique in its suite and fit for a file name, with its edits if it has any, such as
// "plain-drop-section-btf".
func (o Object) Name() string {
	name := o.name
	for _, e := range o.edits {
		name += "-" + slug(e.String())
	}
	return name
}

// Source is the path of the object's source in the repository.
func (o Object) Source() string {
	return path.Join("objects", o.folder, o.source+".bpf.c")
}

// String is the object's source, its name where the source makes several objects, and its edits, for people.
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

// With is the object with the edits made after those it already has.
func (o Object) With(edits ...elfedit.Edit) Object {
	o.edits = slices.Concat(o.edits, edits)
	return o
}

// ELF is the object's file. The caller owns it.
//
// It panics where an edit does not fit the object: that is a mistake in a suite, which a test of every suite finds by asking for every object.
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

// slug is s in lower-case letters and digits, with a dash for each run of anything else.
func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "-")
}

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
	folder string // of its source
	name   string
	order  string // folder of its build, see [nativeOrder]
	edits  []elfedit.Edit
}

// embedded is the object built from folder/source.bpf.c. A name has a suffix where a source is built in more than one way.
func embedded(folder, name string) Object {
	return Object{folder: folder, name: name, order: nativeOrder}
}

// Name is the object's name, unique in its suite and fit for a file name: that of its source, and its edits if it has any, such as
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
	source, _, _ := strings.Cut(o.name, ".")
	return path.Join("objects", o.folder, source+".bpf.c")
}

// String is the object's source and edits, for people.
func (o Object) String() string {
	s := o.Source()
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
	elf, err := builds.ReadFile(path.Join(o.folder, o.order, o.name+".o"))
	if err != nil {
		panic(fmt.Sprintf("objects: %v: is the catalogue older than the builds?", err))
	}
	elf, err = elfedit.Apply(elf, o.edits...)
	if err != nil {
		panic(fmt.Sprintf("objects: %s: %v", o.name, err))
	}
	return elf
}

// slug is s in lower-case letters and digits, with a dash for each run of anything else.
func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "-")
}

// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// A linked object is one that the loader wrote.
type linked struct {
	name string
	elf  []byte
}

// Name returns a file name without a folder.
func (l linked) Name() string { return l.name }

// ELF returns the bytes of the object.
func (l linked) ELF() []byte { return l.elf }

// Link asks the loader to link objects into one, in their order. That is no load, so it is no
// control of a refusal.
func (c *Conversation) Link(objects ...Object) *Attempt {
	s := c.session
	s.attempts++
	id := "l" + strconv.Itoa(s.attempts)
	return c.LinkTo(path.Join(s.Work(), id+".bpf.o"), objects...)
}

// LinkTo does what [Conversation.Link] does, into the file at a path in the driver's root.
func (c *Conversation) LinkTo(output string, objects ...Object) *Attempt {
	s := c.session
	request := loader.Link{Output: output}
	var names []string
	for _, o := range objects {
		s.attempts++
		a := &Attempt{session: s, in: c.talk, id: "i" + strconv.Itoa(s.attempts)}
		request.Inputs = append(request.Inputs, a.file(o))
		names = append(names, o.Name())
	}
	a := &Attempt{session: s, in: c.talk, object: strings.Join(names, " and ")}
	a.ask(request)
	if a.OK() && !a.Written() {
		s.exec.Fail("an object at "+output, "none, and the loader says "+phrase.Reply(a.Reply))
	}
	return a
}

// MustLink does what [Conversation.Link] does, for objects that have to be linked, and returns the
// result. A refusal ends the spec: as refused where the loader does not claim the requirement's
// profile, else as failed.
func (c *Conversation) MustLink(objects ...Object) Object {
	a := c.Link(objects...)
	a.mustBeOK()
	return a.Linked()
}

// MustLoadLinked links objects and loads the result, both of which has to work.
func (c *Conversation) MustLoadLinked(objects ...Object) *Attempt {
	return c.MustLoad(c.MustLink(objects...))
}

// Written reports whether there is a file where the loader was to write the linked object.
func (a *Attempt) Written() bool {
	_, err := os.Stat(a.session.exec.Own(a.linkedPath()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.session.exec.Broken("look at the output: %v", err)
	}
	return err == nil
}

// Linked returns the object that the loader wrote.
func (a *Attempt) Linked() Object {
	file := a.linkedPath()
	data, err := os.ReadFile(a.session.exec.Own(file))
	if err != nil {
		a.session.exec.Fail("an object at "+file, err.Error())
	}
	return linked{strings.TrimSuffix(path.Base(file), ".bpf.o"), data}
}

// linkedPath returns where the loader was asked to write, as a path in the driver's root.
func (a *Attempt) linkedPath() string {
	request, isLink := a.last.(loader.Link)
	if !isLink {
		a.session.exec.Broken("%s: the last request was %s, not link", a.object, a.last.Op())
	}
	return request.Output
}

// RefusesLink expects the whole of a refusal to link: good, the same objects without the fault, are
// linked and load, and then bad are rejected with one of classes.
func (s *Session) RefusesLink(good, bad []Object, classes ...Class) {
	s.MustLoadLinked(good...).Close()
	gomega.Expect(s.Link(bad...)).To(BeRejected(AtLink, classes...))
}

// PutFile writes a file at a path in the driver's root.
func (s *Session) PutFile(path string, data []byte) {
	if err := os.WriteFile(s.exec.Own(path), data, 0o644); err != nil {
		s.exec.Broken("write a file: %v", err)
	}
	s.exec.Wrote(path, data)
}

// Objects lists objects, which may be of several types.
func Objects(all ...Object) []Object { return all }

// NeedsLittleEndian ends the spec as skipped on a machine of the other byte order, for which
// no objects of other linkers are committed.
func (s *Session) NeedsLittleEndian() {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		s.exec.Skip(runner.Lack{Kind: "byte-order", Needs: "little-endian", Has: "big-endian"})
	}
}

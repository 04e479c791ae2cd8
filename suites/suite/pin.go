// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

// PinFolder makes the folder tc/globals in [Session.BPFFS], and returns its path in the driver's
// root. It is where specs have maps pinned by name: most loaders take any folder, and iproute2 only
// this one below a mount.
func (s *Session) PinFolder() string {
	folder := path.Join(s.BPFFS(), "tc", "globals")
	s.MakeFolder(folder)
	return folder
}

// MakeFolder makes a folder, whose path is in the driver's root, and those above it.
func (s *Session) MakeFolder(path string) {
	if err := os.MkdirAll(s.exec.Own(path), 0o700); err != nil {
		s.exec.Broken("make folder: %v", err)
	}
}

// RemovePin removes a pin from the file system, past the loader. The path is in the driver's root.
// Where there is none, the loader did not pin what it said that it pinned, which fails the spec.
func (s *Session) RemovePin(path string) {
	err := os.Remove(s.exec.Own(path))
	if errors.Is(err, fs.ErrNotExist) {
		s.exec.Fail("a pin at "+path, "nothing at "+path)
	}
	if err != nil {
		s.exec.Broken("remove pin: %v", err)
	}
}

// AllowPin sets who may use the pin at path, in the driver's root, past the loader.
func (s *Session) AllowPin(path string, mode os.FileMode) {
	if err := os.Chmod(s.exec.Own(path), mode); err != nil {
		s.exec.Broken("allow a pin: %v", err)
	}
}

// PutPin has put make something at path, which is in the driver's root. It is for what no loader
// pins.
func (s *Session) PutPin(path string, put func(ourPath string) error) Pin {
	if err := put(s.exec.Own(path)); err != nil {
		s.exec.Broken("put pin: %v", err)
	}
	return s.Pin(path)
}

// PinMap asks to pin a map of the loaded object at path, in the driver's root. The answer is an
// attempt of its own: whatever it is, the object stays loaded.
func (a *Attempt) PinMap(name, path string) *Attempt {
	return a.beside(loader.Pin{Session: a.id, Target: "map", Name: name, Path: path})
}

// PinProgram asks to pin a program, as [Attempt.PinMap] does for a map.
func (a *Attempt) PinProgram(name, path string) *Attempt {
	return a.beside(loader.Pin{Session: a.id, Target: "program", Name: name, Path: path})
}

// UnpinMap asks to remove a pin of a map of the loaded object. The answer is an attempt of its own.
func (a *Attempt) UnpinMap(name, path string) *Attempt {
	return a.beside(loader.Unpin{Session: a.id, Target: "map", Name: name, Path: path})
}

// UnpinProgram asks to remove a pin of a program, as [Attempt.UnpinMap] does for a map.
func (a *Attempt) UnpinProgram(name, path string) *Attempt {
	return a.beside(loader.Unpin{Session: a.id, Target: "program", Name: name, Path: path})
}

// beside asks something about a loaded object that leaves it loaded. The answer is not the
// attempt's last word, so it has an attempt of its own.
func (a *Attempt) beside(request loader.Request) *Attempt {
	a.mustBeLoaded()
	return &Attempt{
		Reply: a.in.Do(request), session: a.session, in: a.in, object: a.object, last: request,
	}
}

// A Pin says what is at a path in a bpffs: the object that the kernel has there, and the file. Two
// are equal where the pin was not touched in between.
type Pin struct {
	Path   string        // in the driver's root
	Object oracle.Object // kind and id; zero where there is nothing, or nothing that the kernel could have pinned
	File   oracle.File   // zero where there is nothing
}

// String describes the pin, as in "map 41 at /sys/fs/bpf/1/m".
func (p Pin) String() string {
	what := p.Object.String()
	switch {
	case p.File == oracle.File{}:
		what = "nothing"
	case p.Object == oracle.Object{}:
		what = "a file that pins nothing"
	}
	return what + " at " + p.Path
}

// Pin returns what is at path, in the driver's root.
func (s *Session) Pin(path string) Pin {
	object, file, err := oracle.PinnedAt(s.exec.Own(path))
	if err != nil && !errors.Is(err, oracle.ErrNoPin) {
		s.exec.Broken("%v", err)
	}
	return Pin{Path: path, Object: object, File: file}
}

// PinnedMap returns what the kernel says of the map that is pinned at path, in the driver's root.
func (s *Session) PinnedMap(path string) oracle.MapFacts {
	pin := s.Pin(path)
	if pin.Object.Kind != oracle.KindMap {
		s.exec.Fail("a map at "+path, pin.String())
	}
	facts, err := oracle.Map(pin.Object.ID)
	s.mustExist(err, "map", path, pin.Object.ID)
	return facts
}

// PinnedValue returns what the map that is pinned at path, in the driver's root, holds under key.
func (s *Session) PinnedValue(path string, key []byte) []byte {
	pin := s.Pin(path)
	if pin.Object.Kind != oracle.KindMap {
		s.exec.Fail("a map at "+path, pin.String())
	}
	value, err := oracle.Lookup(pin.Object.ID, key)
	if errors.Is(err, oracle.ErrNoSuchKey) {
		s.exec.Fail(fmt.Sprintf("the map at %s holds key % x", path, key), "it does not")
	}
	s.mustExist(err, "map", path, pin.Object.ID)
	return value
}

// AccessToMap returns what the loader's descriptors of a map let user space do with it, each kind
// of access once. It ends the spec where there is no such descriptor.
func (s *Session) AccessToMap(id uint32) []oracle.Access {
	found, err := oracle.AccessToMap(id)
	if err != nil {
		s.exec.Broken("%v", err)
	}
	if len(found) == 0 {
		s.exec.Fail(fmt.Sprintf("a loader that holds map %d", id), "no process of it does")
	}
	return found
}

// PinsIn returns the names of what is in a folder, in the driver's root, folders among them; nil
// where the folder does not exist.
func (s *Session) PinsIn(folder string) []string {
	entries, err := os.ReadDir(s.exec.Own(folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.exec.Broken("%v", err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// BeThePinOfMap succeeds where a [Pin] pins the map of that id.
func BeThePinOfMap(id uint32) types.GomegaMatcher {
	return bePin{oracle.Object{Kind: oracle.KindMap, ID: id}}
}

// BeThePinOfProgram succeeds where a [Pin] pins the program of that id.
func BeThePinOfProgram(id uint32) types.GomegaMatcher {
	return bePin{oracle.Object{Kind: oracle.KindProgram, ID: id}}
}

// BeThePinOfLink succeeds where a [Pin] pins the link of that id.
func BeThePinOfLink(id uint32) types.GomegaMatcher {
	return bePin{oracle.Object{Kind: oracle.KindLink, ID: id}}
}

// BeNoPin succeeds where nothing is at a [Pin]'s path.
func BeNoPin() types.GomegaMatcher { return bePin{} }

type bePin struct{ object oracle.Object }

func (m bePin) Match(actual any) (bool, error) {
	p, err := pinOf(actual)
	if m.object == (oracle.Object{}) {
		return p.File == oracle.File{}, err
	}
	return p.Object == m.object, err
}

func (m bePin) wanted(at string) string {
	if m.object == (oracle.Object{}) {
		return "nothing at " + at
	}
	return m.object.String() + " at " + at
}

func (m bePin) FailureMessage(actual any) string {
	p := actual.(Pin)
	return phrase.Failure(m.wanted(p.Path), p.String())
}

func (m bePin) NegatedFailureMessage(actual any) string {
	p := actual.(Pin)
	return phrase.Failure("anything but "+m.wanted(p.Path), p.String())
}

// BeUntouchedSince succeeds where a [Pin] is what it was before: the same file, of the same map or
// program.
func BeUntouchedSince(before Pin) types.GomegaMatcher { return beUntouchedSince{before} }

type beUntouchedSince struct{ before Pin }

func (m beUntouchedSince) Match(actual any) (bool, error) {
	p, err := pinOf(actual)
	return p == m.before, err
}

func (m beUntouchedSince) FailureMessage(actual any) string {
	p := actual.(Pin)
	return phrase.Failure(fmt.Sprintf("%s, untouched: %s", m.before, m.before.File),
		fmt.Sprintf("%s: %s", p, p.File))
}

func (m beUntouchedSince) NegatedFailureMessage(actual any) string {
	return phrase.Failure("another pin", actual.(Pin).String()+", untouched")
}

func pinOf(actual any) (Pin, error) {
	p, ok := actual.(Pin)
	if !ok {
		return Pin{}, fmt.Errorf("wants what s.Pin returned, not %T", actual)
	}
	return p, nil
}

// NameTheDifferences succeeds where the loader, which rejected the object, named every one of the
// differences between a pinned map and its definition, and no other, in any order.
func NameTheDifferences(differences ...loader.Difference) types.GomegaMatcher {
	return nameTheDifferences(sorted(differences))
}

type nameTheDifferences []loader.Difference

func (m nameTheDifferences) Match(actual any) (bool, error) {
	a, err := attemptOf(actual)
	if err != nil {
		return false, err
	}
	r, rejected := a.Reply.(*loader.Rejected)
	return rejected && slices.Equal(sorted(r.Differs), m), nil
}

func (m nameTheDifferences) FailureMessage(actual any) string {
	seen := phrase.Reply(actual.(*Attempt).Reply)
	if r, rejected := actual.(*Attempt).Reply.(*loader.Rejected); rejected {
		seen = differencesInWords(r.Differs) + "; " + seen
	}
	return phrase.Failure("rejected, naming "+differencesInWords(m), seen)
}

func (m nameTheDifferences) NegatedFailureMessage(actual any) string {
	return phrase.Failure("other differences than "+differencesInWords(m),
		phrase.Reply(actual.(*Attempt).Reply))
}

func sorted(differences []loader.Difference) []loader.Difference {
	return slices.SortedFunc(slices.Values(differences), func(a, b loader.Difference) int {
		return strings.Compare(string(a.Attribute), string(b.Attribute))
	})
}

// differencesInWords lists differences as "max_entries (pinned 4, defined 8)".
func differencesInWords(differences []loader.Difference) string {
	if len(differences) == 0 {
		return "no difference"
	}
	words := make([]string, len(differences))
	for i, d := range differences {
		words[i] = fmt.Sprintf("%s (pinned %d, defined %d)", d.Attribute, d.Pinned, d.Defined)
	}
	return strings.Join(words, ", ")
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A vocabulary holds the words of the protocol, as vocabulary.yaml has them.
type vocabulary struct {
	Version int    `yaml:"version"`
	Limits  limits `yaml:"limits"`

	Stages     words `yaml:"stages"`
	Classes    words `yaml:"classes"`
	Features   words `yaml:"features"`
	Supports   words `yaml:"supports"`
	Attributes words `yaml:"attributes"`
	Layouts    words `yaml:"layouts"`
	Handlers   words `yaml:"handlers"`
	Targets    words `yaml:"targets"`
	Kinds      words `yaml:"kinds"`
	Modes      words `yaml:"modes"`
	Ways       words `yaml:"ways"`
	Actions    words `yaml:"actions"`
	Queries    words `yaml:"queries"`
}

// limits holds the limits of messages; lengths are in bytes.
type limits struct {
	Line  int `yaml:"line"`
	Text  int `yaml:"text"`
	Errno int `yaml:"errno"`
}

// words holds a set of words, of which a field takes one.
type words struct {
	Type    string `yaml:"type"`    // in Go; empty for a string
	Closed  bool   `yaml:"closed"`  // within a version: no other word is taken
	Refined bool   `yaml:"refined"` // by slashes: the first part of a word is one of the set's
	Means   string `yaml:"means"`
	Words   []word `yaml:"words"`
}

// A word names one value of a field.
type word struct {
	Name     string   `yaml:"name"` // on the wire
	Go       string   `yaml:"go"`
	Means    string   `yaml:"means"`
	Coarsest bool     `yaml:"coarsest"` // it admits any other of its set
	Of       string   `yaml:"of"`       // attributes: the target
	Errnos   []string `yaml:"errnos"`   // classes: those that stand for it
}

// names returns the words as they go over the wire.
func (w words) names() []string {
	var all []string
	for _, one := range w.Words {
		all = append(all, one.Name)
	}
	return all
}

// roots returns the words that refine no other.
func (w words) roots() []string {
	return slices.DeleteFunc(w.names(),
		func(name string) bool { return strings.Contains(name, "/") })
}

// messages holds the requests and replies, and the parts of them, as messages.yaml has them.
type messages struct {
	Envelope message   `yaml:"envelope"`
	Requests []message `yaml:"requests"`
	Replies  []message `yaml:"replies"`
	Parts    []message `yaml:"parts"`
}

// A message describes an object: a request, a reply or a part of one.
type message struct {
	Op   string `yaml:"op"`   // of a request
	Key  string `yaml:"key"`  // of a reply
	Name string `yaml:"name"` // of a part, in the schema
	Go   string `yaml:"go"`   // its type; derived from the name if empty

	Does   string  `yaml:"does"` // follows the type's name in its comment
	More   string  `yaml:"more"`
	Fields []field `yaml:"fields"`

	Answer     answer `yaml:"answer"`     // of a request
	Unrejected bool   `yaml:"unrejected"` // a request that has no input to reject
}

// An answer lists the fields of ok that answer a request.
type answer struct {
	Needs []string `yaml:"needs"`
	May   []string `yaml:"may"`
}

// A field describes one field of an object.
type field struct {
	Name     string `yaml:"name"`
	Go       string `yaml:"go"`
	Type     string `yaml:"type"`
	Optional bool   `yaml:"optional"`
	Means    string `yaml:"means"`
	Words    string `yaml:"words"` // the set that it takes its value from, to be listed

	Nonempty bool   `yaml:"nonempty"`
	Min      *int   `yaml:"min"`
	Max      *int   `yaml:"max"`
	Is       string `yaml:"is"` // "version"
}

// A source holds all of the protocol.
type source struct {
	vocabulary
	messages
}

var errSource = errors.New("bad source of the protocol")

// readSource reads the two files of a folder. Errors about what they hold wrap [errSource].
func readSource(dir string) (*source, error) {
	s := &source{}
	for name, into := range map[string]any{
		"vocabulary.yaml": &s.vocabulary, "messages.yaml": &s.messages,
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(into); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errSource, name, err)
		}
	}
	s.complete()
	return s, s.check()
}

// complete names what the source leaves to be named by its name on the wire.
func (s *source) complete() {
	s.Envelope.Name, s.Envelope.Go = "envelope", "envelope"
	for _, all := range [][]message{{s.Envelope}, s.Requests, s.Replies, s.Parts} {
		for i := range all {
			m := &all[i]
			if m.Go == "" {
				m.Go = camel(m.Op + m.Key + m.Name)
			}
			for j := range m.Fields {
				if f := &m.Fields[j]; f.Go == "" {
					f.Go = camel(f.Name)
				}
			}
		}
	}
}

// camel returns a name of the wire as Go has it.
func camel(name string) string {
	var all strings.Builder
	between := func(r rune) bool { return r == '-' || r == '_' }
	for _, part := range strings.FieldsFunc(name, between) {
		all.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return all.String()
}

// screaming returns a name of the wire as C and Rust have their constants.
func screaming(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-/", r) {
			return '_'
		}
		return r
	}, strings.ToUpper(name))
}

// sets returns the sets of words under the names that fields use, in the order of their listing.
func (v *vocabulary) sets() []namedWords {
	return []namedWords{
		{"stages", v.Stages}, {"classes", v.Classes}, {"features", v.Features},
		{"supports", v.Supports}, {"attributes", v.Attributes}, {"layouts", v.Layouts},
		{"handlers", v.Handlers}, {"targets", v.Targets}, {"kinds", v.Kinds},
		{"modes", v.Modes}, {"ways", v.Ways}, {"actions", v.Actions}, {"queries", v.Queries},
	}
}

type namedWords struct {
	name string
	words
}

// set returns the set of words of that name.
func (v *vocabulary) set(name string) (words, bool) {
	for _, set := range v.sets() {
		if set.name == name {
			return set.words, true
		}
	}
	return words{}, false
}

// typed returns the set of words of a Go type.
func (v *vocabulary) typed(name string) (words, bool) {
	for _, set := range v.sets() {
		if set.Type == name && name != "" {
			return set.words, true
		}
	}
	return words{}, name == "Op"
}

// part returns the object of a Go type.
func (m *messages) part(goType string) (message, bool) {
	for _, p := range m.Parts {
		if p.Go == goType {
			return p, true
		}
	}
	return message{}, false
}

// ok returns the reply of that name.
func (m *messages) ok() message { return m.Replies[0] }

// fieldOf returns a field by its name.
func (m message) fieldOf(name string) (field, bool) {
	for _, f := range m.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return field{}, false
}

// ops returns the operations in alphabetical order.
func (m *messages) ops() []string {
	var all []string
	for _, r := range m.Requests {
		all = append(all, r.Op)
	}
	slices.Sort(all)
	return all
}

// check reports mistakes in the source, all of them.
func (s *source) check() error {
	var errs []error
	mistake := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{errSource}, args...)...))
	}
	taken := map[string]bool{}
	claim := func(what, name string) {
		if name == "" {
			mistake("%s without a name", what)
		}
		if taken[what+name] {
			mistake("%s %q twice", what, name)
		}
		taken[what+name] = true
	}
	for _, set := range s.sets() {
		for _, w := range set.Words {
			claim("word of "+set.name, w.Name)
			if (w.Go == "") != (set.Type == "") {
				mistake("word %q of %s: a name in Go goes with a type in Go", w.Name, set.name)
			}
			if w.Go != "" {
				claim("Go name", w.Go)
			}
			for _, errno := range w.Errnos {
				claim("errno", errno)
			}
		}
	}
	if len(s.Replies) == 0 || s.ok().Key != "ok" {
		mistake("the first reply is not ok")
		return errors.Join(errs...)
	}
	for _, m := range slices.Concat([]message{s.Envelope}, s.Requests, s.Replies, s.Parts) {
		claim("Go name", m.Go)
		if m.Does == "" {
			mistake("%s does nothing: say what it does", m.Go)
		}
		for _, f := range m.Fields {
			claim("field of "+m.Go, f.Name)
			claim("Go field of "+m.Go, f.Go)
			if err := s.checkType(f.Type); err != nil {
				mistake("%s.%s: %v", m.Go, f.Name, err)
			}
			if _, known := s.set(f.Words); f.Words != "" && !known {
				mistake("%s.%s: there are no words %q", m.Go, f.Name, f.Words)
			}
			if f.Is != "" && f.Is != "version" {
				mistake("%s.%s: is %q, want version", m.Go, f.Name, f.Is)
			}
		}
		for _, name := range slices.Concat(m.Answer.Needs, m.Answer.May) {
			if _, known := s.ok().fieldOf(name); !known {
				mistake("%s is answered with %s, which ok does not have", m.Op, name)
			}
		}
	}
	return errors.Join(errs...)
}

// A shape takes a field's type apart.
type shape struct {
	list, dict, pointer bool
	key                 string // of a dict
	elem                string // of a list or dict, or the type itself
}

func shapeOf(typ string) shape {
	switch {
	case strings.HasPrefix(typ, "[]"):
		return shape{list: true, elem: typ[2:]}
	case strings.HasPrefix(typ, "*"):
		return shape{pointer: true, elem: typ[1:]}
	case strings.HasPrefix(typ, "map["):
		key, elem, _ := strings.Cut(typ[len("map["):], "]")
		return shape{dict: true, key: key, elem: elem}
	}
	return shape{elem: typ}
}

var scalars = []string{"string", "bool", "int", "uint32", "uint64", "any", "scalar"}

func (s *source) checkType(typ string) error {
	sh := shapeOf(typ)
	_, word := s.typed(sh.elem)
	_, part := s.part(sh.elem)
	switch {
	case !word && !part && !slices.Contains(scalars, sh.elem):
		return fmt.Errorf("unknown type %q", sh.elem)
	case sh.pointer && !part:
		return fmt.Errorf("%q: only parts are pointed to", typ)
	case sh.dict && sh.key != "string":
		if _, word := s.typed(sh.key); !word {
			return fmt.Errorf("unknown type of keys %q", sh.key)
		}
	case (sh.list || sh.dict) &&
		slices.Contains([]string{"any", "scalar", "bool", "uint32", "uint64"}, sh.elem):
		return fmt.Errorf("%q: there is no rule for lists of it yet", typ)
	}
	return nil
}

// isText reports whether a type is a string in Go, or a type of words.
func (s *source) isText(elem string) bool {
	_, word := s.typed(elem)
	return word || elem == "string"
}

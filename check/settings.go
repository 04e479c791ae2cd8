// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Settings say what a caller of a loader would do to an object between opening and loading it, and
// where it is expected to load. The form of the file is in docs/check.md.
type Settings struct {
	Objects []Setting `yaml:"objects"`
}

// A Setting is about the objects whose label a glob matches.
type Setting struct {
	Match     string                `yaml:"match"`
	Maps      map[string]MapSetting `yaml:"maps"`
	Programs  map[string]Program    `yaml:"programs"`
	Variables map[string]Value      `yaml:"variables"` // of global data, constants too
	Loads     *Expected             `yaml:"loads"`
	Attaches  *Expected             `yaml:"attaches"` // as far as the object loads

	line int
	used bool
}

// A MapSetting changes a map before it is made.
type MapSetting struct {
	MaxEntries *uint32 `yaml:"max_entries"`
	KeySize    *uint32 `yaml:"key_size"`   // bytes
	ValueSize  *uint32 `yaml:"value_size"` // bytes
	Flags      *uint32 `yaml:"map_flags"`  // BPF_F_*
	AutoCreate *bool   `yaml:"autocreate"` // false leaves the map out
}

// A Program changes a program before it is loaded.
type Program struct {
	AutoLoad *bool  `yaml:"autoload"` // false leaves the program out
	Type     string `yaml:"type"`     // libbpf's section name of it: "xdp"
}

// Expected says where an object loads, or attaches. It has to where all of it holds, and must not
// on other kernels; with other loaders anything goes.
type Expected struct {
	Kernel string `yaml:"kernel"` // ">=5.8", "<6.1", "5.10", "any" or "none"
	Loader string `yaml:"loader"` // a glob of its name or name@version; "" for every loader

	compare func(major, minor int) bool
	line    int
}

// ErrSettings is wrapped by the errors about a file with settings.
var ErrSettings = errors.New("bad settings")

// ReadSettings reads a file. The error wraps [ErrSettings], and names every mistake by its line.
func ReadSettings(name string) (*Settings, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	s := new(Settings)
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(s); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrSettings, err)
	}
	if len(s.Objects) == 0 {
		return nil, fmt.Errorf("%s: %w: no entry under objects", name, ErrSettings)
	}
	var problems []error
	for i := range s.Objects {
		if err := s.Objects[i].check(); err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %w: %w", name, s.Objects[i].line, ErrSettings, err))
		}
	}
	return s, errors.Join(problems...)
}

// UnmarshalYAML keeps the line that an entry is on.
func (s *Setting) UnmarshalYAML(node *yaml.Node) error {
	type plain Setting
	if err := known(node, (*plain)(s)); err != nil {
		return err
	}
	s.line = node.Line
	return nil
}

// known decodes a node, and refuses fields that there are not: the decoder forgets to below a type
// that decodes itself.
func known(node *yaml.Node, into any) error {
	text, err := yaml.Marshal(node)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		words := strings.NewReplacer("type check.plain", "an entry", "type check.", "")
		return fmt.Errorf("entry at line %d: %s", node.Line, words.Replace(err.Error()))
	}
	return nil
}

func (s *Setting) check() error {
	if s.Match == "" {
		return errors.New(`match is missing: a glob of file names, such as "*.bpf.o"`)
	}
	if _, err := path.Match(s.Match, ""); err != nil {
		return fmt.Errorf("match %q: %w", s.Match, err)
	}
	for _, e := range s.expected() {
		if _, err := path.Match(e.Loader, ""); err != nil {
			return fmt.Errorf("loader %q: %w", e.Loader, err)
		}
		var err error
		e.line = s.line
		if e.compare, err = condition(e.Kernel); err != nil {
			return err
		}
	}
	return nil
}

// expected returns the expectations of a setting.
func (s *Setting) expected() []*Expected {
	return slices.DeleteFunc([]*Expected{s.Loads, s.Attaches}, func(e *Expected) bool { return e == nil })
}

// condition reads a condition on a kernel's version.
func condition(text string) (func(major, minor int) bool, error) {
	switch text {
	case "any":
		return func(int, int) bool { return true }, nil
	case "none":
		return func(int, int) bool { return false }, nil
	}
	for _, op := range []struct {
		sign string
		is   func(difference int) bool
	}{
		{">=", func(d int) bool { return d >= 0 }}, {"<=", func(d int) bool { return d <= 0 }},
		{">", func(d int) bool { return d > 0 }}, {"<", func(d int) bool { return d < 0 }},
		{"", func(d int) bool { return d == 0 }},
	} {
		rest, ok := strings.CutPrefix(text, op.sign)
		if !ok {
			continue
		}
		wantMajor, wantMinor, ok := version(strings.TrimSpace(rest))
		if !ok {
			break
		}
		return func(major, minor int) bool {
			return op.is((major-wantMajor)*1000 + minor - wantMinor)
		}, nil
	}
	return nil, fmt.Errorf(`kernel %q: want two numbers with a sign before them, such as ">=5.8", or any, or none`, text)
}

// version reads the first two numbers of a kernel's version: "6.12.48-cloud-amd64" is 6, 12.
func version(text string) (major, minor int, ok bool) {
	one, rest, found := strings.Cut(text, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	major, err := strconv.Atoi(one)
	if err != nil || !found {
		return 0, 0, false
	}
	minor, err = strconv.Atoi(rest)
	return major, minor, err == nil
}

// For returns what settings say of an object; the first entry that matches it. Zero where none
// does.
func (s *Settings) For(o *Object) Setting {
	if s == nil {
		return Setting{}
	}
	for i := range s.Objects {
		for _, name := range []string{o.Label, path.Base(o.Label)} {
			if ok, err := path.Match(s.Objects[i].Match, name); ok && err == nil {
				s.Objects[i].used = true
				return s.Objects[i]
			}
		}
	}
	return Setting{}
}

// Check returns an error for each name in a setting that the object does not have, as far as its
// names could be read, and for each value that its variable cannot have.
func (s Setting) Check(o *Object) error {
	var problems []error
	for name, value := range sorted(s.Variables) {
		if o.Needs.Unread != "" {
			problems = append(problems, fmt.Errorf("%w: line %d: variable %q: the object's variables cannot be read: %s",
				ErrSettings, value.node.Line, name, o.Needs.Unread))
		} else if variable := o.Needs.Variables[name]; variable != nil {
			if _, err := value.bytesOf(variable, o.Needs.order); err != nil {
				problems = append(problems, fmt.Errorf("%w: line %d: variable %q: %w",
					ErrSettings, value.node.Line, name, err))
			}
		}
	}
	if o.Needs.Unread != "" {
		return errors.Join(problems...)
	}
	for _, names := range []struct {
		what string
		set  []string
		has  []string
	}{
		{"map", slices.Sorted(maps.Keys(s.Maps)), o.Needs.Maps},
		{"program", slices.Sorted(maps.Keys(s.Programs)), o.Needs.Programs},
		{"variable", slices.Sorted(maps.Keys(s.Variables)), slices.Sorted(maps.Keys(o.Needs.Variables))},
	} {
		for _, name := range names.set {
			if !slices.Contains(names.has, name) {
				problems = append(problems, fmt.Errorf("%w: line %d: %s has no %s %q; it has %s",
					ErrSettings, s.line, o.Label, names.what, name, cmp.Or(strings.Join(names.has, ", "), "none")))
			}
		}
	}
	return errors.Join(problems...)
}

// CheckLoaders returns an error for each entry that is about a loader that is not asked: an
// expectation that was mistyped would hold nothing.
func (s *Settings) CheckLoaders(names []string) error {
	var problems []error
	for _, o := range s.Objects {
		for _, e := range o.expected() {
			if e.Loader != "" && !slices.ContainsFunc(names, func(name string) bool {
				short, _, _ := strings.Cut(name, "@")
				return e.about(short, name)
			}) {
				problems = append(problems, fmt.Errorf("%w: line %d: loader %q is none of those that are asked: %s",
					ErrSettings, o.line, e.Loader, strings.Join(names, ", ")))
			}
		}
	}
	return errors.Join(problems...)
}

// about reports whether an expectation is about a loader, by its name without and with its version.
func (e *Expected) about(short, long string) bool {
	one, _ := path.Match(e.Loader, short) // the glob was checked
	other, _ := path.Match(e.Loader, long)
	return e.Loader == "" || one || other
}

// Unused returns an error for each entry that matched no object that [Settings.For] was asked for:
// a name that was mistyped would be obeyed nowhere.
func (s *Settings) Unused() error {
	var problems []error
	if s != nil {
		for _, o := range s.Objects {
			if !o.used {
				problems = append(problems, fmt.Errorf("%w: line %d: %q matches no object that no entry before it matches",
					ErrSettings, o.line, o.Match))
			}
		}
	}
	return errors.Join(problems...)
}

// A change mirrors the request set of the loader protocol, but for the session.
type change struct {
	Target string `json:"target"` // "map", "program" or "variable"
	Name   string `json:"name"`
	Attr   string `json:"attribute"`
	Value  any    `json:"value"`
}

// Changes returns what is to be changed of an object before the load, a line of JSON each, sorted.
func (s Setting) Changes(o *Object) ([]string, error) {
	var all []change
	for name, value := range sorted(s.Variables) {
		data, err := value.bytesOf(o.Needs.Variables[name], o.Needs.order)
		if err != nil {
			return nil, fmt.Errorf("variable %q: %w", name, err)
		}
		all = append(all, change{"variable", name, "initial_value", hex.EncodeToString(data)})
	}
	for name, m := range s.Maps {
		for attr, value := range map[string]*uint32{
			"max_entries": m.MaxEntries, "key_size": m.KeySize, "value_size": m.ValueSize, "map_flags": m.Flags,
		} {
			if value != nil {
				all = append(all, change{"map", name, attr, *value})
			}
		}
		if m.AutoCreate != nil {
			all = append(all, change{"map", name, "autocreate", *m.AutoCreate})
		}
	}
	for name, p := range s.Programs {
		if p.Type != "" {
			all = append(all, change{"program", name, "program_type", p.Type})
		}
		if p.AutoLoad != nil {
			all = append(all, change{"program", name, "autoload", *p.AutoLoad})
		}
	}
	var lines []string
	for _, c := range all {
		line, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		lines = append(lines, string(line))
	}
	slices.Sort(lines)
	return lines, nil
}

// Says returns whether an object has to load, or attach, on a kernel with a loader; known is false
// where nothing is said of it.
func (e *Expected) Says(kernelRelease, loader, loaderName string) (loads, known bool) {
	if e == nil {
		return false, false
	}
	if !e.about(loader, loaderName) {
		return false, false
	}
	major, minor, ok := version(kernelRelease)
	if !ok {
		return false, false
	}
	return e.compare(major, minor), true
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// A source is a package or a module that has objects.
type source struct {
	Name string `yaml:"name"` // of its folder

	Suite   string `yaml:"suite"`   // of Debian's, as in package apt
	Package string `yaml:"package"` // a binary package there

	Module string `yaml:"module"` // of Go, in the place of both

	Version string   `yaml:"version"` // last checked with; a package's newest is taken whatever it is
	Take    []string `yaml:"take"`    // folders and files in it; all of it if there is none
}

// String returns what a reader calls the source.
func (s source) String() string {
	if s.Module != "" {
		return s.Module + "@" + s.Version
	}
	return s.Package + " (" + s.Suite + ")"
}

// plainName matches names that can be a folder anywhere.
var plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

// check returns what is wrong with an entry.
func (s source) check() error {
	debian := s.Suite != "" && s.Package != "" && s.Module == ""
	module := s.Module != "" && s.Version != "" && s.Suite == "" && s.Package == ""
	switch {
	case !plainName.MatchString(s.Name):
		return fmt.Errorf("name %q: want small letters, digits, dots and dashes", s.Name)
	case !debian && !module:
		return fmt.Errorf("%s: want suite and package, or module and version", s.Name)
	}
	return nil
}

// readSources reads the list. The error joins everything that is wrong with it.
func readSources(name string) ([]source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var sources []source
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&sources); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var problems []error
	seen := make(map[string]bool)
	for _, s := range sources {
		problems = append(problems, s.check())
		if seen[s.Name] {
			problems = append(problems, fmt.Errorf("%s: named twice", s.Name))
		}
		seen[s.Name] = true
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return sources, nil
}

// SPDX-License-Identifier: Apache-2.0

package mutants

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Mutant describes one wrong loader.
type Mutant struct {
	Name string `yaml:"-"` // its file's, without the ending

	// Wrong says in one sentence what the loader does wrong.
	Wrong string `yaml:"wrong"`

	// Diff makes the reference loader wrong: a unified diff of sources, as git has it. Numbers of
	// lines in it do not count.
	Diff string `yaml:"diff"`

	// Caught lists the specs that have to fail, by their ids. Others may.
	Caught []string `yaml:"caught"`

	// Kernel names the kernel on which it is caught, if it is not caught on every kernel.
	Kernel string `yaml:"kernel"`

	edits []edit // of Diff
}

//go:embed reference/*.yaml
var files embed.FS

// All returns the mutants, sorted by name. The error joins every mistake in their files.
func All() ([]Mutant, error) {
	entries, err := files.ReadDir("reference")
	if err != nil {
		return nil, fmt.Errorf("list mutants: %w", err)
	}
	var all []Mutant
	var problems []error
	for _, e := range entries {
		text, err := files.ReadFile(path.Join("reference", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read mutant: %w", err)
		}
		m, err := parse(strings.TrimSuffix(e.Name(), ".yaml"), text)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all = append(all, m)
	}
	return all, errors.Join(problems...)
}

// parse reads the file of a mutant.
func parse(name string, text []byte) (Mutant, error) {
	m := Mutant{Name: name}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&m); err != nil {
		return Mutant{}, fmt.Errorf("mutant %s: %w", name, err)
	}
	if err := m.check(); err != nil {
		return Mutant{}, fmt.Errorf("mutant %s: %w", name, err)
	}
	return m, nil
}

// check reads the diff, and returns the first thing that is wrong with a file.
func (m *Mutant) check() error {
	switch {
	case !strings.HasSuffix(m.Wrong, ".") || strings.ContainsRune(m.Wrong, '\n'):
		return fmt.Errorf("wrong is %q: want a sentence", m.Wrong)
	case len(m.Caught) == 0:
		return errors.New("caught by no spec: write the one that catches it")
	case !slices.IsSorted(m.Caught) || len(slices.Compact(slices.Clone(m.Caught))) < len(m.Caught):
		return errors.New("caught: want specs in alphabetical order, each once")
	}
	var err error
	m.edits, err = readDiff(m.Diff)
	return err
}

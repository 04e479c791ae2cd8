// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/requirements"
)

// Entry says of a spec what the catalogue has of it.
type Entry struct {
	Spec        string   // id
	Suite       string   // the part of the id before the first dot
	Requirement string   // id
	Level       string   // "must" or "should"
	Sentence    string   // what the requirement says
	Profiles    []string //
	Needs       requirements.Needs
	Place       string // folder/file.go:line
}

// Catalogue returns every spec that is linked in but the hidden ones, sorted by id. The error is
// that of [Check].
func Catalogue() ([]Entry, error) {
	set, err := requirements.Read()
	if err != nil {
		return nil, err
	}
	return catalogue(registered, set)
}

// Check returns an error that joins every breach of the catalogue's rules: a mistake in the
// requirements, an id that is malformed or there twice, a spec without a requirement, an area or a
// requirement without a spec, needs of a variant that no spec has. A program that runs specs checks
// first.
func Check() error {
	_, err := Catalogue()
	return err
}

func catalogue(specs []Spec, set *requirements.Set) ([]Entry, error) {
	var problems []error
	var entries []Entry
	places := map[string]string{}
	for _, s := range specs {
		if first, dup := places[s.ID]; dup {
			problems = append(problems,
				fmt.Errorf("%s: spec %s is already at %s", s.Place, s.ID, first))
			continue
		}
		places[s.ID] = s.Place
		entry, err := s.entry(set)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", s.Place, err))
		} else if !s.Hidden {
			entries = append(entries, entry)
		}
	}
	problems = append(problems, uncovered(places, set)...)
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Spec, b.Spec) })
	return entries, nil
}

// entry returns what the catalogue says of a spec.
func (s Spec) entry(set *requirements.Set) (Entry, error) {
	if err := requirements.CheckSpecID(s.ID); err != nil {
		return Entry{}, err
	}
	r, found := set.ForSpec(s.ID)
	switch {
	case s.Hidden && found:
		return Entry{}, fmt.Errorf("spec %s is hidden, but there is a requirement of that id", s.ID)
	case s.Hidden:
		return Entry{}, nil
	case !found:
		return Entry{}, fmt.Errorf("spec %s has no requirement", s.ID)
	}
	return Entry{
		Spec: s.ID, Suite: r.Area(), Requirement: r.ID, Level: string(r.Level),
		Sentence: r.Sentence,
		Profiles: r.Profiles, Needs: r.NeedsOf(s.ID), Place: s.Place,
	}, nil
}

// uncovered returns an error for each area and each requirement that no spec checks, and for each
// variant that no spec is. An area without any spec is a suite that is not linked in.
func uncovered(specs map[string]string, set *requirements.Set) []error {
	areas, missing, covered := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for id := range specs {
		requirement, _ := requirements.Split(id)
		covered[requirement] = true
		area, _, _ := strings.Cut(id, ".")
		areas[area] = true
	}
	var problems []error
	for _, r := range set.All() {
		switch {
		case areas[r.Area()] && !covered[r.ID]:
			problems = append(problems, fmt.Errorf("requirement %s has no spec", r.ID))
		case !areas[r.Area()] && !missing[r.Area()]:
			missing[r.Area()] = true
			problems = append(problems, fmt.Errorf(
				"requirements/%s.yaml has no spec: suites/all links in no suite of that area", r.Area()))
		}
		for variant := range r.Variants {
			if _, found := specs[r.ID+"/"+variant]; !found && covered[r.ID] {
				problems = append(problems, fmt.Errorf("requirement %s says what variant %s needs, but no spec is that variant", r.ID, variant))
			}
		}
	}
	return problems
}

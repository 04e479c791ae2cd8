// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A Choice says which of the types of one name a type of the object stands for.
type Choice struct {
	Source string // name of a [Source]; empty for any
	Name   string // of the type there, with its flavor; empty for any
}

// String returns the choice as words of an error.
func (c Choice) String() string {
	switch {
	case c.Source == "":
		return c.Name
	case c.Name == "":
		return "that of " + c.Source
	}
	return c.Name + " of " + c.Source
}

// takes reports whether a candidate may be what was chosen.
func (c Choice) takes(candidate *Candidate) (bool, error) {
	if c.Source != "" && c.Source != candidate.Source.Name {
		return false, nil
	}
	if c.Name == "" {
		return true, nil
	}
	t, err := candidate.Source.Types.Type(candidate.ID)
	return err == nil && t.Name == c.Name, err
}

// CheckChoices refuses a choice for a type that the object does not have: one that was mistyped
// would be obeyed nowhere.
func (r *Resolver) CheckChoices() error {
	for _, name := range slices.Sorted(maps.Keys(r.Choices)) {
		if r.Choices[name] == (Choice{}) {
			return fmt.Errorf("%s: %w", name, refuse.ErrNoChoice)
		}
		found := r.Local != nil && slices.ContainsFunc(r.Local.Named(typeinfo.NameOf(name)), func(id btf.TypeID) bool {
			t, err := r.Local.Type(id)
			return err == nil && (t.Name == name || typeinfo.WithoutFlavor(t.Name) == name)
		})
		if !found {
			return fmt.Errorf("%s: %w", name, refuse.ErrChoiceFor)
		}
	}
	return nil
}

// choiceFor returns what was chosen for a type of the object: for it in its flavor, or else in any.
func (r *Resolver) choiceFor(name string) (Choice, bool) {
	if c, ok := r.Choices[name]; ok {
		return c, true
	}
	c, ok := r.Choices[typeinfo.WithoutFlavor(name)]
	return c, ok
}

// narrow leaves of the candidates those that were chosen.
func (r *root) narrow(c Choice) ([]Candidate, error) {
	var left []Candidate
	for i := range r.candidates {
		switch takes, err := c.takes(&r.candidates[i]); {
		case err != nil:
			return nil, err
		case takes:
			left = append(left, r.candidates[i])
		}
	}
	return left, nil
}

// notThere says that no candidate was chosen, and which there are.
func (r *root) notThere(c Choice) error {
	var each []string
	for i := range r.candidates {
		each = append(each, r.candidates[i].String())
	}
	if each == nil {
		each = []string{"none"}
	}
	return fmt.Errorf("%v: %w: there is %s", c, refuse.ErrChosenType, strings.Join(each, ", "))
}

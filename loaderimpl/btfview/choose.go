// SPDX-License-Identifier: Apache-2.0

package btfview

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/core"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// ErrChoice marks errors about what a caller chose among types, before any relocation is looked at.
var ErrChoice = errors.New("bad choice of a type")

// Choose says which of several types of one name relocations mean: "TYPE=NAME@SOURCE". TYPE is the
// object's, with its flavor for that one alone. NAME is that of the type there, and SOURCE where it
// is from: "vmlinux", "module NAME", or a path as given to [Open]. Either may be left out. Errors
// wrap [ErrChoice].
func (s *Sources) Choose(words string) error {
	of, chosen, found := strings.Cut(words, "=")
	name, source, _ := strings.Cut(chosen, "@")
	switch {
	case !found || of == "" || name == "" && source == "":
		return fmt.Errorf("%w: want TYPE=NAME@SOURCE, TYPE=NAME or TYPE=@SOURCE", ErrChoice)
	case source != "" && !strings.HasPrefix(source, "module ") &&
		!slices.ContainsFunc(s.given, func(g core.Source) bool { return g.Name == source }):
		var names []string
		for _, g := range s.given {
			names = append(names, g.Name)
		}
		return fmt.Errorf("%w: no source is %q: there is %s", ErrChoice, source, strings.Join(names, ", "))
	}
	if s.choices == nil {
		s.choices = make(map[string]core.Choice)
	}
	if _, twice := s.choices[of]; twice {
		return fmt.Errorf("%w: %s is chosen twice", ErrChoice, of)
	}
	s.choices[of] = core.Choice{Source: source, Name: name}
	return nil
}

// choiceError marks the error about a choice for a type that an object does not have.
func choiceError(path string, err error) error {
	if errors.Is(err, refuse.ErrChoiceFor) {
		return fmt.Errorf("%w: %s: %w", ErrChoice, path, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

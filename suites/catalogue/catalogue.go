// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A Catalogue names every spec but the hidden ones.
type Catalogue struct {
	Specs   []string `json:"specs"`   // ids, sorted
	Renamed []Rename `json:"renamed"` // ids that no spec has any more, and why
}

// A Rename records that no spec has an id any more: To is the spec's new id, which may have been
// renamed in its turn, or Removed says why there is no such spec. One of the two is "".
type Rename struct {
	From    string `json:"from"`
	To      string `json:"to,omitempty"`
	Removed string `json:"removed,omitempty"`
}

//go:embed catalogue.json
var committed []byte

// Committed returns the catalogue that is committed. The error joins every mistake in it.
func Committed() (Catalogue, error) { return parse(committed) }

func parse(text []byte) (Catalogue, error) {
	var c Catalogue
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Catalogue{}, fmt.Errorf("read catalogue: %w", err)
	}
	if err := c.check(); err != nil {
		return Catalogue{}, err
	}
	return c, nil
}

// Text returns the catalogue as it is committed.
func (c Catalogue) Text() ([]byte, error) {
	text, err := json.MarshalIndent(c, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("write catalogue: %w", err)
	}
	return append(text, '\n'), nil
}

// With returns the catalogue with the specs that there are now, sorted by id. The error joins one
// for each spec that is gone and of which Renamed does not say why.
func (c Catalogue) With(specs []string) (Catalogue, error) {
	var problems []error
	for _, id := range c.Specs {
		if _, renamed := c.rename(id); !renamed && !slices.Contains(specs, id) {
			problems = append(problems, fmt.Errorf(
				"spec %s is gone: add an entry to renamed that says what it is called now, or why it was removed", id))
		}
	}
	now := Catalogue{Specs: slices.Clone(specs), Renamed: c.Renamed}
	return now, errors.Join(append(problems, now.check())...)
}

// check reports every mistake in the catalogue.
func (c Catalogue) check() error {
	var problems []error
	for i := 1; i < len(c.Specs); i++ {
		if c.Specs[i-1] >= c.Specs[i] {
			problems = append(problems, fmt.Errorf("spec %s comes after %s: ids are sorted, each once", c.Specs[i], c.Specs[i-1]))
		}
	}
	for i, r := range c.Renamed {
		switch {
		case (r.To == "") == (r.Removed == ""):
			problems = append(problems,
				fmt.Errorf("renamed spec %s: want one of to and removed", r.From))
		case slices.ContainsFunc(c.Renamed[:i], func(other Rename) bool { return other.From == r.From }):
			problems = append(problems, fmt.Errorf("renamed spec %s is there twice", r.From))
		case slices.Contains(c.Specs, r.From):
			problems = append(problems,
				fmt.Errorf("renamed spec %s: there is a spec of that id", r.From))
		default:
			problems = append(problems, c.follow(r))
		}
	}
	return errors.Join(problems...)
}

// follow returns an error unless a rename leads to a spec, or to one that was removed.
func (c Catalogue) follow(first Rename) error {
	seen := []string{first.From}
	for r := first; r.To != ""; {
		if slices.Contains(seen, r.To) {
			return fmt.Errorf("renamed spec %s leads back to %s", first.From, r.To)
		}
		seen = append(seen, r.To)
		next, again := c.rename(r.To)
		if !again {
			if !slices.Contains(c.Specs, r.To) {
				return fmt.Errorf("renamed spec %s: no spec is named %s", first.From, r.To)
			}
			return nil
		}
		r = next
	}
	return nil
}

// Now returns the id that a spec has now, which is id where it was not renamed, or why there is no
// such spec any more.
func (c Catalogue) Now(id string) (to, removed string) {
	for range len(c.Renamed) + 1 {
		r, renamed := c.rename(id)
		switch {
		case !renamed:
			return id, ""
		case r.To == "":
			return "", r.Removed
		}
		id = r.To
	}
	return id, ""
}

func (c Catalogue) rename(from string) (Rename, bool) {
	i := slices.IndexFunc(c.Renamed, func(r Rename) bool { return r.From == from })
	if i < 0 {
		return Rename{}, false
	}
	return c.Renamed[i], true
}

// SPDX-License-Identifier: Apache-2.0

package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

var (
	// ErrNoGuest reports that the guest program is not where it should be.
	ErrNoGuest = errors.New("no guest program")

	// ErrNoSpec reports, from [Catalogue.Select], a name that no spec has. Its text lists those
	// that come close.
	ErrNoSpec = errors.New("no such spec")

	// ErrNoSuite reports, from [Catalogue.Select], a name that no suite has.
	ErrNoSuite = errors.New("no such suite")

	// ErrOtherSpecs is returned by [Catalogue.Check] where specs and requirements
	// do not answer each other.
	ErrOtherSpecs = errors.New("the guest program's specs are not those of the requirements")
)

// GuestProgram names the program that is PID 1 in a guest.
const GuestProgram = "loadstone-guest"

// FindGuest returns the path of the guest program: beside this one.
func FindGuest() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoGuest, err)
	}
	path := filepath.Join(filepath.Dir(self), GuestProgram)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "",
			fmt.Errorf("%w: %s is not there: both are made by 'make build', and stay in one folder",
				ErrNoGuest, path)
	} else if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoGuest, err)
	}
	return path, nil
}

// Catalogue holds every spec that a guest program can run, in its order.
type Catalogue []record.Spec

// ReadCatalogue asks the guest program at path for its catalogue. It runs the program on the host,
// where it does nothing else.
func ReadCatalogue(ctx context.Context, path string) (Catalogue, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "catalogue")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s catalogue: %w: %s", path, err,
			strings.TrimSpace(stderr.String()))
	}
	var all Catalogue
	decoder := json.NewDecoder(&stdout)
	for {
		var s record.Spec
		err := decoder.Decode(&s)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s catalogue: %w", path, err)
		}
		all = append(all, s)
	}
}

// ofHarness lists the suites that test the harness itself and hold loaders to
// nothing.
var ofHarness = []string{"check", "faults"}

// Check returns an error wrapping [ErrOtherSpecs] that names every area of the
// requirements without a spec, every other requirement without one, and every
// spec without a requirement. A run with such a program would be green about
// what it never asked.
func (c Catalogue) Check(set *requirements.Set) error {
	checked, areas := make(map[string]bool), make(map[string]bool)
	var problems []string
	for _, s := range c {
		r, found := set.ForSpec(s.ID)
		if !found && !slices.Contains(ofHarness, s.Suite) {
			problems = append(problems,
				fmt.Sprintf("spec %s (%s) has no requirement: write it in requirements/", s.ID, s.Place))
		}
		if found {
			checked[r.ID], areas[r.Area()] = true, true
		}
	}
	for _, r := range set.All() {
		if checked[r.ID] {
			continue
		}
		problem := fmt.Sprintf("requirement %s has no spec: write it in suites/%s", r.ID, r.Area())
		if !areas[r.Area()] {
			problem = fmt.Sprintf("area %s has no specs: its suite belongs in the list of suites/all", r.Area())
		}
		if !slices.Contains(problems, problem) {
			problems = append(problems, problem)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%w; 'make build' makes both programs from the same sources:\n  %s",
		ErrOtherSpecs, strings.Join(problems, "\n  "))
}

// CheckIDs returns an error wrapping [ErrOtherSpecs] that names every id of a list that no spec
// has, and every id that several have. The list is what is committed, so that a spec cannot vanish
// from the guest program alone; a new spec may run before its id is written there.
func (c Catalogue) CheckIDs(committed []string) error {
	count := make(map[string]int, len(c))
	var problems []string
	for _, s := range c {
		if count[s.ID]++; count[s.ID] == 2 {
			problems = append(problems, fmt.Sprintf("spec %s is there twice", s.ID))
		}
	}
	for _, id := range committed {
		if count[id] == 0 {
			problems = append(problems, fmt.Sprintf("spec %s is missing", id))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%w; 'make build' makes both programs from the same sources, and "+
		"suites/catalogue has the ids:\n  %s", ErrOtherSpecs, strings.Join(problems, "\n  "))
}

// Select returns the part of the catalogue that suites and specs name; all of it where neither
// names any. A spec is named by its id, or by the start of several ids and a *; a requirement's id
// names all its variants. The order stays. Errors wrap [ErrNoSuite] and [ErrNoSpec].
func (c Catalogue) Select(suites, specs []string) (Catalogue, error) {
	if err := c.checkSuites(suites); err != nil {
		return nil, err
	}
	for _, name := range specs {
		if !slices.ContainsFunc(c, func(s record.Spec) bool { return answersTo(s, name) }) {
			return nil, fmt.Errorf("%w: %q%s", ErrNoSpec, name, c.near(name))
		}
	}
	var chosen Catalogue
	for _, s := range c {
		inSuite := len(suites) == 0 || slices.Contains(suites, s.Suite)
		inSpecs := len(specs) == 0 ||
			slices.ContainsFunc(specs, func(name string) bool { return answersTo(s, name) })
		if inSuite && inSpecs {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("%w: none of the specs named is in %s", ErrNoSpec,
			strings.Join(suites, ", "))
	}
	return chosen, nil
}

func answersTo(s record.Spec, name string) bool {
	if prefix, ok := strings.CutSuffix(name, "*"); ok {
		return strings.HasPrefix(s.ID, prefix)
	}
	return s.ID == name || s.Requirement == name
}

// Suites returns the names of the catalogue's suites, in its order.
func (c Catalogue) Suites() []string {
	var names []string
	for _, s := range c {
		if !slices.Contains(names, s.Suite) {
			names = append(names, s.Suite)
		}
	}
	return names
}

func (c Catalogue) checkSuites(names []string) error {
	have := c.Suites()
	for _, name := range names {
		if !slices.Contains(have, name) {
			return fmt.Errorf("%w: %q: there are %s", ErrNoSuite, name, strings.Join(have, ", "))
		}
	}
	return nil
}

// near names the specs whose ids share most with a name that is none.
func (c Catalogue) near(name string) string {
	const most = 3
	name = strings.TrimSuffix(name, "*")
	byLikeness := slices.SortedStableFunc(slices.Values(c), func(a, b record.Spec) int {
		return likeness(b.ID, name) - likeness(a.ID, name)
	})
	var ids []string
	for _, s := range byLikeness[:min(most, len(byLikeness))] {
		if likeness(s.ID, name) > 0 {
			ids = append(ids, s.ID)
		}
	}
	if len(ids) == 0 {
		return ": 'loadstone list' has them all"
	}
	return ": did you mean " + strings.Join(ids, ", ") + "? 'loadstone list' has them all"
}

// likeness counts the words that two ids have in common.
func likeness(a, b string) int {
	words := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '-' || r == '/' })
	}
	n := 0
	theirs := words(b)
	for _, w := range words(a) {
		if slices.Contains(theirs, w) {
			n++
		}
	}
	return n
}

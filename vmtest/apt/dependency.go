// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pault.ag/go/debian/dependency"
)

// relation describes one alternative of a dependency: a package name with an optional
// constraint on its version. Source: Debian Policy, section 7.1.
type relation struct {
	name     string
	operator string // one of operators, or "" for any version
	version  Version
}

// operators lists the relations that a constraint can have.
var operators = []string{"<<", "<=", "=", ">=", ">>"}

// errRelation says that a dependency is not one of a binary package.
var errRelation = errors.New("no relation of a binary package")

// parseDependencies parses a Depends field into its conjunction of
// alternatives. Architecture qualifiers (":any") are dropped: one closure is of
// one architecture.
func parseDependencies(field string) ([][]relation, error) {
	parsed, err := dependency.Parse(strings.Trim(field, ", \t\n"))
	if err != nil {
		return nil, fmt.Errorf("dependencies %.60q: %w", field, err)
	}
	var all [][]relation
	bars := strings.Count(field, "|")
	for _, clause := range parsed.Relations {
		var alternatives []relation
		for _, one := range clause.Possibilities {
			r := relation{name: one.Name}
			if one.Version != nil {
				r.operator, r.version = one.Version.Operator, Version(one.Version.Number)
			}
			// Substitutions and restrictions are gone once a package is built.
			if one.Name == "" || one.Substvar || one.Version != nil &&
				!slices.Contains(operators, r.operator) ||
				one.Architectures != nil && len(one.Architectures.Architectures) > 0 ||
				len(one.StageSets) > 0 {
				return nil, fmt.Errorf("dependencies %.60q: %w: %s", field, errRelation, one)
			}
			alternatives = append(alternatives, r)
		}
		if len(alternatives) == 0 {
			return nil, fmt.Errorf("dependencies %.60q: %w: an empty one", field, errRelation)
		}
		bars -= len(alternatives) - 1
		all = append(all, alternatives)
	}
	if bars != 0 { // the parser skips an alternative that is empty
		return nil, fmt.Errorf("dependencies %.60q: %w: an empty alternative", field, errRelation)
	}
	return all, nil
}

// meets reports whether version satisfies the constraint of r.
func (r relation) meets(version Version) bool {
	if r.operator == "" {
		return true
	}
	c := version.Compare(r.version)
	switch r.operator {
	case "<<":
		return c < 0
	case "<=":
		return c <= 0
	case "=":
		return c == 0
	case ">=":
		return c >= 0
	default:
		return c > 0
	}
}

func (r relation) String() string {
	if r.operator == "" {
		return r.name
	}
	return fmt.Sprintf("%s (%s %s)", r.name, r.operator, r.version)
}

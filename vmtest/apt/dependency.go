// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"fmt"
	"strings"
)

// relation describes one alternative of a dependency: a package name with an optional
// constraint on its version. Source: Debian Policy, section 7.1.
type relation struct {
	name     string
	operator string // "<<", "<=", "=", ">=", ">>", or "" for any version
	version  Version
}

// parseDependencies parses a Depends field into its conjunction of
// alternatives. Architecture qualifiers (":any") are dropped: one closure is of
// one architecture.
func parseDependencies(field string) ([][]relation, error) {
	var all [][]relation
	for clause := range strings.SplitSeq(field, ",") {
		if clause = strings.TrimSpace(clause); clause == "" {
			continue
		}
		var alternatives []relation
		for text := range strings.SplitSeq(clause, "|") {
			one, err := parseRelation(strings.TrimSpace(text))
			if err != nil {
				return nil, fmt.Errorf("dependency %q: %w", clause, err)
			}
			alternatives = append(alternatives, one)
		}
		all = append(all, alternatives)
	}
	return all, nil
}

func parseRelation(text string) (relation, error) {
	name, constraint, constrained := strings.Cut(text, "(")
	name, _, _ = strings.Cut(strings.TrimSpace(name), ":")
	if name == "" || strings.ContainsAny(name, " \t") {
		return relation{}, fmt.Errorf("%q is no package name", name)
	}
	if !constrained {
		return relation{name: name}, nil
	}
	constraint, closed := strings.CutSuffix(strings.TrimSpace(constraint), ")")
	if !closed {
		return relation{}, fmt.Errorf("%q lacks its closing bracket", text)
	}
	for _, operator := range []string{"<<", "<=", "=", ">=", ">>"} {
		if version, found := strings.CutPrefix(strings.TrimSpace(constraint), operator); found {
			return relation{name, operator, Version(strings.TrimSpace(version))}, nil
		}
	}
	return relation{}, fmt.Errorf("%q has no known operator", text)
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

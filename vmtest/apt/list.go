// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// List returns the packages of the suite whose name matches the pattern, in the
// syntax of [path.Match], by name and from old to new.
func (s *Suite) List(pattern string) ([]Package, error) {
	literal := pattern
	if i := strings.IndexAny(pattern, `*?[\`); i >= 0 {
		literal = pattern[:i]
	} else {
		literal += "\t"
	}
	matches := func(columns []string) (bool, error) { return path.Match(pattern, columns[0]) }
	return s.collect(literal, matches)
}

// collect returns the packages whose index line starts with prefix and that
// keep says yes to.
func (s *Suite) collect(
	prefix string, keep func(columns []string) (bool, error),
) ([]Package, error) {
	var all []Package
	for _, d := range s.have {
		base := s.root.base(d)
		err := s.eachLine(d, prefix, func(columns []string) error {
			if isVirtual(columns) {
				return nil
			}
			wanted, err := keep(columns)
			if err != nil || !wanted {
				return err
			}
			p, err := packageOf(columns, base)
			p.Suite, p.Dist = s.Name, d.name
			if err == nil && !s.lacks(p) {
				all = append(all, p)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("lists of %s: %w", d.name, err)
		}
	}
	slices.SortStableFunc(all, func(a, b Package) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return a.Version.Compare(b.Version)
	})
	// A package that an update brought into the release is in both dists.
	return slices.CompactFunc(all,
		func(a, b Package) bool { return a.Name == b.Name && a.Version == b.Version }), nil
}

// eachLine calls do for the lines of the dist's index that start with prefix.
func (s *Suite) eachLine(d dist, prefix string, do func(columns []string) error) error {
	x, err := openIndex(s.root.distDir(d, indexFile))
	if err != nil {
		return err
	}
	return errors.Join(x.withPrefix(prefix, do), x.Close())
}

// isVirtual reports whether an index line is about a virtual package.
func isVirtual(columns []string) bool { return len(columns) == 3 && strings.HasPrefix(columns[1], "@") }

// providers returns the names of the packages that provide r.
func (s *Suite) providers(r relation) ([]string, error) {
	var names []string
	for _, d := range s.have {
		err := s.eachLine(d, r.name+"\t@", func(columns []string) error {
			provided := Version(strings.TrimPrefix(columns[1], "@"))
			if r.operator == "" || provided != "" && r.meets(provided) {
				names = append(names, columns[2])
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("lists of %s: %w", d.name, err)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

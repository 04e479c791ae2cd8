// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Closure returns the packages of those names, as "name" or "name=version", and
// all that they depend on, within the suite: what has to be unpacked beside
// them for their programs to find their shared libraries. Recommended packages
// are left out. The order is by name.
//
// Of several versions the newest is taken, of several alternatives the first
// that can be had; the dependencies of a backport come from its base suite where
// that has them, as apt itself prefers. Essential packages, on which Debian's
// packages depend without a word, are not added. It returns [ErrNoSuchPackage] if
// something cannot be had.
func (s *Suite) Closure(ctx context.Context, names ...string) ([]Package, error) {
	all, err := s.Closures(ctx, names)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Closures works like [Suite.Closure] for several lists of names, one after the
// other: a package that one list has chosen counts for those after it. It returns
// what each list adds to those before it.
func (s *Suite) Closures(ctx context.Context, lists ...[]string) ([][]Package, error) {
	c := &closure{suites: []*Suite{s}, chosen: map[string]Package{}}
	if known, _ := findSuite(s.Name); known.base != "" {
		base, err := s.root.Suite(ctx, known.base)
		if err != nil {
			return nil, err
		}
		base.gone = s.gone
		c.suites = append([]*Suite{base}, s)
	}
	var all [][]Package
	for _, names := range lists {
		before := maps.Clone(c.chosen)
		if err := c.add(s, names); err != nil {
			return nil, err
		}
		var added []Package
		for _, name := range slices.Sorted(maps.Keys(c.chosen)) {
			if _, there := before[name]; !there {
				added = append(added, c.chosen[name])
			}
		}
		all = append(all, added)
	}
	return all, nil
}

// closure holds a set of packages that grows until it needs nothing more.
type closure struct {
	suites []*Suite // those that dependencies come from, preferred first
	chosen map[string]Package
	open   []Package // chosen, dependencies not looked at
}

// add chooses the packages of those names, and all that they depend on.
func (c *closure) add(s *Suite, names []string) error {
	for _, name := range names {
		want := relation{name: name}
		if name, version, pinned := strings.Cut(name, "="); pinned {
			want = relation{name, "=", Version(version)}
		}
		if p, there := c.chosen[want.name]; there && want.meets(p.Version) {
			continue
		}
		p, ok, err := newestOf(s, want)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("%w: %s in %s", ErrNoSuchPackage, want, s.Name)
		}
		c.choose(p)
	}
	if err := c.close(); err != nil {
		return fmt.Errorf("suite %s: %w", s.Name, err)
	}
	return nil
}

func (c *closure) choose(p Package) {
	c.chosen[p.Name] = p
	c.open = append(c.open, p)
}

func (c *closure) close() error {
	for len(c.open) > 0 {
		p := c.open[0]
		c.open = c.open[1:]
		needs, err := parseDependencies(p.Depends)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		for _, alternatives := range needs {
			if err := c.satisfy(alternatives); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
	}
	return nil
}

// satisfy chooses the first package that is one of the alternatives, unless one
// is chosen already.
func (c *closure) satisfy(alternatives []relation) error {
	for _, want := range alternatives {
		if c.has(want) {
			return nil
		}
	}
	for _, want := range alternatives {
		p, ok, err := c.find(want)
		if err != nil {
			return err
		}
		if _, other := c.chosen[p.Name]; ok && !other {
			c.choose(p)
			return nil
		}
	}
	words := make([]string, len(alternatives))
	for i, want := range alternatives {
		words[i] = want.String()
	}
	return fmt.Errorf("%w: it needs %s", ErrNoSuchPackage, strings.Join(words, " or "))
}

// has reports whether a chosen package is, or provides, what is wanted.
func (c *closure) has(want relation) bool {
	if p, ok := c.chosen[want.name]; ok && want.meets(p.Version) {
		return true
	}
	for _, p := range c.chosen {
		// The index was made from lines whose Provides parse.
		provided, _ := parseDependencies(p.Provides)
		for _, alternatives := range provided {
			virtual := alternatives[0]
			if virtual.name == want.name &&
				(want.operator == "" || virtual.version != "" && want.meets(virtual.version)) {
				return true
			}
		}
	}
	return false
}

// find looks for a package of the wanted name, then for one that provides it.
func (c *closure) find(want relation) (Package, bool, error) {
	for _, s := range c.suites {
		if p, ok, err := newestOf(s, want); ok || err != nil {
			return p, ok, err
		}
	}
	for _, s := range c.suites {
		names, err := s.providers(want)
		if err != nil {
			return Package{}, false, err
		}
		for _, name := range names {
			if p, ok, err := newestOf(s, relation{name: name}); ok || err != nil {
				return p, ok, err
			}
		}
	}
	return Package{}, false, nil
}

// newestOf returns the newest package of the suite that is what is wanted.
func newestOf(s *Suite, want relation) (Package, bool, error) {
	all, err := s.collect(want.name+"\t",
		func(columns []string) (bool, error) { return want.meets(Version(columns[1])), nil })
	if err != nil || len(all) == 0 {
		return Package{}, false, err
	}
	return all[len(all)-1], true, nil
}

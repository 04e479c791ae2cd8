// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"fmt"
	"strconv"
)

// Package describes a binary package that a suite has.
type Package struct {
	Name         string
	Version      Version
	Architecture string // "amd64", or "all"
	Suite        string // "debian-12", as in [Suites]
	Dist         string // "bookworm-security", where in the suite
	URI          string
	Size         int64  // of the .deb, in bytes
	SHA256       string // of the .deb, in hexadecimal, as signed by the mirror's owner

	Depends  string // Pre-Depends and Depends, as in the list
	Provides string // as in the list
}

func (p Package) String() string { return fmt.Sprintf("%s=%s", p.Name, p.Version) }

// packageOf reads the columns of an index line.
func packageOf(columns []string, base string) (Package, error) {
	if len(columns) != 8 {
		return Package{}, fmt.Errorf("index line of %q has %d columns", columns[0], len(columns))
	}
	size, err := strconv.ParseInt(columns[4], 10, 64)
	if err != nil {
		return Package{}, fmt.Errorf("index line of %q: size: %w", columns[0], err)
	}
	return Package{
		Name: columns[0], Version: Version(columns[1]), Architecture: columns[2],
		URI: base + "/" + columns[3], Size: size, SHA256: columns[5],
		Depends: columns[6], Provides: columns[7],
	}, nil
}

// DependsOn reports whether the package names another in its dependencies.
func (p Package) DependsOn(name string) bool {
	// The mirror's lists are well formed, or Closure tells.
	needs, _ := parseDependencies(p.Depends)
	for _, alternatives := range needs {
		for _, one := range alternatives {
			if one.name == name {
				return true
			}
		}
	}
	return false
}

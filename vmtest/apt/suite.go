// SPDX-License-Identifier: Apache-2.0

package apt

import "slices"

// archive names one of the two trees that make up a Debian mirror. They have
// different base URIs, and a mirror may have only the first.
type archive int

const (
	mainArchive archive = iota
	securityArchive
)

// dist describes a directory under dists/ of an archive, and what apt calls a release
// in sources.list.
type dist struct {
	name    string
	archive archive
}

// suite describes what a user names: the dists that together make up one release of
// Debian.
type suite struct {
	name  string
	dists []dist
	base  string // the suite that its packages' dependencies come from as well, or empty
}

// suites lists the releases of Debian that loadstone knows, oldest first.
var suites = []suite{
	{"debian-11", []dist{{"bullseye", mainArchive}, {"bullseye-updates", mainArchive}, {"bullseye-security", securityArchive}}, ""},
	{"debian-12", []dist{{"bookworm", mainArchive}, {"bookworm-updates", mainArchive}, {"bookworm-security", securityArchive}}, ""},
	{"debian-12-backports", []dist{{"bookworm-backports", mainArchive}}, "debian-12"},
	{"debian-13", []dist{{"trixie", mainArchive}, {"trixie-updates", mainArchive}, {"trixie-security", securityArchive}}, ""},
	{"debian-13-backports", []dist{{"trixie-backports", mainArchive}}, "debian-13"},
	{"debian-testing", []dist{{"testing", mainArchive}}, ""},
	{"debian-sid", []dist{{"sid", mainArchive}}, ""},
}

// Suites returns the names of all suites, oldest first.
func Suites() []string {
	var names []string
	for _, s := range suites {
		names = append(names, s.name)
	}
	return names
}

func findSuite(name string) (suite, bool) {
	i := slices.IndexFunc(suites, func(s suite) bool { return s.name == name })
	if i < 0 {
		return suite{}, false
	}
	return suites[i], true
}

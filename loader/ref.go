// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// A Ref names a loader as a user does: "libbpf", "libbpf@1.1", "libbpf@all", "./my-loader.yaml",
// "./my-loader.yaml@2.0", "all", or "all@all".
type Ref struct {
	Name    string // of a built-in manifest; empty if Path is set
	Path    string // of a loader.yaml; empty if Name is set
	Version string // empty for the newest, [All] for every version
}

// All names every loader, each at its newest version; and, as a version, every version of a loader.
const All = "all"

// ErrRef marks errors about a loader's name as a user typed it.
var ErrRef = errors.New("bad loader name")

// ParseRef reads what a user typed. A name that ends in .yaml or .yml is a path. Errors wrap
// [ErrRef].
func ParseRef(text string) (Ref, error) {
	name, version := text, ""
	// a folder may hold an @ too
	if i := strings.LastIndexByte(text, '@'); i >= 0 && !isPath(text) {
		name, version = text[:i], text[i+1:]
		if version != All && !isVersion(version) {
			return Ref{}, fmt.Errorf("%w: %q: %q is no version", ErrRef, text, version)
		}
	}
	switch {
	case isPath(name):
		return Ref{Path: name, Version: version}, nil
	case !isName(name):
		return Ref{}, fmt.Errorf("%w: %q: want a name, name@version, name@all, the path of a loader.yaml, or all", ErrRef, text)
	case name == All && version != "" && version != All:
		return Ref{}, fmt.Errorf("%w: %q: all loaders have no version in common", ErrRef, text)
	}
	return Ref{Name: name, Version: version}, nil
}

func isPath(s string) bool {
	ext := filepath.Ext(s)
	return ext == ".yaml" || ext == ".yml"
}

// String returns the Ref as a user types it.
func (r Ref) String() string {
	s := r.Name + r.Path
	if r.Version != "" {
		s += "@" + r.Version
	}
	return s
}

// compareVersions orders versions as Debian does within one part: runs of digits by number,
// anything else by letter, and a ~ before everything, even the end. A leading v does not count.
func compareVersions(a, b string) int {
	a, b = strings.TrimPrefix(a, "v"), strings.TrimPrefix(b, "v")
	for a != "" || b != "" {
		var x, y string
		x, a = cutRun(a, false)
		y, b = cutRun(b, false)
		if c := compareText(x, y); c != 0 {
			return c
		}
		x, a = cutRun(a, true)
		y, b = cutRun(b, true)
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// cutRun cuts the leading run of digits, or of anything else, from s.
func cutRun(s string, digits bool) (run, rest string) {
	i := 0
	for i < len(s) && ('0' <= s[i] && s[i] <= '9') == digits {
		i++
	}
	return s[:i], s[i:]
}

// compareText compares runs without digits: ~ sorts before the end, the end before letters, letters
// before the rest.
func compareText(a, b string) int {
	for i := 0; i < len(a) || i < len(b); i++ {
		if c := textOrder(a, i) - textOrder(b, i); c != 0 {
			return c
		}
	}
	return 0
}

func textOrder(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '~':
		return -1
	case 'a' <= s[i]|0x20 && s[i]|0x20 <= 'z':
		return int(s[i])
	}
	return int(s[i]) + 256
}

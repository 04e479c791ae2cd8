// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// when matches the verdicts that an entry is about, beside their specs.
type when struct {
	Loader  loaders `yaml:"loader"`
	Kernel  Range   `yaml:"kernel"`
	Feature string  `yaml:"feature"` // a profile of the requirement: what the loader claims
	Arch    string  `yaml:"arch"`    // of the kernel, as Debian names it
}

// holdsIn reports whether the conditions hold in a cell, but for the feature.
func (w when) holdsIn(c Cell) bool {
	return w.Loader.holds(c) && w.Kernel.Holds(cmp.Or(c.KernelRelease, c.Kernel)) &&
		(w.Arch == "" || w.Arch == c.Arch)
}

func (w when) holds(v Verdict) bool {
	return w.holdsIn(v.Cell) && (w.Feature == "" || slices.Contains(v.Profiles, w.Feature))
}

// fixedIn names the first version in which what an entry excuses is mended.
type fixedIn struct {
	Loader string `yaml:"loader"`
	Kernel string `yaml:"kernel"`
}

func (f fixedIn) check() error {
	for _, version := range []string{f.Loader, f.Kernel} {
		if version == "" {
			continue
		}
		if _, err := Range(">=" + version).bounds(); err != nil {
			return fmt.Errorf("%q is no version; write \"1.8\"", version)
		}
	}
	if f != (fixedIn{}) && f.Loader != "" && f.Kernel != "" {
		return errors.New("a loader or a kernel, not both")
	}
	return nil
}

// in returns the version in which it is mended, where the cell has that or a later one; else "".
func (f fixedIn) in(c Cell) string {
	switch {
	case f.Loader != "" && Range(">="+f.Loader).Holds(c.LoaderVersion):
		return c.Loader + " " + f.Loader
	case f.Kernel != "" && Range(">="+f.Kernel).Holds(cmp.Or(c.KernelRelease, c.Kernel)):
		return "kernel " + f.Kernel
	}
	return ""
}

// A glob matches spec ids.
type glob struct {
	text string
	re   *regexp.Regexp
}

func (g *glob) UnmarshalYAML(n *yaml.Node) error {
	quoted := regexp.QuoteMeta(n.Value)
	quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, `.*`), `\?`, `.`)
	re, err := regexp.Compile(`^(?:` + quoted + `)$`)
	if err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	g.text, g.re = n.Value, re
	return nil
}

func (g glob) matches(spec string) bool { return g.re.MatchString(spec) }

// An expression matches a regular expression that matches anywhere.
type expression struct{ *regexp.Regexp }

func (x *expression) UnmarshalYAML(n *yaml.Node) error {
	re, err := regexp.Compile(n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	if re.MatchString("") {
		return fmt.Errorf("line %d: reason %q matches every failure", n.Line, n.Value)
	}
	x.Regexp = re
	return nil
}

// loaders matches the loaders that an entry is about: a name, and after an @ a version or a range
// of them.
type loaders struct {
	name     string
	versions string
}

func (l *loaders) UnmarshalYAML(n *yaml.Node) error {
	name, versions, versioned := strings.Cut(n.Value, "@")
	if name == "" || versioned && versions == "" {
		return fmt.Errorf("line %d: loader %q; write libbpf, libbpf@1.1 or libbpf@<1.1", n.Line,
			n.Value)
	}
	if strings.ContainsAny(versions, "<>=,") {
		if _, err := Range(versions).bounds(); err != nil {
			return fmt.Errorf("line %d: loader: %w", n.Line, err)
		}
	}
	l.name, l.versions = name, versions
	return nil
}

func (l loaders) holds(c Cell) bool {
	if l.name == "" {
		return true
	}
	return l.name == c.Loader &&
		(l.versions == c.LoaderVersion || Range(l.versions).Holds(c.LoaderVersion))
}

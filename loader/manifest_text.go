// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A manifestText keeps the text of a manifest, for errors that name a line.
type manifestText struct {
	name string
	root yaml.Node
	errs []error
}

// manifestKeys lists the keys of a manifest, with those of the mappings in it. Keys that end in *
// may have any name.
var manifestKeys = map[string][]string{
	"": {"name", "homepage", "versions", "builtin", "speaks", "command", "env", "build",
		"source", "packages", "dependencies", "files"},
	"versions": {"*"},
	"env":      {"*"},
	"source":   {"package", "needs", "tools", "commands", "files"},
	"build":    {"go", "c", "rust", "packages", "libraries"},
}

func (d *manifestText) fault(n *yaml.Node, format string, args ...any) {
	d.errs = append(d.errs,
		fmt.Errorf("%w: %s:%d: %s", ErrManifest, d.name, n.Line, fmt.Sprintf(format, args...)))
}

func (d *manifestText) err() error { return errors.Join(d.errs...) }

// checkKeys reports unknown and repeated keys of a mapping and of those in it.
func (d *manifestText) checkKeys(of string, mapping *yaml.Node, known map[string][]string) {
	if mapping.Kind != yaml.MappingNode {
		d.fault(mapping, "%swant a mapping of keys to values", prefixed(of))
		return
	}
	var seen []string
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		switch {
		case slices.Contains(seen, key.Value):
			d.fault(key, "%skey %q a second time", prefixed(of), key.Value)
		case !slices.Contains(known[of], key.Value) && !slices.Contains(known[of], "*"):
			d.fault(key, "%sunknown key %q, want one of %s", prefixed(of), key.Value,
				strings.Join(known[of], ", "))
		case of == "" && known[key.Value] != nil:
			d.checkKeys(key.Value, value, known)
		}
		seen = append(seen, key.Value)
	}
}

func prefixed(of string) string {
	if of == "" {
		return ""
	}
	return of + ": "
}

// at returns the value at a path of keys, or the nearest existing node above it. With "-" last it
// is the key instead.
func (d *manifestText) at(keys ...string) *yaml.Node {
	n := d.root.Content[0]
	for _, key := range keys {
		found := false
		for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
			if n.Content[i].Value == key {
				n, found = n.Content[i+1], true
				break
			}
		}
		if !found {
			return n
		}
	}
	return n
}

func (d *manifestText) check(m *Manifest) {
	d.checkName(m.Name)
	d.checkVersions(m)
	d.checkStart(m)
	d.checkBuild(m)
	d.checkSource(m)
	if m.Dependencies != "" && (m.Dependencies != AllDependencies &&
		m.Dependencies != LinkedDependencies || len(m.Packages) == 0) {
		d.fault(d.at("dependencies"), "dependencies %q: want %s or %s, of packages that are named",
			m.Dependencies, AllDependencies, LinkedDependencies)
	}
	for i, f := range m.Files {
		if !filepath.IsLocal(f) {
			d.fault(d.at("files").Content[i], "file %q is not below the manifest's folder", f)
		}
	}
}

func (d *manifestText) checkName(name string) {
	switch {
	case name == "":
		d.fault(d.at(), "no name")
	case !isName(name):
		d.fault(d.at("name"), "name %q: want lower-case words joined by hyphens, at most %d bytes",
			name, maxName)
	case name == All:
		d.fault(d.at("name"), "name %q means all loaders", name)
	}
}

func (d *manifestText) checkVersions(m *Manifest) {
	if len(m.Versions) == 0 {
		d.fault(d.at("versions"), "no versions: want at least one, such as {\"1.0\": local}")
	}
	for _, version := range m.Sorted() {
		suite, node := m.Versions[version], d.at("versions", version)
		switch {
		case slices.Contains(moving, strings.ToLower(version)):
			d.fault(node, "version %q moves: name the version that it is today", version)
		case !isVersion(version):
			d.fault(node, "version %q: want a number first, then letters, digits and any of . + ~ _ -", version)
		}
		_, archive := suite.Archive()
		_, module := suite.Module()
		needed := len(m.Packages) > 0 || m.Source != nil ||
			m.Build != nil && len(m.Build.Packages) > 0
		switch {
		case !suite.valid():
			d.fault(node, "version %q comes from %q: want debian-…, go.mod, FOLDER/go.mod or local",
				version, suite)
		case needed && !archive:
			d.fault(node, "version %q comes from %q: want a debian-… suite, for there are packages to unpack", version, suite)
		case module && (m.Build == nil || m.Build.Go == ""):
			d.fault(node, "version %q comes from %q, and build has no go", version, suite)
		}
	}
}

func (d *manifestText) checkStart(m *Manifest) {
	switch {
	case len(m.Command) == 0 && m.Builtin == "":
		d.fault(d.at(), "neither command nor builtin: nothing to start")
	case len(m.Command) == 0 &&
		(m.Speaks != "" || m.Build != nil || m.Source != nil ||
			len(m.Env)+len(m.Packages)+len(m.Files) > 0):
		d.fault(d.at(), "speaks, build, source, env, packages and files are about a command, and there is none")
	case len(m.Command) > 0 && m.Speaks != NDJSON:
		d.fault(d.at("speaks"), "speaks %q: want %s", m.Speaks, NDJSON)
	}
	if m.Builtin != "" && !isName(m.Builtin) {
		d.fault(d.at("builtin"), "builtin %q: want a loader's name", m.Builtin)
	}
	if len(m.Command) == 0 {
		return
	}
	program := m.Command[0]
	local := strings.HasPrefix(program, "./") && filepath.IsLocal(program) &&
		path.Clean(program) != "."
	if !local && !(path.IsAbs(program) && path.Clean(program) == program && program != "/") {
		d.fault(d.at("command"),
			"command %q: want an absolute path in the driver's root, or ./ and a path below the manifest's folder", program)
	}
	for name := range m.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			d.fault(d.at("env", name), "env: %q is no name of a variable", name)
		}
	}
	if fds := m.Env[EnvFDs]; fds != "" && fds != fdsValue {
		d.fault(d.at("env", EnvFDs), "env: %s is %q: want %q", EnvFDs, fds, fdsValue)
	}
}

func (d *manifestText) checkBuild(m *Manifest) {
	b := m.Build
	if b == nil {
		return
	}
	node := d.at("build")
	sources := slices.DeleteFunc([]string{b.Go, b.C, b.Rust},
		func(s string) bool { return s == "" })
	switch {
	case len(sources) != 1:
		d.fault(node, "build: want exactly one of go, c and rust")
	case b.Go != "" && len(b.Packages)+len(b.Libraries) > 0:
		d.fault(node, "build: packages and libraries are for c and rust")
	case b.Go != "" && !(strings.HasPrefix(b.Go, "./") && filepath.IsLocal(b.Go)):
		d.fault(node, "build: go %q: want ./ and a package below the manifest's folder", b.Go)
	case !filepath.IsLocal(sources[0]):
		d.fault(node, "build: %q: want a file below the manifest's folder", sources[0])
	case b.Rust != "" && len(b.Packages) == 0:
		d.fault(node, "build: rust takes packages, of cargo and the crates")
	}
}

func (d *manifestText) checkSource(m *Manifest) {
	s := m.Source
	if s == nil {
		return
	}
	node := d.at("source")
	switch {
	case s.Package == "":
		d.fault(node, "source: no package")
	case len(s.Commands) == 0:
		d.fault(node, "source: no commands")
	case len(s.Files) == 0:
		d.fault(node, "source: no files: want what the commands make, such as {tc/tc: /sbin/tc}")
	}
	for from, to := range s.Files {
		if !filepath.IsLocal(from) {
			d.fault(node, "source: file %q is not below the source's folder", from)
		}
		if !path.IsAbs(to) || path.Clean(to) != to || to == "/" {
			d.fault(node, "source: %s goes to %q: want an absolute path in the driver's root",
				from, to)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Manifest holds a loader.yaml: the name of a loader, its versions, how its driver is started,
// and what its driver needs around it. Unknown keys are errors.
//
//	name: libbpf
//	homepage: https://github.com/libbpf/libbpf
//	versions: {"1.1": debian-12, "1.5": debian-13}
//	speaks: ndjson
//	build: {c: driver.c, packages: [libbpf-dev, libelf-dev, zlib1g-dev], libraries: [bpf]}
//	command: [/driver]
//	packages: [libbpf]
//
// A driver runs in a root of its own that holds /proc, /sys, /dev, its command, its files, and what
// was unpacked from its packages; nothing of the host. It is started in the folder [Home] of that
// root. Run natively without such a root it is started in the manifest's own folder, so a relative
// name means the same in both.
type Manifest struct {
	// Name identifies the loader to users: lower-case words joined by hyphens, at most 32 bytes.
	Name string `yaml:"name"`

	Homepage string `yaml:"homepage"`

	// Versions lists the available versions, each with the source of its packages. There is at
	// least one. The keys are versions as users type them, never a moving name such as "main".
	Versions map[string]Suite `yaml:"versions"`

	// Builtin names a loader that is linked into the guest and needs no process. A manifest may
	// have a Command as well: the same loader as a process.
	Builtin string `yaml:"builtin"`

	// Speaks names the driver's protocol: "ndjson". Empty if, and only if, there is no Command.
	Speaks string `yaml:"speaks"`

	// Command holds the driver's argv. The first element is an absolute path in the driver's root,
	// or "./" and a path relative to the manifest's folder, a file that is copied to [Home]/path.
	Command []string `yaml:"command"`

	// Env holds the driver's whole environment, less what the suite adds. LOADSTONE_FDS: "3,4" says
	// that the driver reads requests from descriptor 3 and writes replies to descriptor 4, because
	// its libraries print on stdout.
	Env map[string]string `yaml:"env"`

	// Build says how the file at Command[0] is made, if it is not a file of the manifest's folder
	// nor of a package.
	Build *Build `yaml:"build"`

	// Source describes programs that are built from a Debian source package, besides Command[0]:
	// for a loader that no binary package has.
	Source *Source `yaml:"source"`

	// Packages lists Debian packages to unpack in the driver's root, with what they depend on:
	// names of binary packages, or of source packages, which mean those of its binary packages that
	// hold shared libraries.
	Packages []string `yaml:"packages"`

	// Files lists what the driver needs besides Command[0]: files and folders relative to the
	// manifest's folder, put at [Home]/path.
	Files []string `yaml:"files"`

	// Dir holds the manifest's folder on the host, to which its relative names belong. Empty for
	// the manifests that loadstone carries in itself.
	Dir string `yaml:"-"`
}

// Home stands for the manifest's folder in a driver's root.
const Home = "/loader"

// NDJSON names the one protocol that a driver can speak today.
const NDJSON = "ndjson"

// Suite says where a version's packages come from: "debian-12", "debian-12-backports",
// "debian-testing", "debian-unstable"; [GoMod] for a loader that is a Go module, built at the
// version in loadstone's own go.mod, or "FOLDER/go.mod" for one that is built by a module of its
// own in that folder of the manifest's, at the version in there; [Local] for one that comes with
// its files.
type Suite string

// Suites that are not package archives.
const (
	GoMod Suite = "go.mod"
	Local Suite = "local"
)

func (s Suite) valid() bool {
	archive, ok := s.Archive()
	dir, module := s.Module()
	// an archive's name may begin with a digit
	return ok && isWords("d"+archive) || s == GoMod || s == Local || module && filepath.IsLocal(dir)
}

// Module returns the folder of a go.mod of the version's own, relative to the manifest's, and
// whether it has one. The driver is its main package.
func (s Suite) Module() (dir string, ok bool) {
	return strings.CutSuffix(string(s), "/"+string(GoMod))
}

// Archive returns the Debian suite's own name, such as "12-backports", and whether s is one.
func (s Suite) Archive() (string, bool) { return strings.CutPrefix(string(s), "debian-") }

// Build says how a driver is compiled: exactly one of Go, C and Rust is set.
type Build struct {
	Go        string   `yaml:"go"`        // a main package, relative to the manifest's folder: "./driver"
	C         string   `yaml:"c"`         // one C file in the manifest's folder
	Rust      string   `yaml:"rust"`      // one Rust file in the manifest's folder, which can say "mod protocol;"
	Packages  []string `yaml:"packages"`  // Debian packages of the version's suite to compile with: headers and linker names; cargo and crates
	Libraries []string `yaml:"libraries"` // what to link, as for cc -l: "bpf"; for Rust crates: "aya"
}

// Source says how programs are built from a Debian source package of the version's suite: with the
// host's compiler and tools, against the headers and libraries of that suite. The commands find CC
// and PKG_CONFIG_LIBDIR set for that, and nothing of the host's environment but PATH.
type Source struct {
	Package  string            `yaml:"package"`  // the source package, which has the loader's version
	Needs    []string          `yaml:"needs"`    // Debian packages of the suite to compile with (headers, linker names)
	Tools    []string          `yaml:"tools"`    // programs of the host that the commands call: "make"
	Commands []string          `yaml:"commands"` // lines for sh -e, each run in the folder of the unpacked source
	Files    map[string]string `yaml:"files"`    // what the commands make, relative to that folder, to an absolute path in the driver's root
}

// ErrManifest marks every error about the contents of a manifest. Its text names file and line.
var ErrManifest = errors.New("bad loader manifest")

// moving lists names of versions that mean another one tomorrow.
var moving = []string{"main", "master", "trunk", "head", "latest"}

// ParseManifest reads a loader.yaml. The name is for errors. All that is wrong is reported at once,
// an error per line, each wrapping [ErrManifest].
func ParseManifest(name string, r io.Reader) (*Manifest, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxLine))
	if err != nil {
		return nil, fmt.Errorf("read manifest %s: %w", name, err)
	}
	doc := manifestText{name: name}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&doc.root); err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrManifest, name, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %s: more than one document", ErrManifest, name)
	}
	doc.checkKeys("", doc.root.Content[0], manifestKeys)
	if err := doc.err(); err != nil {
		return nil, err
	}
	var m Manifest
	if err := doc.root.Decode(&m); err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrManifest, name, err)
	}
	doc.check(&m)
	if err := doc.err(); err != nil {
		return nil, err
	}
	return &m, nil
}

// Newest returns the newest of the manifest's versions.
func (m *Manifest) Newest() string {
	versions := m.Sorted()
	return versions[len(versions)-1]
}

// Sorted returns the manifest's versions, the oldest first.
func (m *Manifest) Sorted() []string {
	var versions []string
	for v := range m.Versions {
		versions = append(versions, v)
	}
	slices.SortFunc(versions, compareVersions)
	return versions
}

// Brought returns the files and folders of the manifest's folder that go into the driver's root,
// relative, with slashes.
func (m *Manifest) Brought() []string {
	var files []string
	if m.Build == nil && len(m.Command) > 0 && !path.IsAbs(m.Command[0]) {
		files = append(files, path.Clean(m.Command[0]))
	}
	for _, f := range m.Files {
		files = append(files, path.Clean(f))
	}
	return files
}

// Argv returns the driver's argv in its own root.
func (m *Manifest) Argv() []string {
	argv := slices.Clone(m.Command)
	if len(argv) > 0 && !path.IsAbs(argv[0]) {
		argv[0] = path.Join(Home, argv[0])
	}
	return argv
}

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
		"source", "packages", "files"},
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

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

	// Packages lists Debian packages to unpack in the driver's root, with all that they depend on:
	// names of binary packages, or of source packages, which mean those of its binary packages that
	// hold shared libraries. Debian's essential packages, such as dash and coreutils, are
	// dependencies of none: what a driver takes of them is named.
	Packages []string `yaml:"packages"`

	// Dependencies says what of the packages that Packages depend on is unpacked as well:
	// [AllDependencies], which an empty one means, or [LinkedDependencies].
	Dependencies Dependencies `yaml:"dependencies" json:",omitempty"`

	// Files lists what the driver needs besides Command[0]: files and folders relative to the
	// manifest's folder, put at [Home]/path.
	Files []string `yaml:"files"`

	// Dir holds the manifest's folder on the host, to which its relative names belong. Empty for
	// the manifests that loadstone carries in itself.
	Dir string `yaml:"-"`

	// Path holds the manifest's absolute path on the host. Empty for those that loadstone carries.
	Path string `yaml:"-"`
}

// Dependencies says how much is brought of the packages that a manifest's packages depend on.
type Dependencies string

const (
	// AllDependencies brings all files of all packages that are depended on (Depends and
	// Pre-Depends, not Recommends).
	AllDependencies Dependencies = "all"

	// LinkedDependencies brings the shared libraries that something in the root is linked with, and
	// no other file: for a driver that is small and loads nothing by dlopen.
	LinkedDependencies Dependencies = "linked"
)

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

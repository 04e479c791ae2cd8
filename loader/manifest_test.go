// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestManifest(t *testing.T) {
	const text = `# libbpf
name: libbpf
homepage: https://github.com/libbpf/libbpf
versions: {"1.1": debian-12, 1.10: debian-13-backports}
speaks: ndjson
command: [/driver, --quiet]
env: {LOADSTONE_FDS: "3,4"}
build: {c: driver.c, packages: [libbpf-dev], libraries: [bpf]}
source: {package: iproute2, needs: [libelf-dev], tools: [make], commands: [make], files: {tc/tc: /sbin/tc}}
packages: [libbpf]
files: [objects/x.o]
`
	got, err := ParseManifest("loader.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &Manifest{
		Name:     "libbpf",
		Homepage: "https://github.com/libbpf/libbpf",
		Versions: map[string]Suite{"1.1": "debian-12", "1.10": "debian-13-backports"},
		Speaks:   NDJSON,
		Command:  []string{"/driver", "--quiet"},
		Env:      map[string]string{"LOADSTONE_FDS": "3,4"},
		Build: &Build{C: "driver.c", Packages: []string{"libbpf-dev"},
			Libraries: []string{"bpf"}},
		Source: &Source{
			Package: "iproute2", Needs: []string{"libelf-dev"}, Tools: []string{"make"},
			Commands: []string{"make"},
			Files:    map[string]string{"tc/tc": "/sbin/tc"},
		},
		Packages: []string{"libbpf"},
		Files:    []string{"objects/x.o"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Newest() != "1.10" {
		t.Errorf("newest is %s", got.Newest())
	}
	if a, ok := got.Versions["1.10"].Archive(); a != "13-backports" || !ok {
		t.Errorf("archive %q, %v", a, ok)
	}
}

func TestManifestBringsItsCommand(t *testing.T) {
	m := &Manifest{Command: []string{"./bin/driver", "-v"}, Files: []string{"./data/"}}
	if diff := cmp.Diff([]string{"bin/driver", "data"}, m.Brought()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/loader/bin/driver", "-v"}, m.Argv()); diff != "" {
		t.Error(diff)
	}
}

func TestBadManifest(t *testing.T) {
	const head = "name: x\nversions: {\"1\": local}\n"
	const start = "speaks: ndjson\ncommand: [/driver]\n"
	for _, tt := range []struct{ fault, text, want string }{
		{"empty", "", "l.yaml: EOF"},
		{"no mapping", "- a\n", "l.yaml:1: want a mapping"},
		{"not YAML", "name: [", "l.yaml: yaml: line 1"},
		{"two documents", head + "builtin: x\n---\nname: y\n", "more than one document"},
		{"unknown key", head + start + "speeks: ndjson\n", `l.yaml:5: unknown key "speeks"`},
		{"unknown key in build", head + start + "build:\n  c: a.c\n  pkgs: []\n", `l.yaml:7: build: unknown key "pkgs"`},
		{"key twice", head + start + "name: y\n", `l.yaml:5: key "name" a second time`},
		{"wrong kind of value", head + "command: 7\n", "cannot unmarshal"},
		{"build is no mapping", head + start + "build: make\n", "l.yaml:5: build: want a mapping"},
		{"no name", "versions: {\"1\": local}\n" + start, "no name"},
		{"name with capitals", "name: LibBPF\nversions: {\"1\": local}\n" + start, `l.yaml:1: name "LibBPF"`},
		{"name too long", "name: " + strings.Repeat("x", 33) + "\nversions: {\"1\": local}\n" + start, "at most 32 bytes"},
		{"name all", "name: all\nversions: {\"1\": local}\n" + start, "means all loaders"},
		{"no versions", "name: x\n" + start, "no versions"},
		{"version main", "name: x\nversions:\n  main: local\n" + start, `l.yaml:3: version "main" moves`},
		{"version Trunk", "name: x\nversions: {Trunk: local}\n" + start, `l.yaml:2: version "Trunk" moves`},
		{"version with a blank", "name: x\nversions: {\"1 2\": local}\n" + start, `version "1 2": want a number first`},
		{"unknown suite", "name: x\nversions: {\"1\": fedora}\n" + start, `comes from "fedora"`},
		{"module outside", "name: x\nversions: {\"1\": ../y/go.mod}\n" + start + "build: {go: ./d}\n", `comes from "../y/go.mod"`},
		{"module of a driver in C", "name: x\nversions: {\"1\": y/go.mod}\n" + start + "build: {c: d.c}\n", "build has no go"},
		{"packages without an archive", head + start + "packages: [libbpf]\n", "want a debian-… suite"},
		{"nothing to start", head, "nothing to start"},
		{"files of no command", head + "builtin: x\nfiles: [a]\n", "there is none"},
		{"some dependencies", "name: x\nversions: {\"1\": debian-12}\n" + start + "packages: [a]\ndependencies: some\n", `l.yaml:6: dependencies "some": want all or linked`},
		{"dependencies of nothing", head + start + "dependencies: all\n", "of packages that are named"},
		{"no speech", head + "command: [/driver]\n", `speaks "": want ndjson`},
		{"unknown speech", head + "speaks: grpc\ncommand: [/driver]\n", `l.yaml:3: speaks "grpc": want ndjson`},
		{"bad builtin", head + "builtin: A B\n", `l.yaml:3: builtin "A B"`},
		{"command outside", head + "speaks: ndjson\ncommand: [./../driver]\n", `l.yaml:4: command "./../driver"`},
		{"command by PATH", head + "speaks: ndjson\ncommand: [driver]\n", `command "driver"`},
		{"variable with =", head + start + "env: {\"A=B\": c}\n", "is no name of a variable"},
		{"other descriptors", head + start + "env: {LOADSTONE_FDS: \"5,6\"}\n", `want "3,4"`},
		{"file outside", head + start + "files: [a, /etc/passwd]\n", `l.yaml:5: file "/etc/passwd"`},
		{"build of nothing", head + start + "build: {}\n", "exactly one of go, c and rust"},
		{"build of both", head + start + "build: {go: ./d, c: d.c}\n", "exactly one of go, c and rust"},
		{"go with libraries", head + start + "build: {go: ./d, libraries: [bpf]}\n", "are for c and rust"},
		{"go outside", head + start + "build: {go: ../d}\n", "below the manifest's folder"},
		{"unknown key in source", head + start + "source:\n  package: x\n  patch: y\n", `l.yaml:7: source: unknown key "patch"`},
		{"source without an archive", head + start + "source: {package: x, commands: [make], files: {a: /a}}\n", "want a debian-… suite"},
		{"source without a package", head + start + "source: {commands: [make], files: {a: /a}}\n", "source: no package"},
		{"source without commands", head + start + "source: {package: x, files: {a: /a}}\n", "source: no commands"},
		{"source without files", head + start + "source: {package: x, commands: [make]}\n", "source: no files"},
		{"source from outside", head + start + "source: {package: x, commands: [make], files: {../a: /a}}\n", "below the source's folder"},
		{"source to nowhere", head + start + "source: {package: x, commands: [make], files: {a: sbin/a}}\n", "absolute path in the driver's root"},
		{"source of no command", head + "builtin: x\nsource: {package: x}\n", "there is none"},
		{"c outside", head + start + "build: {c: /d.c}\n", "below the manifest's folder"},
		{"rust outside", head + start + "build: {rust: ../d.rs, packages: [cargo]}\n", "below the manifest's folder"},
		{"rust without cargo", head + start + "build: {rust: d.rs}\n", "rust takes packages"},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			_, err := ParseManifest("l.yaml", strings.NewReader(tt.text))
			if !errors.Is(err, ErrManifest) {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want %q in it", err, tt.want)
			}
		})
	}
}

func TestManifestReportsAllFaultsAtOnce(t *testing.T) {
	_, err := ParseManifest("l.yaml",
		strings.NewReader("name: X\nversions: {main: local}\nspeaks: tea\ncommand: [d]\n"))
	if got := strings.Count(err.Error(), ErrManifest.Error()); got != 4 {
		t.Errorf("%d faults, want 4:\n%v", got, err)
	}
}

func TestRef(t *testing.T) {
	for text, want := range map[string]Ref{
		"libbpf":               {Name: "libbpf"},
		"libbpf@1.1":           {Name: "libbpf", Version: "1.1"},
		"libbpf@all":           {Name: "libbpf", Version: "all"},
		"all":                  {Name: "all"},
		"all@all":              {Name: "all", Version: "all"},
		"./my-loader.yaml":     {Path: "./my-loader.yaml"},
		"my.yml@v2.0~rc1":      {Path: "my.yml", Version: "v2.0~rc1"},
		"/a@b/loader.yaml":     {Path: "/a@b/loader.yaml"},
		"/a@b/loader.yaml@1.0": {Path: "/a@b/loader.yaml", Version: "1.0"},
	} {
		got, err := ParseRef(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
		if got.String() != text {
			t.Errorf("%s: again %s", text, got)
		}
	}
	for _, text := range []string{"", "LibBPF", "libbpf@", "libbpf@main", "libbpf@All", "all@1.0",
		"./driver", "@1", "libbpf@1.1@2"} {
		if got, err := ParseRef(text); !errors.Is(err, ErrRef) {
			t.Errorf("%q: %+v, %v, want an error", text, got, err)
		}
	}
}

func TestVersionsInOrder(t *testing.T) {
	sorted := []string{"0.3", "0.9.2", "0.10~rc1", "0.10", "0.10a", "0.10.1", "v1.0",
		"1.1.2-0+deb12u1", "1.7", "10.0"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := compareVersions(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
}

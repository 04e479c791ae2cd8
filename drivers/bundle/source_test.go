// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/vmtest/apt"
)

// sourced returns a manifest whose driver is built from a small source package of Debian 12 by
// these commands.
func sourced(commands ...string) *loader.Manifest {
	return &loader.Manifest{
		Name: "sourced", Versions: map[string]loader.Suite{"5.02": "debian-12", "9": "debian-12"},
		Speaks: loader.NDJSON, Command: []string{"/driver"},
		Source: &loader.Source{
			Package: "sl", Needs: []string{"libc6-dev", "zlib1g-dev"},
			Tools: []string{"pkg-config"}, Commands: commands,
			Files: map[string]string{"out/program": "/driver"},
		},
	}
}

const usesZlib = `printf '#include <stdio.h>\n#include <zlib.h>\nint main(void) { puts(zlibVersion()); }' > a.c`

func TestProgramIsBuiltFromASourcePackage(t *testing.T) {
	cache := lists(t)
	m := sourced("test -f debian/control && mkdir out", usesZlib,
		"$CC $(pkg-config --cflags --libs zlib) -o out/program a.c -lz")
	b := build(t, Options{Manifest: m, Version: "5.02", Cache: cache})
	if got := output(t, b); got != "1.2.13\n" {
		t.Errorf("it prints %q", got)
	}
	want := map[string]string{
		"source sl": b.Components["source sl"], "libc6": b.Components["libc6"],
		"zlib1g": b.Components["zlib1g"],
	}
	if diff := cmp.Diff(want, b.Components); diff != "" ||
		!strings.HasPrefix(b.Components["source sl"], "5.02-") {
		t.Errorf("%v\n%s", b.Components, diff)
	}
	t.Setenv("PATH", "/usr/bin/nothing:"+os.Getenv("PATH"))
	m.Env = map[string]string{"CHANGED": "1"} // another bundle, of the same source
	var said []string
	again, err := Build(t.Context(),
		Options{Manifest: m, Version: "5.02", Cache: cache, Offline: true, Notice: func(s string) { said = append(said, s) }})
	built := func(notice string) bool { return strings.Contains(notice, "is built from source") }
	if err != nil || again.Digest != b.Digest || slices.ContainsFunc(said, built) {
		t.Errorf("offline: %v, %q", err, said)
	}
}

func TestSourceThatCannotBeBuilt(t *testing.T) {
	cache := lists(t)
	for fault, tt := range map[string]struct {
		change  func(*loader.Manifest)
		version string
		want    error
		says    string
	}{
		"command fails":      {func(m *loader.Manifest) { m.Source.Commands = []string{"echo the reason is this; false"} }, "5.02", ErrCompile, "the reason is this"},
		"header of the host": {func(m *loader.Manifest) { m.Source.Commands = []string{usesZlib, "$CC -I/usr/include -c a.c"} }, "5.02", ErrCompile, "has read the host's /usr/include/"},
		"nothing is made": {
			func(m *loader.Manifest) { m.Source.Commands = []string{"true"} }, "5.02", ErrCompile,
			"out/program",
		},
		"tool is not installed": {func(m *loader.Manifest) { m.Source.Tools = []string{"no-such-tool"} }, "5.02", ErrNoCompiler, "no-such-tool"},
		"source is not there": {
			func(m *loader.Manifest) { m.Source.Package = "no-such-source" }, "5.02",
			apt.ErrNoSuchPackage, "no-such-source",
		},
		"suite has another one": {
			func(*loader.Manifest) {}, "9", ErrOtherVersion, "debian-12 has source sl 5.02-",
		},
		"package is not there": {func(m *loader.Manifest) { m.Source.Needs = []string{"no-such-dev"} }, "5.02", apt.ErrNoSuchPackage, "no-such-dev"},
		"no compiler":          {func(*loader.Manifest) {}, "5.02", ErrNoCompiler, "gcc"},
	} {
		t.Run(fault, func(t *testing.T) {
			m := sourced("mkdir out && touch out/program")
			tt.change(m)
			if fault == "no compiler" {
				t.Setenv("PATH", t.TempDir())
			}
			_, err := Build(t.Context(), Options{Manifest: m, Version: tt.version, Cache: cache})
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want %v with %q", err, tt.want, tt.says)
			}
			if errors.Is(err, ErrUsage) {
				t.Error("it passes for wrong usage")
			}
		})
	}
	for _, name := range kept(t, cache) {
		if strings.Contains(name, "work") {
			t.Errorf("%s is left", name)
		}
	}
}

func TestSuiteThatHasMovedOn(t *testing.T) {
	m := packaged("/sbin/tc", "iproute2")
	m.Name, m.Versions = "iproute2", map[string]loader.Suite{"5.19": "debian-12"}
	_, err := Build(t.Context(), Options{Manifest: m, Cache: lists(t)})
	if !errors.Is(err, ErrOtherVersion) ||
		!strings.Contains(err.Error(), "debian-12 has iproute2=6.1.0-3") {
		t.Errorf("%v", err)
	}
}

func TestSuiteWithAnotherVersionOfTheLoadersCrate(t *testing.T) {
	r := &request{
		Options: Options{Manifest: &loader.Manifest{Name: "libbpf-rs"}}, version: "0.26.2",
		suite: "debian-testing",
	}
	packages := []apt.Package{
		{Name: "librust-libbpf-sys-dev", Version: "1.7.0-2"},
		{Name: "librust-libbpf-rs-dev", Version: "0.27.2+ds-1"},
	}
	err := r.checkVersion(packages)
	if !errors.Is(err, ErrOtherVersion) ||
		!strings.Contains(err.Error(), "debian-testing has librust-libbpf-rs-dev=0.27.2+ds-1") {
		t.Errorf("%v", err)
	}
	r.version = "0.27.2"
	if err := r.checkVersion(packages); err != nil {
		t.Error(err)
	}
}

func TestCrateOfTheLoaderIsTakenAsAskedFor(t *testing.T) {
	m := &loader.Manifest{
		Name: "mine", Build: &loader.Build{Libraries: []string{"mine", "mine-obj"}},
	}
	text := string((&request{
		Options: Options{Manifest: m}, version: "0.2.0-beta.1",
	}).cargoManifest())
	if !strings.HasSuffix(text,
		"[dependencies]\n\"mine\" = \"=0.2.0-beta.1\"\n\"mine-obj\" = \"*\"\n") {
		t.Error(text)
	}
}

func TestVersionOfAPackage(t *testing.T) {
	for _, tt := range []struct {
		version string
		of      apt.Version
		want    bool
	}{
		{"6.1", "6.1.0-3", true}, {"6.1", "6.15.0-1", false}, {"6.15", "6.15.0-1~bpo12+1", true}, {"1.1", "1:1.1.2-0+deb12u1", true},
		{"1.1", "1:1.10.0-1", false}, {"7.8", "7.8.0+7.2.12-1", true}, {"7.8.0", "7.8.0+7.2.12-1", true}, {"7.2", "7.8.0+7.2.12-1", false},
		{"0.3", "1:0.3-2+deb11u1", true}, {"1", "1:0.3-2", false}, {"5.10", "5.1-0", false},
		{"0.25.0-beta.1", "0.25.0~beta.1-1", true}, {"0.25.0-beta.2", "0.25.0~beta.1-1", false},
		{"0.27.2", "0.27.2+ds-1", true}, {"0.27.1", "0.27.2+ds-1", false},
	} {
		if got := isVersionOf(tt.version, tt.of); got != tt.want {
			t.Errorf("%s of %s: %v", tt.version, tt.of, got)
		}
	}
}

func TestBundleThatIsNotCached(t *testing.T) {
	o := Options{Manifest: script(t), Cache: t.TempDir()}
	if b, err := Cached(t.Context(), o); b != nil || err != nil {
		t.Errorf("%v, %v", b, err)
	}
	made := build(t, o)
	b, err := Cached(t.Context(), o)
	if diff := cmp.Diff(made, b); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	check(t, os.Truncate(made.Payload, 1))
	if b, err := Cached(t.Context(), o); b != nil || err != nil {
		t.Errorf("altered: %v, %v", b, err)
	}
	check(t, os.Remove(made.Payload))
	if b, err := Cached(t.Context(), o); b != nil || err != nil {
		t.Errorf("removed: %v, %v", b, err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/apt/apttest"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

func TestLibraryIsNamedByItsSource(t *testing.T) {
	m := local(t, "/driver")
	m.Versions = map[string]loader.Suite{"1.1": "debian-12"}
	m.Packages = []string{"libbpf"}
	m.Dependencies = loader.LinkedDependencies
	m.Build = &loader.Build{
		C: "driver.c", Packages: []string{"libbpf-dev"}, Libraries: []string{"bpf"},
	}
	write(t, filepath.Join(m.Dir, "driver.c"), 0o644,
		[]byte("#include <bpf/libbpf.h>\n#include <stdio.h>\nint main(void) { puts(libbpf_version_string()); }"))
	b := build(t, Options{Manifest: m, Cache: lists(t)})
	if got := output(t, b); got != "v1.1\n" {
		t.Errorf("it prints %q", got)
	}
	var packages []string
	for name := range b.Components {
		packages = append(packages, name)
	}
	slices.Sort(packages)
	if diff := cmp.Diff([]string{"libbpf1", "libc6", "libelf1", "zlib1g"}, packages); diff != "" {
		t.Error(diff)
	}
	if b.Size > 4<<20 {
		t.Errorf("%d bytes, want at most 4 MiB", b.Size)
	}
	again := build(t, Options{Manifest: m, Cache: lists(t)})
	if again.Digest != b.Digest {
		t.Error("made again, it is another")
	}
}

func TestCommandOfAPackage(t *testing.T) {
	b := build(t, Options{Manifest: packaged("/sbin/tc", "iproute2"), Cache: lists(t)})
	cmd := enter(t, b).Command(t.Context())
	cmd.Args = append(cmd.Args, "-V")
	if out, err := cmd.Output(); err != nil ||
		!strings.HasPrefix(string(out), "tc utility, iproute2-6.1") {
		t.Errorf("%q, %v", out, err)
	}
}

func TestCommandThatNoPackageHas(t *testing.T) {
	_, err := Build(t.Context(),
		Options{Manifest: packaged("/usr/bin/tc", "iproute2"), Cache: lists(t)})
	if !errors.Is(err, ErrNoCommand) || !strings.Contains(err.Error(), "there is /usr/sbin/tc") {
		t.Errorf("%v, want ErrNoCommand that names /usr/sbin/tc", err)
	}
}

func TestPackageThatIsNotThere(t *testing.T) {
	_, err := Build(t.Context(),
		Options{Manifest: packaged("/x", "no-such-package"), Cache: lists(t)})
	if !errors.Is(err, apt.ErrNoSuchPackage) ||
		!strings.Contains(err.Error(), "no-such-package in debian-12") {
		t.Errorf("%v, want ErrNoSuchPackage that names it", err)
	}
}

// Mirrors lose files of old releases that their lists still name.
func TestPackageThatTheMirrorHasLostIsTakenAtAnOlderVersion(t *testing.T) {
	m := apttest.NewMirror(t)
	program := map[string]string{"usr/share/tool/tool": "#!/usr/share/tool/tool\n"}
	m.Add("bookworm", "tool", "1", "", program)
	m.Add("bookworm-security", "tool", "2", "", program)
	lost := m.Add("bookworm-security", "other", "2", "", nil)
	m.Add("bookworm", "other", "1", "", nil)
	m.Publish(nil, "bookworm", "bookworm-updates", "bookworm-security")
	m.ConfigureHost(t)
	check(t, os.Remove(m.Path(lost)))
	var noticed []string
	o := Options{
		Manifest: packaged("/usr/share/tool/tool", "tool"), Cache: t.TempDir(),
		Notice: func(s string) { noticed = append(noticed, s) },
	}
	o.Manifest.Packages = append(o.Manifest.Packages, "other")
	_, err := Build(t.Context(), o)
	// it is not executable, which is found out when all is unpacked
	if !errors.Is(err, ErrNoStart) {
		t.Fatal(err)
	}
	if len(noticed) != 2 || !strings.Contains(noticed[0], "takes 2 packages of debian-12") ||
		!strings.Contains(noticed[1], "lists other=2 and does not have it") {
		t.Errorf("notices %q", noticed)
	}
	check(t,
		os.Remove(m.Path(strings.ReplaceAll(strings.Replace(lost, "debian-security", "debian", 1), "_2_", "_1_"))))
	o.Cache = t.TempDir()
	if _, err := Build(t.Context(), o); !errors.Is(err, apt.ErrNotOnMirror) ||
		!strings.Contains(err.Error(), "other_2") {
		t.Errorf("%v, want ErrNotOnMirror that names the newest", err)
	}
}

func TestNoNetwork(t *testing.T) {
	o := Options{
		Manifest: packaged("/sbin/tc", "iproute2"), Cache: t.TempDir(),
		Mirror: "http://127.0.0.1:1/debian",
	}
	if _, err := Build(t.Context(), o); !errors.Is(err, apt.ErrNoNetwork) {
		t.Errorf("%v, want ErrNoNetwork", err)
	}
	if names := kept(t, o.Cache); names != nil {
		t.Errorf("%v is left", names)
	}
}

func TestAlteredPackageIsFetchedAnew(t *testing.T) {
	cache := lists(t)
	check(t, os.Remove(filepath.Join(cache, "debs"))) // a link
	m := packaged("/usr/share/doc/zlib1g/copyright", "zlib1g")
	fetch := func() string {
		// What the command lacks is found out after the packages are there.
		if _, err := Build(t.Context(), Options{Manifest: m, Cache: cache}); !errors.Is(err,
			ErrNoCommand) {
			t.Fatal(err)
		}
		debs, err := filepath.Glob(filepath.Join(cache, "debs", "*.deb"))
		if err != nil || len(debs) == 0 {
			t.Fatalf("no packages: %v", err)
		}
		for _, deb := range debs {
			data, err := os.ReadFile(deb)
			if err != nil || wholefile.DigestOf(data)+".deb" != filepath.Base(deb) {
				t.Errorf("%s is altered (%v)", deb, err)
			}
		}
		return debs[0]
	}
	check(t, os.Truncate(fetch(), 100))
	fetch()
}

func TestHeaderOrLibraryOfTheHostIsFoundOut(t *testing.T) {
	s := &sysroot{dir: "/cache/sysroot"}
	for said, bad := range map[string]bool{
		". /cache/sysroot/usr/include/stdio.h\n.. /usr/lib/gcc/x86_64-linux-gnu/12/include/stddef.h\n. json.h\n": false,
		"/cache/sysroot/usr/lib/libbpf.so\n/tmp/ccX.o\n/usr/lib/gcc/x86_64-linux-gnu/12/crtbegin.o\n":            false,
		"driver.c:3:1: warning: something":                                       false,
		".. ../include/uapi/linux/bpf.h\n. ./version.h\n":                        false,
		"... /usr/include/stdio.h\n":                                             true,
		"/usr/lib/gcc/x86_64-linux-gnu/12/../../../x86_64-linux-gnu/libc.so.6\n": true,
		"/cache/sysroot/../libbpf.so\n":                                          true,
	} {
		if err := s.checkInputs([]byte(said)); (err != nil) != bad {
			t.Errorf("%q: %v", said, err)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package apt_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/apt/apttest"
)

// bookworm returns a mirror with one release, its updates and its security fixes.
func bookworm(t testing.TB) *apttest.Mirror {
	t.Helper()
	m := apttest.NewMirror(t)
	m.Add("bookworm", "libc6", "2.36-9", "", map[string]string{"lib/libc.so.6": "old C library"})
	m.Add("bookworm", "zlib1g", "1:1.2-1", "Depends: libc6 (>= 2.14)\n",
		map[string]string{"lib/libz.so.1": "zlib"})
	m.Add("bookworm", "libelf1", "0.188-2",
		"Pre-Depends: libc6 (>= 2.34)\nDepends: zlib1g (>= 1:1.1.4)\n", map[string]string{"lib/libelf.so.1": "elf"})
	m.Add("bookworm", "libbpf1", "1:1.1.2-0", "Depends: libelf-api | libelf-other, libc6:any\n",
		map[string]string{
			"lib/libbpf.so.1": "bpf",
			"DEBIAN/postinst": "#!/bin/sh\ntouch /tmp/loadstone-postinst-ran\n",
		})
	m.Add("bookworm", "libelf-impl", "3", "Provides: libelf-api (= 3)\nDepends: libelf1\n", nil)
	m.Add("bookworm", "broken", "1", "Depends: never-was (>= 7)\n", nil)
	m.Add("bookworm-security", "libc6", "2.36-9+deb12u1", "",
		map[string]string{"lib/libc.so.6": "new C library"})
	m.Publish(nil, "bookworm", "bookworm-updates", "bookworm-security")
	return m
}

// rootOf opens a root on the mirror in a new directory with a space in its name.
func rootOf(t testing.TB, m *apttest.Mirror, change ...func(*apt.Options)) *apt.Root {
	t.Helper()
	options := apt.Options{Dir: filepath.Join(t.TempDir(), "a cache"), Arch: "amd64"}
	for _, do := range change {
		do(&options)
	}
	root, err := apt.OpenFor(m.Host(), options)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func suiteOf(t testing.TB, root *apt.Root, name string) *apt.Suite {
	t.Helper()
	suite, err := root.Suite(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return suite
}

func names(packages []apt.Package) []string {
	var all []string
	for _, p := range packages {
		all = append(all, p.String()+" "+p.Dist)
	}
	return all
}

func TestListTellsAllVersionsFromOldToNew(t *testing.T) {
	suite := suiteOf(t, rootOf(t, bookworm(t)), "debian-12")
	for pattern, want := range map[string][]string{
		"libc6":  {"libc6=2.36-9 bookworm", "libc6=2.36-9+deb12u1 bookworm-security"},
		"libel*": {"libelf-impl=3 bookworm", "libelf1=0.188-2 bookworm"},
		"*bpf?":  {"libbpf1=1:1.1.2-0 bookworm"},
		"libc":   nil,
		"zz*":    nil,
	} {
		got, err := suite.List(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, names(got)); diff != "" {
			t.Errorf("List(%q) (-want +got):\n%s", pattern, diff)
		}
	}
	if _, err := suite.List("[a"); err == nil {
		t.Error("List of a bad pattern succeeded")
	}
}

func TestClosureFollowsDependenciesAlternativesAndProvides(t *testing.T) {
	suite := suiteOf(t, rootOf(t, bookworm(t)), "debian-12")
	got, err := suite.Closure(t.Context(), "libbpf1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"libbpf1=1:1.1.2-0 bookworm", "libc6=2.36-9+deb12u1 bookworm-security",
		"libelf-impl=3 bookworm",
		"libelf1=0.188-2 bookworm", "zlib1g=1:1.2-1 bookworm",
	}
	if diff := cmp.Diff(want, names(got)); diff != "" {
		t.Errorf("closure (-want +got):\n%s", diff)
	}
}

func TestClosureOfAnExactVersion(t *testing.T) {
	suite := suiteOf(t, rootOf(t, bookworm(t)), "debian-12")
	got, err := suite.Closure(t.Context(), "libc6=2.36-9", "zlib1g")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"libc6=2.36-9 bookworm", "zlib1g=1:1.2-1 bookworm"},
		names(got)); diff != "" {
		t.Errorf("closure (-want +got):\n%s", diff)
	}
}

// A list counts on what those before it have chosen, and adds the rest.
func TestClosuresAddToEachOther(t *testing.T) {
	suite := suiteOf(t, rootOf(t, bookworm(t)), "debian-12")
	got, err := suite.Closures(t.Context(), []string{"libc6=2.36-9"}, nil, []string{"libbpf1", "libc6"})
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for _, packages := range got {
		all = append(all, names(packages))
	}
	want := [][]string{{"libc6=2.36-9 bookworm"}, nil, {
		"libbpf1=1:1.1.2-0 bookworm", "libelf-impl=3 bookworm", "libelf1=0.188-2 bookworm",
		"zlib1g=1:1.2-1 bookworm",
	}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("closures (-want +got):\n%s", diff)
	}
}

func TestClosureThatCannotBeHad(t *testing.T) {
	suite := suiteOf(t, rootOf(t, bookworm(t)), "debian-12")
	for name, says := range map[string]string{
		"nothing": "nothing in debian-12", "libc6=9": "libc6 (= 9)",
		"broken": "broken=1: no such package: it needs never-was (>= 7)",
	} {
		_, err := suite.Closure(t.Context(), name)
		wantError(t, err, apt.ErrNoSuchPackage, says)
	}
}

// A library and its headers are of one source, which goes as a whole.
func TestSuiteWithoutAPackageGoesBackToTheVersionBefore(t *testing.T) {
	m := bookworm(t)
	m.Add("bookworm", "libold1", "1", "Depends: libc6\n", nil)
	m.Add("bookworm", "libold-dev", "1", "Depends: libold1 (= 1)\n", nil)
	m.Add("bookworm-security", "libold1", "2", "Depends: libc6\n", nil)
	m.Add("bookworm-security", "libold-dev", "2", "Depends: libold1 (= 2)\n", nil)
	m.Publish(nil, "bookworm", "bookworm-security")
	suite := suiteOf(t, rootOf(t, m), "debian-12")
	whole, err := suite.Closure(t.Context(), "libold1", "libold-dev")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"libc6=2.36-9+deb12u1 bookworm-security", "libold-dev=2 bookworm-security",
		"libold1=2 bookworm-security",
	}, names(whole)); diff != "" {
		t.Errorf("closure (-want +got):\n%s", diff)
	}
	got, err := suite.Without(whole[1]).Closure(t.Context(), "libold1", "libold-dev")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"libc6=2.36-9+deb12u1 bookworm-security", "libold-dev=1 bookworm", "libold1=1 bookworm",
	}, names(got)); diff != "" {
		t.Errorf("closure without version 2 (-want +got):\n%s", diff)
	}
	_, err = suite.Without(whole[1]).Without(got[1]).Closure(t.Context(), "libold-dev")
	wantError(t, err, apt.ErrNoSuchPackage, "libold-dev in debian-12")
}

func TestClosureOfABackportPrefersItsBase(t *testing.T) {
	m := bookworm(t)
	m.Add("bookworm-backports", "zlib1g", "1:9-1~bpo", "", nil)
	m.Add("bookworm-backports", "libbpf1", "1:1.4-1~bpo", "Depends: zlib1g, libnew\n", nil)
	m.Add("bookworm-backports", "libnew", "1", "", nil)
	m.Publish(nil, "bookworm-backports")
	got, err := suiteOf(t, rootOf(t, m), "debian-12-backports").Closure(t.Context(), "libbpf1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"libbpf1=1:1.4-1~bpo bookworm-backports", "libc6=2.36-9+deb12u1 bookworm-security",
		"libnew=1 bookworm-backports", "zlib1g=1:1.2-1 bookworm",
	}
	if diff := cmp.Diff(want, names(got)); diff != "" {
		t.Errorf("closure (-want +got):\n%s", diff)
	}
}

func TestFetchedPackageIsUnpackedWithoutItsScripts(t *testing.T) {
	var last apt.Event
	root := rootOf(t, bookworm(t),
		func(o *apt.Options) { o.Progress = func(e apt.Event) { last = e } })
	p := newest(t, suiteOf(t, root, "debian-12"), "libbpf1")
	dir := t.TempDir()
	deb, err := root.Fetch(t.Context(), p, dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := (apt.Event{
		What: "fetching libbpf1 1:1.1.2-0", Done: p.Size, Total: p.Size, Ended: true,
	}); last != want {
		t.Errorf("last progress %+v, want %+v", last, want)
	}
	if err := apt.Unpack(t.Context(), deb, filepath.Join(dir, "root")); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "root/lib/libbpf.so.1"))
	if string(got) != "bpf" {
		t.Errorf("libbpf.so.1 is %q, %v", got, err)
	}
	if _, err := os.Stat("/tmp/loadstone-postinst-ran"); err == nil {
		t.Error("the package's postinst ran")
	}
}

func newest(t testing.TB, suite *apt.Suite, name string) apt.Package {
	t.Helper()
	all, err := suite.List(name)
	if err != nil || len(all) == 0 {
		t.Fatalf("List(%q): %v, %v", name, all, err)
	}
	return all[len(all)-1]
}

// wantError checks an error's kind and that its text says something.
func wantError(t testing.TB, err, want error, says string) {
	t.Helper()
	if !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
		t.Errorf("error is %v\nwant %v, saying %q", err, want, says)
	}
}

func alter(t testing.TB, path string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func flip(data []byte) []byte { data[len(data)/2] ^= 1; return data }

func halve(data []byte) []byte { return data[:len(data)/2] }

// TestSuiteFaults has a row per fault of the mirror that keeps a suite from
// being used.
func TestSuiteFaults(t *testing.T) {
	inRelease := "/debian/dists/bookworm/InRelease"
	list := "/debian/dists/bookworm/main/binary-amd64/Packages"
	for _, fault := range []struct {
		name string
		do   func(m *apttest.Mirror)
		want error
		says string
	}{
		{"signed by an unknown key", func(m *apttest.Mirror) { m.Publish(apttest.NewKey(t), "bookworm") }, apt.ErrSignature, "NO_PUBKEY"},
		{"release altered after signing", func(m *apttest.Mirror) {
			alter(t, m.Path(inRelease), func(b []byte) []byte {
				return []byte(strings.Replace(string(b), "Codename: bookworm", "Codename: bookwurm",
					1))
			})
		}, apt.ErrSignature, "bookworm"},
		{"release not signed at all", func(m *apttest.Mirror) {
			alter(t, m.Path(inRelease),
				func([]byte) []byte { return []byte("Origin: Debian\nSuite: bookworm\n") })
		}, apt.ErrSignature, "bookworm"},
		{"list altered", func(m *apttest.Mirror) { alter(t, m.Path(list), flip) }, apt.ErrCorruptPackage, "Hash Sum mismatch"},
		{"list truncated", func(m *apttest.Mirror) { alter(t, m.Path(list), halve) }, apt.ErrCorruptPackage, "unexpected size"},
		{"mirror does not carry it", func(m *apttest.Mirror) {
			for _, dist := range []string{
				"/debian/dists/bookworm", "/debian/dists/bookworm-updates",
				"/debian-security/dists/bookworm-security",
			} {
				if err := os.RemoveAll(m.Path(dist)); err != nil {
					t.Fatal(err)
				}
			}
		}, apt.ErrNotOnMirror, "debian-12"},
		{"mirror cannot be reached", func(m *apttest.Mirror) { m.Close() }, apt.ErrNoNetwork, "--mirror"},
	} {
		t.Run(fault.name, func(t *testing.T) {
			m := bookworm(t)
			fault.do(m)
			_, err := rootOf(t, m).Suite(t.Context(), "debian-12")
			wantError(t, err, fault.want, fault.says)
		})
	}
}

func TestUnknownSuite(t *testing.T) {
	_, err := rootOf(t, bookworm(t)).Suite(t.Context(), "debian-1")
	wantError(t, err, apt.ErrUnknownSuite, "debian-13-backports")
}

// TestFetchFaults has a row per fault of a package.
func TestFetchFaults(t *testing.T) {
	deb := "/debian/pool/zlib1g_1:1.2-1_amd64.deb"
	for _, fault := range []struct {
		name string
		do   func(m *apttest.Mirror)
		want error
	}{
		{"altered", func(m *apttest.Mirror) { alter(t, m.Path(deb), flip) }, apt.ErrCorruptPackage},
		{"truncated", func(m *apttest.Mirror) { alter(t, m.Path(deb), halve) }, apt.ErrCorruptPackage},
		{"dropped by the mirror", func(m *apttest.Mirror) {
			if err := os.Remove(m.Path(deb)); err != nil {
				t.Fatal(err)
			}
		}, apt.ErrNotOnMirror},
		{"mirror cannot be reached", func(m *apttest.Mirror) { m.Close() }, apt.ErrNoNetwork},
	} {
		t.Run(fault.name, func(t *testing.T) {
			m := bookworm(t)
			root := rootOf(t, m)
			p := newest(t, suiteOf(t, root, "debian-12"), "zlib1g")
			fault.do(m)
			_, err := root.Fetch(t.Context(), p, t.TempDir())
			wantError(t, err, fault.want, "zlib1g_1:1.2-1_amd64.deb")
		})
	}
}

func TestUnpackingWhatIsNoPackage(t *testing.T) {
	m := bookworm(t)
	whole := m.Path("/debian/pool/libelf1_0.188-2_amd64.deb")
	text := filepath.Join(t.TempDir(), "text.deb")
	if err := os.WriteFile(text,
		[]byte("not a package, only a text that is longer than a header of an archive would be"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantError(t, apt.Unpack(t.Context(), text, t.TempDir()), apt.ErrCorruptPackage, "text.deb")
	alter(t, whole, func(b []byte) []byte { return b[:len(b)-3000] })
	wantError(t, apt.Unpack(t.Context(), whole, t.TempDir()), apt.ErrCorruptPackage,
		"libelf1_0.188-2_amd64.deb")
	wantError(t, apt.Unpack(t.Context(), "/nowhere.deb", t.TempDir()), os.ErrNotExist,
		"/nowhere.deb")
}

func TestUnpackingOnAFullDisk(t *testing.T) {
	apttest.OnSmallDisk(t, "64", func(dir string) {
		m := apttest.NewMirror(t)
		deb := m.Path(m.Add("bookworm", "large", "1", "",
			map[string]string{"large": strings.Repeat("x", 256<<10)}))
		wantError(t, apt.Unpack(t.Context(), deb, dir), apt.ErrDiskFull, "--cache")
	})
}

func TestFetchingOnAFullDisk(t *testing.T) {
	apttest.OnSmallDisk(t, "64", func(dir string) {
		m := bookworm(t)
		m.Add("bookworm", "large", "1", "",
			map[string]string{"large": strings.Repeat("x", 256<<10)})
		m.Publish(nil, "bookworm")
		root := rootOf(t, m)
		_, err := root.Fetch(t.Context(), newest(t, suiteOf(t, root, "debian-12"), "large"), dir)
		wantError(t, err, apt.ErrDiskFull, "--cache")
	})
}

func TestListsOnAFullDisk(t *testing.T) {
	apttest.OnSmallDisk(t, "48", func(dir string) {
		m := bookworm(t)
		for _, name := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
			m.Add("bookworm", "package-"+name, "1",
				"Depends: "+strings.Repeat("libc6 (>= 2.34), ", 200)+"libc6\n", nil)
		}
		m.Publish(nil, "bookworm")
		_, err := rootOf(t, m, func(o *apt.Options) { o.Dir = dir }).Suite(t.Context(), "debian-12")
		wantError(t, err, apt.ErrDiskFull, "--cache")
	})
}

func TestOfflineUsesListsAsTheyAre(t *testing.T) {
	m := bookworm(t)
	host, dir := m.Host(), t.TempDir()
	open := func(offline bool) *apt.Root {
		root, err := apt.OpenFor(host,
			apt.Options{Dir: dir, Arch: "amd64", Offline: offline, MaxAge: time.Nanosecond})
		if err != nil {
			t.Fatal(err)
		}
		return root
	}
	_, err := open(true).Suite(t.Context(), "debian-12")
	wantError(t, err, apt.ErrOffline, "lists of bookworm: ")
	suiteOf(t, open(false), "debian-12")
	m.Close()
	newest(t, suiteOf(t, open(true), "debian-12"), "libbpf1")
}

func TestOfflineFetchesNothing(t *testing.T) {
	m := bookworm(t)
	host, dir := m.Host(), t.TempDir()
	online, err := apt.OpenFor(host, apt.Options{Dir: dir, Arch: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	suiteOf(t, online, "debian-12")
	m.Before(func(path string) { t.Errorf("the mirror is asked for %s", path) })
	root, err := apt.OpenFor(host,
		apt.Options{Dir: dir, Arch: "amd64", Offline: true, Refresh: true, MaxAge: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	suite := suiteOf(t, root, "debian-12")
	into := t.TempDir()
	_, err = root.Fetch(t.Context(), newest(t, suite, "zlib1g"), into)
	wantError(t, err, apt.ErrOffline, "zlib1g 1:1.2-1: ")
	_, err = suite.FetchSource(t.Context(), "zlib", into)
	wantError(t, err, apt.ErrOffline, "source zlib: ")
	if left, err := os.ReadDir(into); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestOldListsAreUsedWithANoticeWhenTheMirrorCannotBeReached(t *testing.T) {
	m := bookworm(t)
	var notices []string
	host, options := m.Host(),
		apt.Options{
			Dir: t.TempDir(), Arch: "amd64", MaxAge: time.Nanosecond,
			Notice: func(s string) { notices = append(notices, s) },
		}
	for range 2 {
		root, err := apt.OpenFor(host, options)
		if err != nil {
			t.Fatal(err)
		}
		newest(t, suiteOf(t, root, "debian-12"), "libbpf1")
		m.Close()
	}
	if len(notices) != 3 || !strings.Contains(notices[0], "lists of bookworm are of ") {
		t.Errorf("notices %q, want one for each of three lists", notices)
	}
}

func TestYoungListsAreNotFetchedAgain(t *testing.T) {
	m := bookworm(t)
	host, dir := m.Host(), t.TempDir()
	for i, refresh := range []bool{false, false, true} {
		root, err := apt.OpenFor(host, apt.Options{Dir: dir, Arch: "amd64", Refresh: refresh})
		if err != nil {
			t.Fatal(err)
		}
		suiteOf(t, root, "debian-12")
		suiteOf(t, root, "debian-12")
		if got, want := m.Requests("/debian/dists/bookworm/InRelease"), []int{
			1, 1, 2,
		}[i]; got != want {
			t.Errorf("after opening %d times the release was asked for %d times, want %d", i+1, got,
				want)
		}
	}
}

func TestSuiteGoesWithoutUpdatesThatTheMirrorHasDamagedOrLacks(t *testing.T) {
	m := bookworm(t)
	alter(t, m.Path("/debian-security/dists/bookworm-security/main/binary-amd64/Packages"), halve)
	if err := os.RemoveAll(m.Path("/debian/dists/bookworm-updates")); err != nil {
		t.Fatal(err)
	}
	var notices []string
	root := rootOf(t, m,
		func(o *apt.Options) { o.Notice = func(s string) { notices = append(notices, s) } })
	if got := newest(t, suiteOf(t, root, "debian-12"), "libc6"); got.Version != "2.36-9" {
		t.Errorf("libc6 is %s, want that of the release itself", got.Version)
	}
	if len(notices) != 2 || notices[0] != "debian-12: the mirror does not have bookworm-updates" ||
		!strings.HasPrefix(notices[1], "debian-12 goes without bookworm-security") {
		t.Errorf("notices %q", notices)
	}
}

func TestKeysOfANewerReleaseComeFromTheKeyringOfAnOlder(t *testing.T) {
	m := bookworm(t)
	newer := apttest.NewKey(t)
	m.Add("bookworm", "debian-archive-keyring", "2", "",
		map[string]string{"usr/share/keyrings/debian-archive-keyring.gpg": string(newer.Keyring(t))})
	m.Add("trixie", "libbpf1", "1:1.5", "", nil)
	m.Publish(nil, "bookworm")
	m.Publish(newer, "trixie", "trixie-updates", "trixie-security")
	var notices []string
	root := rootOf(t, m,
		func(o *apt.Options) { o.Notice = func(s string) { notices = append(notices, s) } })
	if got := newest(t, suiteOf(t, root, "debian-13"), "libbpf1"); got.Version != "1:1.5" {
		t.Errorf("libbpf1 is %s", got.Version)
	}
	if !slices.Contains(notices,
		"keys for trixie are taken from debian-archive-keyring=2 of bookworm") {
		t.Errorf("notices %q", notices)
	}
	m.Publish(apttest.NewKey(t), "testing")
	_, err := root.Suite(t.Context(), "debian-testing")
	wantError(t, err, apt.ErrSignature, "NO_PUBKEY")
}

func TestTwoRootsFetchListsOnce(t *testing.T) {
	m := bookworm(t)
	host, dir := m.Host(), t.TempDir()
	done := make(chan error)
	for range 2 {
		root, err := apt.OpenFor(host, apt.Options{Dir: dir, Arch: "amd64"})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := root.Suite(t.Context(), "debian-12")
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := m.Requests("/debian/dists/bookworm/InRelease"); n != 1 {
		t.Errorf("the release was asked for %d times", n)
	}
}

func TestUpdateUsesTheSuitesThatThereAre(t *testing.T) {
	m := bookworm(t)
	m.Publish(apttest.NewKey(t), "sid")
	have, err := rootOf(t, m).Update(t.Context())
	if len(have) != 1 || have[0].Name != "debian-12" {
		t.Errorf("suites %v", have)
	}
	wantError(t, err, apt.ErrSignature, "suite debian-sid: lists of sid")
	if errors.Is(err, apt.ErrNotOnMirror) {
		t.Errorf("suites that the mirror does not carry are an error: %v", err)
	}
	_, err = rootOf(t, apttest.NewMirror(t)).Update(t.Context())
	wantError(t, err, apt.ErrNotOnMirror, "suite debian-13: lists of trixie")
}

func TestCancelledUpdateSaysSo(t *testing.T) {
	m := bookworm(t)
	ctx, cancel := context.WithCancel(t.Context())
	m.Before(func(string) { cancel() })
	_, err := rootOf(t, m).Suite(ctx, "debian-12")
	wantError(t, err, context.Canceled, "lists of bookworm")
}

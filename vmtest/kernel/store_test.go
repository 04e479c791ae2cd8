// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/apt/apttest"
)

var someVersions = []string{
	"5.10.262-1", "6.1.190-1", "6.1.192-2", "6.12.117-1~deb12u1", "6.12.117-1", "6.12.94-1",
	"6.17.13-1", "7.3.4-1", "7.2.13-1",
}

func get(t testing.TB, s *Store, name string) *Kernel {
	t.Helper()
	k, err := s.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// wantError checks an error's kind and that its text says something.
func wantError(t testing.TB, err, want error, says string) {
	t.Helper()
	if !errors.Is(err, want) || !strings.Contains(fmt.Sprint(err), says) {
		t.Errorf("error is %v\nwant %v, saying %q", err, want, says)
	}
}

// wantNothingHalf checks that no temporary directory is left, and that what is
// in the store is whole.
func wantNothingHalf(t testing.TB, s *Store) {
	t.Helper()
	if left := subdirs(s.temporary()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, key := range subdirs(s.dir) {
		if strings.HasPrefix(key, ".") {
			continue
		}
		if _, err := s.open(key); err != nil {
			t.Errorf("in the store is %s: %v", key, err)
		}
	}
}

func TestSeriesIsItsNewestVersion(t *testing.T) {
	dir := t.TempDir()
	s, source := storeOf(dir, someVersions...)
	got := get(t, s, "6.12")
	at := filepath.Join(dir, "kernels/amd64/6.12.117+deb13-cloud-amd64_6.12.117-1")
	want := &Kernel{
		Name: "6.12", Series: "6.12", Release: "6.12.117+deb13-cloud-amd64", Version: "6.12.117-1",
		Suite: "debian-13", Origin: FromDebian, Arch: "amd64",
		Image: at + "/vmlinuz", Config: at + "/config",
		ModulesDir: at + "/lib/modules/6.12.117+deb13-cloud-amd64", Digest: got.Digest,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kernel (-want +got):\n%s", diff)
	}
	dep, err := os.ReadFile(filepath.Join(got.ModulesDir, "modules.dep"))
	if want := "kernel/net/sched/act_api.ko:\nkernel/net/sched/cls_bpf.ko: kernel/net/sched/act_api.ko\nkernel/drivers/net/veth.ko:\n"; string(dep) != want {
		t.Errorf("modules.dep is %q, %v; want %q", dep, err, want)
	}
	if again := get(t, s, "6.12"); len(source.fetched) != 1 || again.Digest != got.Digest {
		t.Errorf("asked for again: fetched %v, %+v", source.fetched, again)
	}
	wantNothingHalf(t, s)
}

func TestKernelInSeparatePackages(t *testing.T) {
	s, _ := storeOf(t.TempDir(), someVersions...)
	k := get(t, s, "7.3")
	for _, path := range []string{k.Image, k.Config, k.ModulesDir + "/modules.dep"} {
		if !exists(path) {
			t.Errorf("%s is missing", path)
		}
	}
	if exists(filepath.Join(k.ModulesDir, "vmlinuz")) {
		t.Error("the image is among the modules as well")
	}
}

func TestExactVersionStaysWhenTheMirrorDropsIt(t *testing.T) {
	s, source := storeOf(t.TempDir(), someVersions...)
	get(t, s, "6.12@6.12.94-1")
	source.have = []Offer{offer("6.12.118-1")}
	if k := get(t, s, "6.12@6.12.94-1"); k.Version != "6.12.94-1" {
		t.Errorf("version %s", k.Version)
	}
	if k := get(t, s, "6.12"); k.Version != "6.12.118-1" {
		t.Errorf("the series is %s", k.Version)
	}
	source.failed = apt.ErrNoNetwork
	source.have = nil
	if k := get(t, s, "6.12@6.12.94-1"); k.Version != "6.12.94-1" ||
		source.fetched[len(source.fetched)-1] != offer("6.12.118-1").key() {
		t.Errorf("without a network: %+v, fetched %v", k, source.fetched)
	}
}

func TestSeriesThatOnlyTheCacheHas(t *testing.T) {
	s, source := storeOf(t.TempDir(), "6.17.13-1")
	get(t, s, "6.17")
	source.have = []Offer{offer("7.3.4-1")}
	if k := get(t, s, "6.17"); k.Version != "6.17.13-1" {
		t.Errorf("version %s", k.Version)
	}
}

func TestCachedKernelsServeWithoutANetwork(t *testing.T) {
	dir := t.TempDir()
	s, _ := storeOf(dir, someVersions...)
	get(t, s, "6.1")
	offline, source := storeOf(dir)
	source.failed = fmt.Errorf("suite debian-12: %w", apt.ErrNoNetwork)
	var notices []string
	offline.options.Notice = func(s string) { notices = append(notices, s) }
	if k := get(t, offline, "6.1"); k.Version != "6.1.192-2" {
		t.Errorf("version %s", k.Version)
	}
	if len(notices) != 1 ||
		!strings.Contains(notices[0], "6.1 is 6.1.192-2, the newest that is known") {
		t.Errorf("notices %q", notices)
	}
	_, err := offline.Get(t.Context(), "6.12")
	wantError(t, err, apt.ErrNoNetwork, "kernel 6.12: suite debian-12")
}

func TestNamesThatAreNoKernel(t *testing.T) {
	s, _ := storeOf(t.TempDir(), someVersions...)
	for name, says := range map[string]string{
		"6.99":           "there are 5.10, 6.1, 6.12, 6.17, 7.2, 7.3",
		"6.12@6.12.1-1":  "there are 6.12@6.12.117-1, 6.12@6.12.117-1~deb12u1, 6.12@6.12.94-1",
		"6.12@":          "an exact version as 6.12@6.12.117-1",
		"newest":         "a kernel is a series as 6.12",
		"6":              "a kernel is a series",
		"/no/such/image": "/no/such/image",
	} {
		_, err := s.Get(t.Context(), name)
		wantError(t, err, ErrUnknownKernel, says)
		wantError(t, err, ErrUsage, says)
	}
}

func TestAlteredFileIsFetchedAnew(t *testing.T) {
	for name, alter := range map[string]func(path string) error{
		"altered, same size": func(path string) error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			data[len(data)-1] ^= 1
			return os.WriteFile(path, data, 0o644)
		},
		"truncated": func(path string) error { return os.Truncate(path, 7) },
		"removed":   os.Remove,
		"a link":    func(path string) error { return errors.Join(os.Remove(path), os.Symlink("/dev/null", path)) },
	} {
		t.Run(name, func(t *testing.T) {
			s, source := storeOf(t.TempDir(), "6.12.117-1")
			before := get(t, s, "6.12")
			if err := alter(before.Image); err != nil {
				t.Fatal(err)
			}
			var notices []string
			s.options.Notice = func(s string) { notices = append(notices, s) }
			if after := get(t, s, "6.12"); after.Digest != before.Digest ||
				len(source.fetched) != 2 {
				t.Errorf("fetched %v, digest %s, was %s", source.fetched, after.Digest,
					before.Digest)
			}
			if len(notices) != 1 || !strings.Contains(notices[0], before.Image) {
				t.Errorf("notices %q do not name the file", notices)
			}
			wantNothingHalf(t, s)
		})
	}
}

func TestAlteredFileThatCannotBeFetchedAnew(t *testing.T) {
	s, source := storeOf(t.TempDir(), "6.12.117-1")
	k := get(t, s, "6.12")
	source.have = nil
	if err := os.Truncate(k.Config, 3); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"6.12", "6.12@6.12.117-1"} {
		_, err := s.Get(t.Context(), name)
		wantError(t, err, ErrCorrupt, k.Config)
		wantError(t, err, ErrCorrupt, "remove "+filepath.Dir(k.Config))
	}
}

func TestAlteredManifestIsNoticed(t *testing.T) {
	for name, alter := range map[string]func(string) string{
		"another version": func(s string) string {
			return strings.Replace(s, `"version": "6.12.117-1"`, `"version": "6.12.118-1"`, 1)
		},
		"half of it": func(s string) string { return s[:len(s)/2] },
	} {
		t.Run(name, func(t *testing.T) {
			s, source := storeOf(t.TempDir(), "6.12.117-1")
			path := filepath.Join(filepath.Dir(get(t, s, "6.12").Image), manifestFile)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(alter(string(data))), 0o644); err != nil {
				t.Fatal(err)
			}
			if k := get(t, s, "6.12"); k.Version != "6.12.117-1" || len(source.fetched) != 2 {
				t.Errorf("%+v, fetched %v", k, source.fetched)
			}
		})
	}
}

func TestCopiedCacheIsHashedAndUsed(t *testing.T) {
	dir := t.TempDir()
	s, _ := storeOf(dir, "6.12.117-1")
	want := get(t, s, "6.12")
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	again, source := storeOf(copied, "6.12.117-1")
	if got := get(t, again, "6.12"); got.Digest != want.Digest || len(source.fetched) != 0 {
		t.Errorf("%+v, fetched %v", got, source.fetched)
	}
}

// TestPackageFaults has a row per fault of a package that only shows once it is
// unpacked. Nothing of it may stay.
func TestPackageFaults(t *testing.T) {
	const release = "6.12.117+deb13-cloud-amd64"
	modules := "lib/modules/" + release + "/"
	for _, fault := range []struct {
		name string
		do   func(files map[string][]byte)
		want error
		says string
	}{
		{"no image", func(f map[string][]byte) { delete(f, "boot/vmlinuz-"+release) }, ErrCorrupt, "boot/vmlinuz"},
		{"no configuration", func(f map[string][]byte) { delete(f, "boot/config-"+release) }, ErrCorrupt, "boot/config"},
		{"image that is none", func(f map[string][]byte) { f["boot/vmlinuz-"+release] = []byte("no image") }, ErrCorrupt, "vmlinuz"},
		{"image of another release", func(f map[string][]byte) { f["boot/vmlinuz-"+release] = bzImage("6.12.1") }, ErrCorrupt, "its image is 6.12.1"},
		{"module of another release", func(f map[string][]byte) { f[modules+"kernel/x.ko"] = ko("6.12.1") }, ErrModulesMismatch, "x.ko is for 6.12.1"},
		{"module that is none", func(f map[string][]byte) { f[modules+"kernel/x.ko"] = []byte("no module") }, ErrCorrupt, "x.ko"},
		{"module that needs what is not there", func(f map[string][]byte) { f[modules+"kernel/x.ko"] = ko(release, "gone") }, ErrNoModule, "gone, which x needs"},
	} {
		t.Run(fault.name, func(t *testing.T) {
			s, source := storeOf(t.TempDir(), "6.12.117-1")
			source.files = func(o Offer) map[string][]byte {
				files := packageFiles(o.Release, false)
				fault.do(files)
				return files
			}
			_, err := s.Get(t.Context(), "6.12")
			wantError(t, err, fault.want, fault.says)
			wantNothingHalf(t, s)
			source.files = nil
			get(t, s, "6.12")
		})
	}
}

func TestMirrorThatMovedOnIsAskedAgain(t *testing.T) {
	s, source := storeOf(t.TempDir(), "6.12.117-1")
	source.during = func(Offer, string) error {
		source.during = nil
		source.have = []Offer{offer("6.12.118-1")}
		return fmt.Errorf("download: %w", apt.ErrNotOnMirror)
	}
	if k := get(t, s, "6.12"); k.Version != "6.12.118-1" || source.refreshed != 1 {
		t.Errorf("%s after %d refreshes", k.Version, source.refreshed)
	}
	wantNothingHalf(t, s)
}

func TestVersionThatTheMirrorListsAndLacksGivesWayToTheOneBefore(t *testing.T) {
	s, source := storeOf(t.TempDir(), "6.12.118-1", "6.12.117-1", "6.12.94-1")
	source.during = func(o Offer, _ string) error {
		if o.Version == "6.12.118-1" {
			return fmt.Errorf("download: %w", apt.ErrNotOnMirror)
		}
		return nil
	}
	var notices []string
	s.options.Notice = func(s string) { notices = append(notices, s) }
	if k := get(t, s, "6.12"); k.Version != "6.12.117-1" {
		t.Errorf("version %s", k.Version)
	}
	if len(notices) != 1 ||
		!strings.Contains(notices[0],
			"6.12 6.12.118-1 is in the mirror's lists, and not on the mirror") {
		t.Errorf("notices %q", notices)
	}
	_, err := s.Get(t.Context(), "6.12@6.12.118-1")
	wantError(t, err, apt.ErrNotOnMirror, "kernel 6.12@6.12.118-1")
	source.during = func(Offer, string) error { return fmt.Errorf("download: %w", apt.ErrNotOnMirror) }
	_, err = s.Get(t.Context(), "6.12@6.12.94-1")
	wantError(t, err, apt.ErrNotOnMirror, "6.12.94-1")
	wantNothingHalf(t, s)
}

func TestMirrorThatLacksAllThatItLists(t *testing.T) {
	s, source := storeOf(t.TempDir(), "6.12.118-1", "6.12.117-1")
	source.during = func(Offer, string) error { return fmt.Errorf("download: %w", apt.ErrNotOnMirror) }
	_, err := s.Get(t.Context(), "6.12")
	wantError(t, err, apt.ErrNotOnMirror, "kernel 6.12")
	if len(source.fetched) != 3 {
		t.Errorf("fetched %v", source.fetched)
	}
	wantNothingHalf(t, s)
}

func TestFullDisk(t *testing.T) {
	apttest.OnSmallDisk(t, "64", func(dir string) {
		s, source := storeOf(dir, "6.12.117-1")
		source.files = func(o Offer) map[string][]byte {
			files := packageFiles(o.Release, false)
			files["boot/System.map-"+o.Release] = make([]byte, 256<<10)
			return files
		}
		_, err := s.Get(t.Context(), "6.12")
		wantError(t, err, apt.ErrDiskFull, "--cache")
		wantNothingHalf(t, s)
	})
}

func TestCancelledPullLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, source := storeOf(t.TempDir(), "6.12.117-1")
	source.during = func(Offer, string) error { cancel(); return ctx.Err() }
	_, err := s.Get(ctx, "6.12")
	wantError(t, err, context.Canceled, "kernel 6.12")
	wantNothingHalf(t, s)
}

func TestConcurrentPullsDoTheWorkOnce(t *testing.T) {
	dir := t.TempDir()
	const stores = 4
	sources := make([]*fakeSource, stores)
	done := make(chan error)
	for i := range stores {
		var s *Store
		s, sources[i] = storeOf(dir, "6.12.117-1")
		go func() {
			_, err := s.Get(t.Context(), "6.12")
			done <- err
		}()
	}
	for range stores {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	fetched := 0
	for _, source := range sources {
		fetched += len(source.fetched)
	}
	if fetched != 1 {
		t.Errorf("fetched %d times", fetched)
	}
}

func TestListMarksWhatIsCachedGoneAndDefault(t *testing.T) {
	s, source := storeOf(t.TempDir(), someVersions...)
	get(t, s, "6.12@6.12.94-1")
	get(t, s, "7.3")
	source.have = slices.DeleteFunc(source.have,
		func(o Offer) bool { return o.Version == "6.12.94-1" })
	offers, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range offers {
		got = append(got,
			fmt.Sprintf("%s %s cached=%t gone=%t default=%t", o.Series, o.Version, o.Cached, o.Gone, o.Default))
	}
	want := []string{
		"5.10 5.10.262-1 cached=false gone=false default=true",
		"6.1 6.1.192-2 cached=false gone=false default=true",
		"6.1 6.1.190-1 cached=false gone=false default=false",
		"6.12 6.12.117-1 cached=false gone=false default=true",
		"6.12 6.12.117-1~deb12u1 cached=false gone=false default=false",
		"6.12 6.12.94-1 cached=true gone=true default=false",
		"6.17 6.17.13-1 cached=false gone=false default=false",
		"7.2 7.2.13-1 cached=false gone=false default=false",
		"7.3 7.3.4-1 cached=true gone=false default=true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestDefaultMatrix(t *testing.T) {
	s, source := storeOf(t.TempDir(), someVersions...)
	var notices []string
	s.options.Notice = func(s string) { notices = append(notices, s) }
	got, err := s.DefaultMatrix(t.Context())
	if diff := cmp.Diff([]string{"5.10", "6.1", "6.12", "7.3"}, got); diff != "" || err != nil {
		t.Errorf("error %v, matrix (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"the default matrix goes without 6.18: no suite of the mirror has it"}, notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	source.have, source.failed = nil, apt.ErrNoNetwork
	_, err = s.DefaultMatrix(t.Context())
	wantError(t, err, apt.ErrNoNetwork, "")
	source.failed = nil
	_, err = s.DefaultMatrix(t.Context())
	wantError(t, err, ErrUnknownKernel, "neither mirror nor cache")
}

func TestPrune(t *testing.T) {
	s, _ := storeOf(t.TempDir(), someVersions...)
	for _, name := range []string{"6.1@6.1.190-1", "6.1", "6.12@6.12.94-1", "7.3"} {
		get(t, s, name)
	}
	write(t, s.temporary(), map[string][]byte{"6.9_6.9-1.123/half": []byte("1234")})
	versions := func(keep int, dryRun bool) []string {
		t.Helper()
		pruned, err := s.Prune(keep, dryRun)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, p := range pruned {
			if p.Size == 0 || exists(p.Path) != dryRun {
				t.Errorf("%+v, exists %t", p, exists(p.Path))
			}
			all = append(all, string(p.Version))
		}
		return all
	}
	for _, dryRun := range []bool{true, false} {
		if diff := cmp.Diff([]string{"", "6.1.190-1"}, versions(1, dryRun)); diff != "" {
			t.Errorf("pruned (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff([]string{"6.1.192-2", "6.12.94-1", "7.3.4-1"},
		versions(0, false)); diff != "" {
		t.Errorf("pruned all (-want +got):\n%s", diff)
	}
	wantNothingHalf(t, s)
}

func TestPruneLeavesWhatIsBeingPulled(t *testing.T) {
	dir := t.TempDir()
	s, source := storeOf(dir, "6.12.117-1")
	source.during = func(o Offer, temporary string) error {
		other, _ := storeOf(dir)
		if pruned, err := other.Prune(0, false); len(pruned) > 0 || err != nil {
			t.Errorf("pruned %v, %v", pruned, err)
		}
		if !exists(temporary) {
			t.Error("the temporary directory of a running pull is gone")
		}
		return nil
	}
	get(t, s, "6.12")
}

// A kernel by path has the name that a user gives it, and the path is not lost.
func TestKernelsThatUsersName(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"bzImage": bzImage("6.12.1"), "my": nil})
	t.Chdir(dir)
	s, _ := storeOf(t.TempDir(), "6.12.1")
	for name, want := range map[string]string{
		"mine=bzImage": "mine", "rc-1.2_x=./bzImage": "rc-1.2_x", "mine=" + dir + "/bzImage": "mine",
		"./bzImage": "./bzImage",
	} {
		k, err := s.Get(t.Context(), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		given := name
		if given == want {
			given = ""
		}
		if k.Name != want || k.Given != given || k.Release != "6.12.1" {
			t.Errorf("%s: %+v", name, k)
		}
		t.Chdir("/")
		again, err := s.Get(t.Context(), k.Path)
		if err != nil || again.Digest != k.Digest || again.Name != k.Path && again.Name != want {
			t.Errorf("%s from another folder, as %s: %+v, %v", name, k.Path, again, err)
		}
		t.Chdir(dir)
	}
	// What could be taken for another kernel is no label.
	for _, name := range []string{"6.12=./bzImage", "native=./bzImage", "=./bzImage", "a b=./bzImage", "mine=./none", "mine="} {
		if k, err := s.Get(t.Context(), name); err == nil {
			t.Errorf("%s: %+v", name, k)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// script returns a manifest of a driver that is a file and nothing more, for which nothing is
// compiled.
func script(t *testing.T) *loader.Manifest {
	t.Helper()
	m := local(t, "./driver")
	write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte("anything"))
	return m
}

func TestBundleComesFromTheCache(t *testing.T) {
	m := local(t, "/driver")
	m.Build = &loader.Build{C: "driver.c"}
	m.Env = map[string]string{"B": "2", "A": "1"}
	write(t, filepath.Join(m.Dir, "driver.c"), 0o644, []byte(says))
	o := Options{Manifest: m, Cache: t.TempDir()}
	made := build(t, o)
	want := &Bundle{
		Loader: "mine", Version: "1.0", Suite: loader.Local, Command: []string{"/driver"},
		Env:        []string{"A=1", "B=2"},
		Components: map[string]string{},
		Payload:    filepath.Join(o.Cache, "bundles", made.Digest+".cpio"), Digest: made.Digest,
		Size: made.Size,
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Error(diff)
	}
	t.Setenv("PATH", t.TempDir()) // neither compiler nor apt
	if diff := cmp.Diff(made, build(t, o)); diff != "" {
		t.Error(diff)
	}
}

func TestAlteredBundleIsMadeAnew(t *testing.T) {
	o := Options{Manifest: script(t), Cache: t.TempDir()}
	good := build(t, o)
	list := func(suffix string) string {
		names, err := filepath.Glob(filepath.Join(o.Cache, "bundles", "*"+suffix))
		if err != nil || len(names) != 1 {
			t.Fatalf("%v, %v", names, err)
		}
		return names[0]
	}
	for name, alter := range map[string]func() error{
		"archive cut":     func() error { return os.Truncate(good.Payload, good.Size-1) },
		"archive changed": func() error { return os.WriteFile(good.Payload, make([]byte, good.Size), 0o644) },
		"archive gone":    func() error { return os.Remove(good.Payload) },
		"record cut":      func() error { return os.Truncate(list(".json"), 9) },
		"record changed": func() error {
			text, err := os.ReadFile(list(".json"))
			if err != nil {
				return err
			}
			changed := strings.Replace(string(text), `"/loader/driver"`, `"/loader/another"`, 1)
			if changed == string(text) {
				t.Fatalf("no command in %s", text)
			}
			return os.WriteFile(list(".json"), []byte(changed), 0o644)
		},
		"record gone": func() error { return os.Remove(list(".json")) },
	} {
		t.Run(name, func(t *testing.T) {
			check(t, alter())
			var notices []string
			o := o
			o.Notice = func(s string) { notices = append(notices, s) }
			again, err := Build(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(good, again); diff != "" {
				t.Error(diff)
			}
			if archive, err := os.ReadFile(again.Payload); err != nil ||
				wholefile.DigestOf(archive) != good.Digest {
				t.Errorf("the archive is not as it was (%v)", err)
			}
			if told := strings.Join(notices, ""); (name != "record gone") != strings.Contains(told,
				"mine@1.0 is made anew") {
				t.Errorf("notices: %q", told)
			}
		})
	}
}

func TestLeftoversOfKilledRunsAreRemoved(t *testing.T) {
	o := Options{Manifest: script(t), Cache: t.TempDir()}
	r, err := newRequest(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(o.Cache, "bundles", r.id+".work123", "sysroot", "file"), 0o644, nil)
	write(t, filepath.Join(o.Cache, "bundles", r.id+".work456"), 0o644, []byte("half an archive"))
	b := build(t, o)
	if diff := cmp.Diff([]string{b.Digest + ".cpio", r.id + ".json"},
		kept(t, o.Cache)); diff != "" {
		t.Error(diff)
	}
}

func TestManyAtOnceMakeOneBundle(t *testing.T) {
	o := Options{Manifest: script(t), Cache: t.TempDir()}
	var group errgroup.Group
	bundles := make([]*Bundle, 8)
	for i := range bundles {
		group.Go(func() (err error) {
			bundles[i], err = Build(t.Context(), o)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, b := range bundles {
		if diff := cmp.Diff(bundles[0], b); diff != "" {
			t.Error(diff)
		}
	}
	if names := kept(t, o.Cache); len(names) != 2 {
		t.Errorf("%v, want one archive and one record", names)
	}
}

func TestFullDiskLeavesNothingHalf(t *testing.T) {
	m := script(t)
	write(t, filepath.Join(m.Dir, "driver"), 0o755, make([]byte, 2<<20))
	cache := t.TempDir()
	if err := unix.Mount("full", cache, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	defer func() { check(t, unix.Unmount(cache, 0)) }()
	if _, err := Build(t.Context(), Options{Manifest: m, Cache: cache}); !errors.Is(err,
		apt.ErrDiskFull) {
		t.Errorf("%v, want ErrDiskFull", err)
	}
	if names := kept(t, cache); names != nil {
		t.Errorf("%v is left", names)
	}
}

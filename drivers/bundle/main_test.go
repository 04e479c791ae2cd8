// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/drivers/bundle/bundletest"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// TestMain runs the tests in a mount namespace of their own: they mount drivers' roots.
func TestMain(m *testing.M) { bundletest.Main(m) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, name string, mode os.FileMode, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, mode); err != nil {
		t.Fatal(err)
	}
}

// local returns a manifest with its own driver, in a folder of the test's.
func local(t *testing.T, command string) *loader.Manifest {
	t.Helper()
	return &loader.Manifest{
		Name: "mine", Versions: map[string]loader.Suite{"1.0": loader.Local}, Speaks: loader.NDJSON,
		Command: []string{command}, Dir: t.TempDir(),
	}
}

// packaged returns a manifest of one package of Debian 12, without a driver of its own.
func packaged(command, name string) *loader.Manifest {
	return &loader.Manifest{
		Name: "packaged", Versions: map[string]loader.Suite{"12": "debian-12"},
		Speaks: loader.NDJSON, Command: []string{command},
		Packages: []string{name},
	}
}

// lists returns a cache that shares what has been fetched with the user's own, and has no bundles.
func lists(t *testing.T) string {
	t.Helper()
	shared, err := kernel.DefaultCache()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"apt", "debs"} {
		if err := os.MkdirAll(filepath.Join(shared, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(shared, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func build(t *testing.T, o Options) *Bundle {
	t.Helper()
	if o.Cache == "" {
		o.Cache = t.TempDir()
	}
	o.Notice = func(s string) { t.Log(s) }
	b, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func enter(t *testing.T, b *Bundle, dirs ...Dir) *Root {
	t.Helper()
	root, err := b.Enter(t.TempDir(), dirs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, root.Close()) })
	return root
}

// gcc compiles a C text, which is given on its stdin.
func gcc(t *testing.T, text string, args ...string) {
	t.Helper()
	cmd := exec.Command("gcc", append([]string{"-x", "c", "-", "-x", "none"}, args...)...)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
}

// kept returns the files that a cache holds of bundles, but for locks.
func kept(t *testing.T, cache string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(cache, "bundles"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

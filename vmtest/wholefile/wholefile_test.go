// SPDX-License-Identifier: Apache-2.0

package wholefile

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// names returns the names of the files in dir.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

func TestWriteSetsContentAndPermissions(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	for _, c := range []struct {
		name      string
		old       fs.FileMode // of a file that was there; 0 for none
		perm      fs.FileMode
		elsewhere bool
	}{
		{"new file", 0, 0o644, false},
		{"secret in place of a file that all may read", 0o644, 0o600, false},
		{"file for all in place of a secret", 0o600, 0o644, false},
		{"by way of another folder", 0o600, 0o644, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, from := t.TempDir(), t.TempDir()
			path := filepath.Join(dir, "file")
			if c.old != 0 {
				if err := os.WriteFile(path, []byte("old, and longer"), c.old); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, c.old); err != nil {
					t.Fatal(err)
				}
			}
			if !c.elsewhere {
				from = dir
			}
			if err := WriteFrom(from, path, []byte("new"), c.perm); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil || string(text) != "new" {
				t.Errorf("content %q, error %v", text, err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != c.perm {
				t.Errorf("mode %v, want %v, error %v", info.Mode(), c.perm, err)
			}
			if diff := cmp.Diff([]string{"file"}, names(t, dir)); diff != "" {
				t.Errorf("left beside the file (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteThatFailsLeavesTheOldFileAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("new"), 0o644); err == nil {
		t.Error("a file took the place of a folder")
	}
	if diff := cmp.Diff([]string{"folder"}, names(t, dir)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestUnfinishedFileIsFoundByItsPrefix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	unfinished, err := Create(path, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(Prefix(path) + "*")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{unfinished.Name()}, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if err := unfinished.Cleanup(); err != nil {
		t.Error(err)
	}
}

func TestDigest(t *testing.T) {
	// printf abc | sha256sum
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	path := filepath.Join(t.TempDir(), "abc")
	if err := Write(path, []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := Digest(path); err != nil || got != want {
		t.Errorf("of the file: %s, error %v, want %s", got, err, want)
	}
	if got := DigestOf([]byte("abc")); got != want {
		t.Errorf("of the bytes: %s, want %s", got, want)
	}
	if got, err := Digest(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Errorf("a file that does not exist has the digest %s", got)
	}
}

// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/flock"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// keepUnused gives how long a sysroot is kept that is not asked for.
const keepUnused = 7 * 24 * time.Hour

// A shelf is a place for a sysroot in the cache, under a hash of its packages. Who edits a driver
// asks for the same packages again and again, and they take most of the time of a bundle. A shelf
// is locked while its sysroot is made or used.
type shelf struct {
	path  string // of the folder; beside it, .json and .lock
	store store
	lock  *flock.Lock
}

// A shelved describes a file of a kept sysroot.
type shelved struct {
	Owner  string `json:"owner"`  // the package that it is of
	Digest string `json:"digest"` // SHA-256 in hexadecimal, of a symbolic link's target
}

// shelfOf returns the shelf for the sysroot of a request, or nil if it is not kept: that of a
// driver which loadstone carries, since such a driver is not edited, or in Rust, since cargo builds
// in it and it is larger than a gigabyte.
func (s store) shelfOf(r *request, chosen selection) *shelf {
	build := r.Manifest.Build
	if r.Manifest.Dir == "" || build != nil && build.Rust != "" {
		return nil
	}
	var packages []string
	for _, p := range chosen.all {
		packages = append(packages, p.SHA256)
	}
	key := fmt.Sprintf("%d\n%s\n%s", formatVersion, r.Arch.Name, strings.Join(packages, "\n"))
	return &shelf{path: s.path("sysroot-" + wholefile.DigestOf([]byte(key))[:16]), store: s}
}

// open makes s the sysroot that is kept, and reports whether there is one. It compares every file
// with its digest first. Either way the shelf is locked, until [shelf.release].
func (f *shelf) open(ctx context.Context, s *sysroot) (found bool, err error) {
	if f.lock, err = flock.Wait(ctx, f.path+".lock", flock.Exclusive); err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			f.release()
		}
	}()
	text, err := os.ReadFile(f.path + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return false, os.RemoveAll(f.path) // half-made by a run that was killed
	}
	if err != nil {
		return false, err
	}
	files := map[string]shelved{}
	if openNote(text, &files) != nil || !f.whole(files) {
		return false, errors.Join(os.Remove(f.path+".json"), os.RemoveAll(f.path))
	}
	s.dir, s.shelf, s.owner = f.path, f, map[string]string{}
	for name, file := range files {
		s.owner[name] = file.Owner
	}
	now := time.Now()
	return true, errors.Join(s.open(), os.Chtimes(f.path+".json", now, now))
}

// whole reports whether the files are as they were unpacked.
func (f *shelf) whole(files map[string]shelved) bool {
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for name, file := range files {
		group.Go(func() error {
			digest, err := digestOf(filepath.Join(f.path, name))
			if err == nil && digest != file.Digest {
				err = ErrAltered
			}
			return err
		})
	}
	return group.Wait() == nil
}

// digestOf returns the digest of a file, or of the target of a symbolic link.
func digestOf(path string) (string, error) {
	if target, err := os.Readlink(path); err == nil {
		return wholefile.DigestOf([]byte(target)), nil
	}
	return wholefile.Digest(path)
}

// put keeps a sysroot that was made in a workspace, and removes those that have not been used for
// long.
func (f *shelf) put(w *workspace, s *sysroot) error {
	files := map[string]shelved{}
	for name, owner := range s.owner {
		digest, err := digestOf(filepath.Join(s.dir, name))
		if err != nil {
			return err
		}
		files[name] = shelved{owner, digest}
	}
	text, err := json.Marshal(files)
	if err != nil {
		return err
	}
	if err := errors.Join(s.root.Close(), os.Rename(s.dir, f.path)); err != nil {
		return err
	}
	s.dir, s.shelf = f.path, f
	if err := wholefile.WriteFrom(w.dir, f.path+".json", note(text), 0o644); err != nil {
		return fmt.Errorf("keep packages of bundles: %w", apt.OnDisk(err))
	}
	return errors.Join(s.open(), f.store.dropUnused(time.Now().Add(-keepUnused)))
}

// dropUnused removes kept sysroots that were last used before a time, and are not in use.
func (s store) dropUnused(before time.Time) error {
	notes, err := filepath.Glob(s.path("sysroot-*.json"))
	for _, note := range notes {
		err = errors.Join(err, dropUnused(strings.TrimSuffix(note, ".json"), before))
	}
	return err
}

func dropUnused(path string, before time.Time) error {
	lock, err := flock.Try(path + ".lock")
	if errors.Is(err, flock.ErrHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Unlock()
	info, err := os.Stat(path + ".json")
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.ModTime().After(before) {
		return nil
	}
	return errors.Join(err, os.Remove(path+".json"), os.RemoveAll(path))
}

// release gives the shelf to others. A nil shelf is none.
func (f *shelf) release() {
	if f != nil && f.lock != nil {
		f.lock.Unlock()
		f.lock = nil
	}
}

// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/flock"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// A store keeps bundles in a cache directory:
//
//	bundles/<request>.lock      held while the bundle of a request is looked for or made
//	bundles/<request>.json      the bundle, without its path, behind its digest; written last
//	bundles/<digest>.cpio       its archive
//	bundles/source-<key>.json   files built from a source package, behind their digest
//	bundles/<request>.work*     unfinished; under the lock, the remains of a killed run
//	bundles/sysroot-<key>/      unpacked packages of a user's own drivers, with .json and .lock
//	debs/<digest>.deb           packages
//
// Files come there by a rename and are never changed. What is in use is not removed by anyone.
type store struct{ dir string }

func (s store) path(name string) string { return filepath.Join(s.dir, "bundles", name) }

// lock takes the lock of a request, and removes what killed runs have left of it.
func (s store) lock(ctx context.Context, r *request) (unlock func(), err error) {
	lock, err := flock.Wait(ctx, s.path(r.id+".lock"), flock.Exclusive)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", r, err)
	}
	leftovers, err := filepath.Glob(s.path(r.id + ".work*"))
	for _, name := range leftovers {
		err = errors.Join(err, os.RemoveAll(name))
	}
	if err != nil {
		lock.Unlock()
		return nil, fmt.Errorf("bundle %s: remove what a killed run left: %w", r, err)
	}
	return lock.Unlock, nil
}

// find returns the bundle that was made for a request, or nil if there is none. The archive has
// been compared with its digest: it returns [ErrAltered] if that differs.
func (s store) find(r *request) (*Bundle, error) {
	name := s.path(r.id + ".json")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var b Bundle
	if err := openNote(text, &b); err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrAltered, name, err)
	}
	b.Payload = s.path(b.Digest + ".cpio")
	archive, err := os.ReadFile(b.Payload)
	if err != nil {
		return nil, err
	}
	if wholefile.DigestOf(archive) != b.Digest {
		return nil, fmt.Errorf("%w: %s", ErrAltered, b.Payload)
	}
	return &b, nil
}

// put keeps a bundle.
func (w *workspace) put(r *request, t tree, components map[string]string) (*Bundle, error) {
	archive, err := t.archive()
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", r, err)
	}
	b := &Bundle{
		Loader: r.Manifest.Name, Version: r.version, Suite: r.suite, Command: r.Manifest.Argv(),
		Env:    r.env(),
		Digest: wholefile.DigestOf(archive), Size: int64(len(archive)), Components: components,
	}
	b.Payload = w.store.path(b.Digest + ".cpio")
	text, err := json.MarshalIndent(b, "", "\t")
	if err != nil {
		return nil, err
	}
	if err := wholefile.WriteFrom(w.dir, b.Payload, archive, 0o644); err != nil {
		return nil, fmt.Errorf("keep bundle %s: %w", r, apt.OnDisk(err))
	}
	if err := wholefile.WriteFrom(w.dir, w.store.path(r.id+".json"), note(text),
		0o644); err != nil {
		return nil, fmt.Errorf("keep bundle %s: %w", r, apt.OnDisk(err))
	}
	return b, nil
}

// note returns text behind a line with its digest.
func note(text []byte) []byte {
	return append([]byte(wholefile.DigestOf(text)+"\n"), text...)
}

// openNote decodes what [note] has made of JSON, if it is as it was.
func openNote(data []byte, to any) error {
	sum, text, _ := bytes.Cut(data, []byte("\n"))
	if wholefile.DigestOf(text) != string(sum) {
		return errors.New("it does not have the digest that it names")
	}
	return json.Unmarshal(text, to)
}

// findArtifacts returns the files built from a source package, or nil if they are not kept or were
// altered.
func (s store) findArtifacts(name string) *artifacts {
	data, err := os.ReadFile(s.path(name + ".json"))
	if err != nil {
		return nil
	}
	b := &artifacts{}
	if openNote(data, b) != nil {
		return nil
	}
	return b
}

// putArtifacts keeps the files built from a source package.
func (w *workspace) putArtifacts(name string, b *artifacts) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if err := wholefile.WriteFrom(w.dir, w.store.path(name+".json"),
		note(text), 0o644); err != nil {
		return fmt.Errorf("keep source %s: %w", b.Name, apt.OnDisk(err))
	}
	return nil
}

// A workspace holds a folder in which a bundle is made.
type workspace struct {
	dir   string
	debs  string // where packages are kept
	store store
}

func (s store) workspace(r *request) (*workspace, error) {
	debs := filepath.Join(s.dir, "debs")
	if err := os.MkdirAll(debs, 0o755); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.path(""), r.id+".work")
	return &workspace{dir: dir, debs: debs, store: s}, err
}

// path returns a path in the workspace.
func (w *workspace) path(name string) string { return filepath.Join(w.dir, name) }

// remove removes the workspace. What cannot be removed now is removed by the next run.
func (w *workspace) remove() { os.RemoveAll(w.dir) }

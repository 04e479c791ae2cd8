// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/flock"
)

func (s *Store) temporary() string { return filepath.Join(s.dir, ".tmp") }

func (s *Store) lockPath(key string) string { return filepath.Join(s.dir, ".lock", key) }

// removeTemporary removes the temporary directories of a key. The caller holds
// its lock.
func (s *Store) removeTemporary(key string) error {
	if err := os.MkdirAll(s.temporary(), 0o755); err != nil {
		return apt.OnDisk(err)
	}
	for _, name := range subdirs(s.temporary()) {
		if keyOfTemporary(name) == key {
			if err := os.RemoveAll(filepath.Join(s.temporary(), name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyOfTemporary cuts off what os.MkdirTemp appended.
func keyOfTemporary(name string) string { return name[:max(0, strings.LastIndexByte(name, '.'))] }

// Pruned describes what [Store.Prune] removed, or would remove.
type Pruned struct {
	Release string      `json:"release,omitempty"` // empty for the leftovers of a killed run
	Version apt.Version `json:"version,omitempty"`
	Path    string      `json:"path"`
	Size    int64       `json:"size"` // in bytes
}

// Prune removes kernels from the cache: all but the newest keep versions of
// each series, and what killed runs left. What another process is working on
// stays. A dry run removes nothing.
func (s *Store) Prune(keep int, dryRun bool) ([]Pruned, error) {
	pruned, err := s.pruneLeftovers(dryRun)
	if err != nil {
		return pruned, err
	}
	cached, err := s.cached()
	if err != nil {
		return pruned, err
	}
	var offers []Offer
	for _, m := range cached {
		offers = append(offers, Offer{Series: m.Series, Release: m.Release, Version: m.Version})
	}
	sortOffers(offers)
	kept := map[string]int{}
	for _, o := range offers {
		if kept[o.Series]++; kept[o.Series] <= keep {
			continue
		}
		p := Pruned{
			Release: o.Release, Version: o.Version, Path: s.path(o.key()),
			Size: cached[o.key()].size(),
		}
		done, err := s.remove(o.key(), dryRun)
		if err != nil {
			return pruned, fmt.Errorf("prune %s: %w", p.Path, err)
		}
		if done {
			pruned = append(pruned, p)
		}
	}
	return pruned, nil
}

func (m *manifest) size() int64 {
	var n int64
	for _, file := range m.Files {
		n += file.Size
	}
	return n
}

// remove removes a kernel, unless another process holds its lock. It is moved away first, so that
// no process finds half of it.
func (s *Store) remove(key string, dryRun bool) (bool, error) {
	lock, err := flock.Try(s.lockPath(key))
	if errors.Is(err, flock.ErrHeld) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer lock.Unlock()
	if dryRun {
		return true, nil
	}
	if err := s.removeTemporary(key); err != nil {
		return false, err
	}
	temporary, err := os.MkdirTemp(s.temporary(), key+".")
	if err != nil {
		return false, err
	}
	if err := os.Rename(s.path(key), filepath.Join(temporary, "kernel")); err != nil {
		return false, err
	}
	return true, os.RemoveAll(temporary)
}

// pruneLeftovers removes the temporary directories of dead processes, and
// directories that a manifest never finished.
func (s *Store) pruneLeftovers(dryRun bool) ([]Pruned, error) {
	var pruned []Pruned
	for _, name := range subdirs(s.temporary()) {
		lock, err := flock.Try(s.lockPath(keyOfTemporary(name)))
		if errors.Is(err, flock.ErrHeld) {
			continue
		}
		if err != nil {
			return pruned, err
		}
		path := filepath.Join(s.temporary(), name)
		pruned = append(pruned, Pruned{Path: path, Size: sizeOf(path)})
		if !dryRun {
			err = os.RemoveAll(path)
		}
		lock.Unlock()
		if err != nil {
			return pruned, err
		}
	}
	return pruned, nil
}

// sizeOf adds up the regular files below dir, in bytes.
func sizeOf(dir string) int64 {
	var n int64
	_ = filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return n
}

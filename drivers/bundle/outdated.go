// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/flock"
)

// Each edit of a driver makes a bundle, of fifty megabytes where there are packages. The newest of
// a loader are kept, and those that were used of late: a run opens a bundle when its first guest
// with that loader starts.
const (
	keepEdits    = 3
	keepEditsFor = time.Hour
)

// noteDigest finds the digest of the archive in the note of a bundle.
var noteDigest = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`"digest":\s*"([0-9a-f]{64})"`)
})

// touch notes that the bundle of a request is used.
func (s store) touch(r *request) error {
	now := time.Now()
	return os.Chtimes(s.path(r.id+".json"), now, now)
}

// dropOutdated removes the bundles of earlier edits of a user's own driver.
func (s store) dropOutdated(r *request) error {
	const keyLength = 16
	notes, err := filepath.Glob(s.path(r.id[:len(r.id)-keyLength] + strings.Repeat("?", keyLength) +
		".json"))
	if err != nil {
		return err
	}
	used := map[string]time.Time{}
	for _, note := range notes {
		info, err := os.Stat(note)
		if errors.Is(err, fs.ErrNotExist) { // another process does the same
			continue
		}
		if err != nil {
			return err
		}
		used[note] = info.ModTime()
	}
	slices.SortFunc(notes, func(a, b string) int { return used[b].Compare(used[a]) })
	for _, note := range notes[min(keepEdits, len(notes)):] {
		if time.Since(used[note]) < keepEditsFor {
			continue
		}
		if err := s.drop(strings.TrimSuffix(note, ".json")); err != nil {
			return err
		}
	}
	return nil
}

// drop removes the bundle of a request, unless it is looked for or made right now, and its archive,
// unless another request has the same.
func (s store) drop(request string) error {
	lock, err := flock.Try(request + ".lock")
	if errors.Is(err, flock.ErrHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Unlock()
	text, err := os.ReadFile(request + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := errors.Join(err, os.Remove(request+".json")); err != nil {
		return err
	}
	digest := noteDigest().FindSubmatch(text)
	if digest == nil {
		return nil
	}
	others, err := filepath.Glob(s.path("*.json"))
	if err != nil {
		return err
	}
	for _, other := range others {
		if text, err := os.ReadFile(other); err != nil || strings.Contains(string(text),
			string(digest[0])) {
			return nil // in doubt it stays
		}
	}
	if err := os.Remove(s.path(string(digest[1]) + ".cpio")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

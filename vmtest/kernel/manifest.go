// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// manifest says what a kernel in the cache consists of. It is the last file
// that is written of it.
type manifest struct {
	Format  int                 `json:"format"` // manifestFormat
	Series  string              `json:"series"`
	Release string              `json:"release"`
	Version apt.Version         `json:"version"`
	Suite   string              `json:"suite"`
	Arch    string              `json:"arch"`
	Files   map[string]fileData `json:"files"` // by path below the kernel's directory
	Digest  string              `json:"digest"`
}

type fileData struct {
	Size   int64  `json:"size"` // in bytes
	SHA256 string `json:"sha256"`
}

// manifestFormat changes when a cache of an older loadstone cannot be used.
const manifestFormat = 1

const (
	manifestFile = "manifest.json"
	stampsFile   = "stamps.json"
)

// digest covers all that the manifest says, in a fixed order.
func (m *manifest) digest() string {
	sum := sha256.New()
	fmt.Fprintln(sum, m.Format, m.Series, m.Release, m.Version, m.Suite, m.Arch)
	for _, path := range slices.Sorted(maps.Keys(m.Files)) {
		fmt.Fprintln(sum, path, m.Files[path].Size, m.Files[path].SHA256)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// newManifest hashes the files of dir.
func newManifest(dir, arch string, o Offer) (*manifest, error) {
	m := &manifest{
		Format: manifestFormat, Series: o.Series, Release: o.Release, Version: o.Version,
		Suite: o.Suite, Arch: arch,
		Files: map[string]fileData{},
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		m.Files[name], err = hashed(path)
		return err
	})
	if err != nil {
		return nil, err
	}
	m.Digest = m.digest()
	return m, nil
}

func hashed(path string) (fileData, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileData{}, err
	}
	digest, err := wholefile.Digest(path)
	return fileData{info.Size(), digest}, err
}

// errNoManifest says that a directory is not that of a whole kernel.
var errNoManifest = errors.New("no manifest")

func readManifest(dir string) (*manifest, error) {
	path := filepath.Join(dir, manifestFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoManifest
	}
	if err != nil {
		return nil, err
	}
	m := &manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrCorrupt, err)
	}
	if m.Format != manifestFormat {
		return nil, errNoManifest
	}
	if m.Digest != m.digest() {
		return nil, fmt.Errorf("%s: %w: its digest is of something else", path, ErrCorrupt)
	}
	for name := range m.Files {
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s: %w: it names %q", path, ErrCorrupt, name)
		}
	}
	return m, nil
}

// stamp describes what the file system says about a file that changes whenever its
// content does. No program can set the change time back.
type stamp struct {
	Size   int64  `json:"size"`
	Inode  uint64 `json:"inode"`
	Change int64  `json:"ctime"` // in nanoseconds since 1970
}

// verify checks the files of a kernel in the cache. A file whose stamp is as it
// was when the file was last hashed is taken for unchanged, others are hashed.
// It returns [ErrCorrupt], naming the file, if one is missing or differs.
func (m *manifest) verify(dir string) error {
	known := readStamps(dir)
	current := map[string]stamp{}
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		now, err := m.verifyFile(filepath.Join(dir, name), m.Files[name], known[name])
		if err != nil {
			return err
		}
		current[name] = now
	}
	if !maps.Equal(known, current) {
		writeStamps(dir, current)
	}
	return nil
}

func (m *manifest) verifyFile(path string, want fileData, known stamp) (stamp, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return stamp{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	now := stampOf(info)
	if info.Size() != want.Size || !info.Mode().IsRegular() {
		return stamp{}, fmt.Errorf("%s: %w: it has %d bytes instead of %d", path, ErrCorrupt,
			info.Size(), want.Size)
	}
	if now == known {
		return now, nil
	}
	got, err := hashed(path)
	if err != nil {
		return stamp{}, err
	}
	if got != want {
		return stamp{}, fmt.Errorf("%s: %w: its SHA-256 is %s instead of %s", path, ErrCorrupt,
			got.SHA256, want.SHA256)
	}
	return now, nil
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{Size: info.Size()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Inode, s.Change = sys.Ino, sys.Ctim.Nano()
	}
	return s
}

// readStamps returns the stamps of the files when they were last hashed. Without
// them everything is hashed, so any doubt about them ends in no stamps.
func readStamps(dir string) map[string]stamp {
	data, err := os.ReadFile(filepath.Join(dir, stampsFile))
	if err != nil {
		return nil
	}
	var stamps map[string]stamp
	if json.Unmarshal(data, &stamps) != nil {
		return nil
	}
	return stamps
}

// writeStamps saves hashing the next time. A cache that cannot be written to
// is verified all the same, so that it is no error.
func writeStamps(dir string, stamps map[string]stamp) {
	data, err := json.Marshal(stamps)
	if err == nil {
		_ = wholefile.Write(filepath.Join(dir, stampsFile), data, 0o644)
	}
}

// SPDX-License-Identifier: Apache-2.0

package repro

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// Suffix ends the name of every bundle.
const Suffix = ".repro.tar.gz"

// manifestFile is the first of the archive.
const manifestFile = "manifest.json"

// What a bundle may be when it is read. Those that this package writes are far below.
const (
	maxArchive = 64 << 20 // bytes of the file
	maxWhole   = 64 << 20 // bytes of all that is in it
	maxMembers = 1024
)

var (
	// ErrNotBundle reports what is no bundle, or a broken one.
	ErrNotBundle = errors.New("not a repro bundle")

	// ErrNewer reports a bundle in a format that this loadstone is too old for.
	ErrNewer = errors.New("repro bundle is newer than this loadstone")

	// ErrTooLarge reports a bundle that is larger than any that loadstone writes.
	ErrTooLarge = errors.New("repro bundle is too large")

	// ErrMember reports a file in an archive that no bundle has, such as one outside its folder.
	ErrMember = errors.New("file that no repro bundle has")

	// ErrAltered reports a bundle whose files are not those that its manifest lists.
	ErrAltered = errors.New("repro bundle was altered")
)

// list describes files, by name.
func list(files map[string][]byte) []File {
	all := []File{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all = append(all, File{Name: name, Size: len(files[name]), SHA256: digest(files[name])})
	}
	return all
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Write writes the bundle into a folder, which it makes, and returns its path. One of the same name
// is replaced.
func (b Bundle) Write(dir string) (string, error) {
	data, err := b.archive()
	if err != nil {
		return "", fmt.Errorf("write repro bundle: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("write repro bundle: %w", err)
	}
	name := filepath.Join(dir, b.Name()+Suffix)
	if err := wholefile.Write(name, data, 0o644); err != nil {
		return "", fmt.Errorf("write repro bundle: %w", err)
	}
	return name, nil
}

// archive returns the bytes of the bundle. Its files are in a folder that is called as the bundle.
func (b Bundle) archive() ([]byte, error) {
	manifest, err := json.MarshalIndent(b.Manifest, "", "  ")
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	w := tar.NewWriter(z)
	add := func(name string, data []byte) error {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: b.Name() + "/" + name, Size: int64(len(data)), Mode: 0o644,
			ModTime: b.Manifest.Started.Truncate(1e9), Format: tar.FormatPAX,
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		_, err := w.Write(data)
		return err
	}
	if err := add(manifestFile, append(manifest, '\n')); err != nil {
		return nil, err
	}
	for _, f := range b.Manifest.Files {
		if err := add(f.Name, b.files[f.Name]); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// ReadFile reads the bundle at path. Errors are those of opening it and of [Read].
func ReadFile(path string) (*Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: %w: it is no file", path, ErrNotBundle)
	case info.Size() > maxArchive:
		return nil, fmt.Errorf("%s: %w: %d bytes, at most %d", path, ErrTooLarge, info.Size(), maxArchive)
	}
	b, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// Read reads a bundle into memory. Errors wrap [ErrNotBundle], [ErrNewer], [ErrTooLarge],
// [ErrMember] or [ErrAltered].
func Read(r io.Reader) (*Bundle, error) {
	files, err := unpack(r)
	if err != nil {
		return nil, err
	}
	text, found := files[manifestFile]
	if !found {
		return nil, fmt.Errorf("%w: it has no %s", ErrNotBundle, manifestFile)
	}
	delete(files, manifestFile)
	b := &Bundle{files: files}
	if b.Manifest, err = parseManifest(text); err != nil {
		return nil, err
	}
	return b, b.check()
}

// unpack returns the files of an archive by their names in its folder.
func unpack(r io.Reader) (map[string][]byte, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotBundle, err)
	}
	files := make(map[string][]byte)
	folder, room := "", int64(maxWhole)
	all := io.LimitReader(z, 2*maxWhole)
	for archive := tar.NewReader(all); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			// What is behind the last file is padding, and then the checksum of it all.
			if _, err := io.Copy(io.Discard, all); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrNotBundle, err)
			}
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotBundle, err)
		}
		name, err := member(header, &folder)
		if err != nil {
			return nil, err
		}
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("%w: %q is there twice", ErrMember, name)
		}
		if len(files) == maxMembers {
			return nil, fmt.Errorf("%w: more than %d files", ErrTooLarge, maxMembers)
		}
		if room -= header.Size; room < 0 {
			return nil, fmt.Errorf("%w: more than %d bytes in it", ErrTooLarge, maxWhole)
		}
		if files[name], err = io.ReadAll(archive); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrNotBundle, name, err)
		}
	}
}

// member returns the name of a file in the folder of an archive, the same for all. Nothing is ever
// written under it; but who unpacks a bundle with tar trusts it.
func member(header *tar.Header, folder *string) (string, error) {
	if header.Typeflag != tar.TypeReg {
		return "", fmt.Errorf("%w: %q is no plain file", ErrMember, header.Name)
	}
	parts := strings.Split(header.Name, "/")
	for _, part := range parts {
		if part != plain(part) {
			return "", fmt.Errorf("%w: %q", ErrMember, header.Name)
		}
	}
	if *folder == "" {
		*folder = parts[0]
	}
	if len(parts) < 2 || parts[0] != *folder {
		return "", fmt.Errorf("%w: %q is not in the folder %q", ErrMember, header.Name, *folder)
	}
	return strings.Join(parts[1:], "/"), nil
}

func parseManifest(text []byte) (Manifest, error) {
	var head struct {
		Format int `json:"format"`
	}
	var m Manifest
	err := json.Unmarshal(text, &head)
	switch {
	case err == nil && head.Format > Format:
		return m, fmt.Errorf("%w: it has format %d, this loadstone knows %d", ErrNewer, head.Format,
			Format)
	case err == nil && head.Format < 1:
		return m, fmt.Errorf("%w: its manifest has format %d", ErrNotBundle, head.Format)
	case err == nil:
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return m, fmt.Errorf("%w: %s: %w", ErrNotBundle, manifestFile, err)
	}
	return m, nil
}

// check returns why a bundle that was read is not one that was written.
func (b *Bundle) check() error {
	m := b.Manifest
	switch v := m.Verdict; {
	case v.Spec == "" || v.Loader == "" || v.Kernel == "":
		return fmt.Errorf("%w: its manifest names no spec, loader or kernel", ErrNotBundle)
	case !Wanted(v):
		return fmt.Errorf("%w: its verdict is %q, which is no failure", ErrNotBundle, v.Kind)
	}
	listed := make(map[string]bool)
	for _, f := range m.Files {
		data, found := b.files[f.Name]
		switch {
		case !found:
			return fmt.Errorf("%w: %q is gone", ErrAltered, f.Name)
		case len(data) != f.Size || digest(data) != f.SHA256:
			return fmt.Errorf("%w: %q is another file: SHA-256 %s, want %s", ErrAltered, f.Name,
				digest(data), f.SHA256)
		}
		listed[f.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(b.files)) {
		if !listed[name] {
			return fmt.Errorf("%w: %q was added", ErrAltered, name)
		}
	}
	for _, o := range m.Objects {
		if o.File != "" && !listed[o.File] {
			return fmt.Errorf("%w: object %q is gone", ErrAltered, o.File)
		}
	}
	return nil
}

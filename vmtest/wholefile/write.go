// SPDX-License-Identifier: Apache-2.0

package wholefile

import (
	"io/fs"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Write makes data the content of the file at path, in one step, and perm its
// permissions, whatever the umask and the permissions of a file that was there.
func Write(path string, data []byte, perm fs.FileMode) error {
	return WriteFrom(filepath.Dir(path), path, data, perm)
}

// WriteFrom writes like [Write], with the unfinished file in dir, where its
// owner finds what a killed process left. dir must be on path's file system.
func WriteFrom(dir, path string, data []byte, perm fs.FileMode) error {
	file, err := create(dir, path, perm)
	if err != nil {
		return err
	}
	defer file.Cleanup() // does nothing to a file that replaced another
	if _, err := file.Write(data); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}

// Create opens an unfinished file beside path, named Prefix(path) and some
// digits, which CloseAtomicallyReplace puts in its place and Cleanup removes.
func Create(path string, perm fs.FileMode) (*renameio.PendingFile, error) {
	return create(filepath.Dir(path), path, perm)
}

// Prefix returns the start of the names of unfinished files of path.
func Prefix(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
}

// create passes the folder in any case: renameio would else try whether files
// can be renamed from TMPDIR, where nothing removes what a killed process left.
func create(dir, path string, perm fs.FileMode) (*renameio.PendingFile, error) {
	return renameio.NewPendingFile(path, renameio.WithTempDir(dir),
		renameio.WithStaticPermissions(perm))
}

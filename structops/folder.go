// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// DefaultBPFFS names the bpffs that systemd and most distributions mount.
const DefaultBPFFS = "/sys/fs/bpf"

// Folder names the folder below a bpffs that holds the pins of what was inserted: for each
// structure a folder of its name, with the pins of its map and link.
const Folder = "loadstone/ops"

// PinFolder returns the folder with the pins of the structure of that name.
func PinFolder(bpffs, name string) string { return filepath.Join(bpffs, Folder, name) }

// removePin removes a pin, and the folder that an insert made for it once that is empty. A
// pin that has gone is no error; removed is false then.
func removePin(path string) (removed bool, err error) {
	err = os.Remove(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("remove pin: %w", err)
	}
	removed = err == nil
	folder := filepath.Dir(path)
	if !strings.HasSuffix(filepath.Dir(folder), "/"+Folder) {
		return removed, nil // pinned by someone else
	}
	err = os.Remove(folder)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTEMPTY) {
		err = nil
	}
	return removed, err
}

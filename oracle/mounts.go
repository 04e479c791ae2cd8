// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A Pin is a file in a bpffs that holds an object.
type Pin struct {
	Path   string
	Object Object // kind and id
}

// AllPins returns the pins in every bpffs that this process can reach by a path, sorted by path. A
// file that several mounts show is listed once. Mounts of other namespaces are not seen, and links
// are not in a bpffs that is mounted read-only, as [PinnedAt] says.
func AllPins() ([]Pin, error) {
	mounts, err := BPFFSMounts()
	if err != nil {
		return nil, err
	}
	type file struct{ device, inode uint64 }
	seen := map[file]bool{}
	var all []Pin
	for _, mount := range mounts {
		paths, err := Pins(mount)
		if errors.Is(err, fs.ErrNotExist) {
			continue // unmounted meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("list pins: %w", err)
		}
		for _, path := range paths {
			path = filepath.Join(mount, path)
			var stat unix.Stat_t
			err := unix.Lstat(path, &stat)
			if errors.Is(err, fs.ErrNotExist) {
				continue // gone meanwhile
			}
			if err != nil {
				return nil, fmt.Errorf("look at pin %s: %w", path, err)
			}
			f := file{stat.Dev, stat.Ino}
			if seen[f] {
				continue
			}
			object, _, err := PinnedAt(path)
			if errors.Is(err, ErrNoPin) || errors.Is(err, ErrCannotTell) {
				continue // a file of another kind, gone meanwhile, or a link that cannot be opened
			}
			if err != nil {
				return nil, err
			}
			seen[f] = true
			all = append(all, Pin{Path: path, Object: object})
		}
	}
	slices.SortFunc(all, func(a, b Pin) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// BPFFSMounts returns where file systems of type bpf are mounted, in the order of the mount table:
// those that a path leads to, for another mount may hide one.
func BPFFSMounts() ([]string, error) {
	table, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer table.Close()
	mounted, err := bpffsIn(table)
	if err != nil {
		return nil, fmt.Errorf("read the mount table: %w", err)
	}
	var reached []string
	for _, m := range mounted {
		var stat unix.Stat_t
		err := unix.Stat(m.path, &stat)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
			continue // hidden
		case err != nil:
			return nil, fmt.Errorf("look at mount %s: %w", m.path, err)
		}
		device := fmt.Sprintf("%d:%d", unix.Major(stat.Dev), unix.Minor(stat.Dev))
		if device == m.device && !slices.Contains(reached, m.path) {
			reached = append(reached, m.path)
		}
	}
	return reached, nil
}

// A mounted is a line of the mount table.
type mounted struct{ device, path string }

// bpffsIn returns the lines of a table as proc_pid_mountinfo(5) describes it whose type is bpf:
// "36 35 0:32 / /sys/fs/bpf rw shared:9 - bpf bpf rw,mode=700".
func bpffsIn(table io.Reader) ([]mounted, error) {
	var found []mounted
	lines := bufio.NewScanner(table)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		if !ok || len(fields) < 6 {
			return nil, fmt.Errorf("line %q", lines.Text())
		}
		if typ, _, _ := strings.Cut(after, " "); typ == "bpf" {
			found = append(found, mounted{device: fields[2], path: unescape(fields[4])})
		}
	}
	return found, lines.Err()
}

// escaped matches what the table writes for blanks, tabs, line ends and backslashes.
var escaped = regexp.MustCompile(`\\[0-7]{3}`)

func unescape(path string) string {
	return escaped.ReplaceAllStringFunc(path, func(code string) string {
		n, err := strconv.ParseUint(code[1:], 8, 8)
		if err != nil {
			return code
		}
		return string([]byte{byte(n)})
	})
}

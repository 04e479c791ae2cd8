// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// Iproute2Options say where to pin iproute2's maps.
type Iproute2Options struct {
	// PinMount names the mount point of a bpffs; iproute2's default is /sys/fs/bpf.
	PinMount string
	// PinSubdir names the folder there for the part of iproute2 that loads: "tc" (the default),
	// "xdp" or "ip".
	PinSubdir string
	// PinIDs name the folders, below PinMount, of the pinning ids that iproute2 does not know by
	// itself: see [ParsePinIDs].
	PinIDs map[uint32]string
}

// Folders of iproute2's.
const (
	iproute2Globals = "globals"
	iproute2Main    = "tc"
)

// iproute2Subdirs lists the parts of iproute2 that load programs, each with a folder. Those but tc
// are links to it, so that tc and XDP programs share their maps (bpf_gen_hierarchy).
var iproute2Subdirs = []string{iproute2Main, "xdp", "ip"}

// ParsePinIDs reads iproute2's table of pinning ids, /etc/iproute2/bpf_pinning: an id (decimal,
// hexadecimal after 0x, octal after 0), white space and a path on each line, comments after #. The
// result is what [Iproute2Options.PinIDs] takes, and held to the same rules: where iproute2 warns
// and goes on, the error is of [ClassInvalid].
func ParsePinIDs(table []byte) (map[uint32]string, error) {
	ids, err := parsePinIDs(table)
	return ids, export("", refuse.At(refuse.StageOpen, "", "", err))
}

// parsePinIDs reads the table line by line.
func parsePinIDs(table []byte) (map[uint32]string, error) {
	ids := make(map[uint32]string)
	lines := bufio.NewScanner(bytes.NewReader(table))
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		id, ok := mapdef.ScanNumber(fields[0])
		switch {
		case !ok || len(fields) != 2:
			return nil, fmt.Errorf("line %d: %q is no id and path: %w", n, line, refuse.ErrPinTable)
		case ids[id] != "":
			return nil, fmt.Errorf("line %d: id %d is listed twice: %w", n, id, refuse.ErrPinTable)
		}
		if err := checkPinID(id, fields[1]); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		ids[id] = fields[1]
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", refuse.ErrPinTable, err)
	}
	return ids, nil
}

// checkPinID refuses an id that has a meaning already, and a path that could lead out of the mount
// or that bpffs does not take.
func checkPinID(id uint32, path string) error {
	if id <= uint32(mapdef.Iproute2PinGlobal) {
		return fmt.Errorf("id %d is reserved: %w", id, refuse.ErrPinTable)
	}
	for _, part := range strings.Split(strings.TrimSuffix(path, "/"), "/") {
		if part == "" || strings.ContainsAny(part, ".\x00") || len(part) > longestName {
			return fmt.Errorf("id %d: path %q: %w", id, path, refuse.ErrPinTable)
		}
	}
	return nil
}

// A pinTree says where iproute2 pins the maps of one object.
type pinTree struct {
	mount  string // of a bpffs; empty for nowhere
	subdir string // one of iproute2Subdirs
	ids    map[uint32]string
	object []byte // the bytes of the object
}

func newPinTree(object []byte, opts *Iproute2Options) (*pinTree, error) {
	t := &pinTree{mount: opts.PinMount, subdir: cmp.Or(opts.PinSubdir, iproute2Main),
		ids: opts.PinIDs, object: object}
	if !slices.Contains(iproute2Subdirs, t.subdir) {
		return nil, fmt.Errorf("%q is none of %s: %w", t.subdir,
			strings.Join(iproute2Subdirs, ", "), refuse.ErrPinSubdir)
	}
	for id, path := range t.ids {
		if err := checkPinID(id, path); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// path returns where to pin a map, empty for nowhere (bpf_make_pathname). iproute2 pins an id that
// the table does not have nowhere; the programmer meant the map to be pinned and could not find it,
// so here it is refused.
func (t *pinTree) path(d *mapdef.Definition) (string, error) {
	folder := ""
	switch p := d.Iproute2.Pinning; p {
	case mapdef.Iproute2PinNone:
		return "", nil
	case mapdef.Iproute2PinObject:
		sum := sha1.Sum(t.object)
		folder = filepath.Join(t.subdir, hex.EncodeToString(sum[:]))
	case mapdef.Iproute2PinGlobal:
		folder = filepath.Join(t.subdir, iproute2Globals)
	default:
		if folder = t.ids[uint32(p)]; folder == "" {
			return "", fmt.Errorf("pinning %d: %w", p, refuse.ErrPinID)
		}
	}
	if t.mount == "" {
		return "", refuse.ErrPinPath
	}
	if err := checkPinName(d.Name); err != nil {
		return "", err
	}
	return filepath.Join(t.mount, folder, d.Name), nil
}

// makePinTree makes the missing folders for a pin, and removes them again should the load fail.
func (p pinner) makePinTree(t *pinTree, folder string) error {
	if err := checkBPFFS(t.mount); err != nil {
		return err
	}
	below, err := filepath.Rel(t.mount, folder)
	if err != nil {
		return fmt.Errorf("folder for pin: %w", err)
	}
	path := t.mount
	for i, part := range strings.Split(below, string(filepath.Separator)) {
		path = filepath.Join(path, part)
		if i == 0 && part != iproute2Main && slices.Contains(iproute2Subdirs, part) {
			err = p.makeTreeLink(t.mount, part)
		} else {
			err = p.makeFolder(path)
		}
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%w: %w", errFolderGone, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// makeTreeLink makes one of iproute2's subdirectories, a link to the one for tc. The link is
// relative, so that it also works where the mount is seen at another path.
func (p pinner) makeTreeLink(mount, subdir string) error {
	link := filepath.Join(mount, subdir)
	if _, err := os.Lstat(link); err == nil {
		return nil
	}
	if err := p.makeFolder(filepath.Join(mount, iproute2Main)); err != nil {
		return err
	}
	err := os.Symlink(iproute2Main, link)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make link for pin: %w", err)
	}
	p.undo.push(func() error {
		if err := os.Remove(link); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	})
	return nil
}

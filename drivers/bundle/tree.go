// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/u-root/mkuimage/cpio"
)

// A tree holds what goes into a driver's root: files and symbolic links by their path, absolute and
// clean. Folders come of themselves.
//
// Its /bin, /sbin, /lib and /lib64 are links into /usr, as in every Debian from 12 on: packages
// disagree on which of the two names they use, and programs as well.
type tree map[string]item

type item struct {
	mode fs.FileMode // permissions of a file
	data []byte      // of a file
	link string      // target of a symbolic link, else empty
}

// merged lists the folders that lie in /usr.
var merged = []string{"bin", "lib", "lib64", "sbin"}

// underUsr returns the path under which a path is kept.
func underUsr(name string) string {
	name = path.Clean("/" + name)
	top, rest, _ := strings.Cut(name[1:], "/")
	if slices.Contains(merged, top) {
		return path.Join("/usr", top, rest)
	}
	return name
}

func (t tree) addFile(name string, mode fs.FileMode, data []byte) {
	t[underUsr(name)] = item{mode: 0o644 | mode.Perm()&0o111, data: data}
}

func (t tree) addLink(name, target string) { t[underUsr(name)] = item{link: target} }

// resolve follows symbolic links to a file. It returns the file's path in the tree.
func (t tree) resolve(name string) (string, item, bool) {
	const most = 40 // links, as in Linux
	for range most {
		name = underUsr(name)
		one, ok := t[name]
		switch {
		case ok && one.link == "":
			return name, one, true
		case ok && path.IsAbs(one.link):
			name = one.link
			continue
		case ok:
			name = path.Join(path.Dir(name), one.link)
			continue
		}
		parent, ok := t.resolveParent(name)
		if !ok {
			return "", item{}, false
		}
		name = parent
	}
	return "", item{}, false
}

// resolveParent follows the first parent of name that is a symbolic link.
func (t tree) resolveParent(name string) (string, bool) {
	for i := 1; i < len(name); i++ {
		if name[i] != '/' {
			continue
		}
		if one, ok := t[name[:i]]; ok && one.link != "" {
			target := one.link
			if !path.IsAbs(target) {
				target = path.Join(path.Dir(name[:i]), target)
			}
			return target + name[i:], true
		}
	}
	return "", false
}

// skeleton lists the folders that every root has: those that a driver's surroundings are mounted
// on, and the one it is started in.
var skeleton = map[string]uint64{
	"dev": 0o755, "loader": 0o755, "proc": 0o755, "sys": 0o755, "tmp": 0o1777,
	"usr": 0o755, "usr/bin": 0o755, "usr/lib": 0o755, "usr/lib64": 0o755, "usr/sbin": 0o755,
}

// archive returns the tree as a newc archive: parents before what is in them, by name, without
// owners and times, so that equal trees are equal bytes.
func (t tree) archive() ([]byte, error) {
	records := map[string]cpio.Record{}
	for name, mode := range skeleton {
		records[name] = cpio.Directory(name, mode)
	}
	for _, name := range merged {
		records[name] = cpio.Symlink(name, "usr/"+name)
	}
	for name, one := range t {
		name = name[1:]
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, ok := skeleton[dir]; !ok {
				records[dir] = cpio.Directory(dir, 0o755)
			}
		}
		if one.link != "" {
			records[name] = cpio.Symlink(name, one.link)
			continue
		}
		records[name] = cpio.StaticFile(name, string(one.data), uint64(one.mode))
	}
	var out bytes.Buffer
	writer := cpio.Newc.Writer(&out)
	for _, name := range slices.Sorted(maps.Keys(records)) {
		if err := writer.WriteRecord(cpio.MakeReproducible(records[name])); err != nil {
			return nil, fmt.Errorf("archive %s: %w", name, err)
		}
	}
	if err := cpio.WriteTrailer(writer); err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return out.Bytes(), nil
}

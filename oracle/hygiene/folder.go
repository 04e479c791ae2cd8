// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"strings"

	"golang.org/x/sys/unix"
)

// folders views the files below some folders.
type folders struct {
	keepsNothing
	tops []string
	tree tree
}

// openFolders leaves out a folder that is seen as part of another.
func openFolders(o Options) view {
	f := &folders{tree: tree{except: o.Except}}
	for _, top := range o.Folders {
		seen := false
		for _, other := range o.Folders {
			seen = seen || strings.HasPrefix(top, other+"/") && onSameDevice(top, other)
		}
		if !seen {
			f.tops = append(f.tops, top)
		}
	}
	return f
}

func onSameDevice(a, b string) bool {
	var first, second unix.Stat_t
	return unix.Stat(a, &first) == nil && unix.Stat(b, &second) == nil && first.Dev == second.Dev
}

func (f *folders) read(b []byte) ([]byte, error) {
	var err error
	for _, top := range f.tops {
		if b, err = f.tree.appendTo(b, top); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (f *folders) things(seen []byte) ([]thing, error) { return filesIn(seen, File, "file ") }

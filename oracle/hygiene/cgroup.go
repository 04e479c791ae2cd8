// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"bytes"
	"errors"
	"io/fs"
)

// cgroups views the control groups of version 2 below the root that this process sees. Those of
// version 1 have mounts of their own.
type cgroups struct {
	root string   // "" where none is mounted
	stat textFile // how many there are
	tree tree
}

func openCgroups() (view, error) {
	table, err := readText(nil, "/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	all, err := parseMounts(table)
	if err != nil {
		return nil, err
	}
	c := &cgroups{tree: tree{folders: true}}
	for _, m := range all {
		if m.fs != "cgroup2" {
			continue
		}
		c.stat, err = openText(m.point + "/cgroup.stat")
		if errors.Is(err, fs.ErrNotExist) {
			continue // another mount covers it
		}
		if err != nil {
			return nil, err
		}
		c.root = m.point
		break
	}
	return c, nil
}

func (c *cgroups) keeps() []int {
	if c.root == "" {
		return nil
	}
	return []int{c.stat.fd}
}

var errNoDescendants = errors.New("cgroup.stat does not say how many cgroups there are")

// read asks first whether there are any: to list the root's own hundred files takes longer.
func (c *cgroups) read(b []byte) ([]byte, error) {
	if c.root == "" {
		return b, nil
	}
	start := len(b)
	b, err := c.stat.appendValue(b)
	if err != nil {
		return b, err
	}
	none := bytes.HasPrefix(b[start:], []byte("nr_descendants 0\n"))
	if !bytes.HasPrefix(b[start:], []byte("nr_descendants ")) {
		return b, errNoDescendants
	}
	b = b[:start]
	if none {
		return b, nil
	}
	return c.tree.appendTo(b, c.root)
}

func (c *cgroups) things(seen []byte) ([]thing, error) { return filesIn(seen, Cgroup, "cgroup ") }

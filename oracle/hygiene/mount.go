// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mounts views the mount table that this process sees.
type mounts struct {
	table textFile
	seen  []byte    // the table when bpffs was made
	bpffs []mounted // one mount of each bpffs
}

func (m *mounts) open() (view, error) {
	var err error
	if m.table, err = openText("/proc/self/mountinfo"); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *mounts) keeps() []int { return []int{m.table.fd} }

func (m *mounts) read(b []byte) ([]byte, error) {
	start := len(b)
	b, err := m.table.appendTo(b)
	if err != nil || bytes.Equal(b[start:], m.seen) {
		return b, err
	}
	all, err := parseMounts(b[start:])
	if err != nil {
		return b, err
	}
	m.seen, m.bpffs = append(m.seen[:0], b[start:]...), bpffsAmong(all)
	return b, nil
}

// bpffsAmong returns mounts of each bpffs: one that shows the whole of it, or all where none does.
func bpffsAmong(all []mounted) []mounted {
	var shown []mounted
	whole := make(map[uint64]bool) // by device
	for _, m := range all {
		if m.fs == "bpf" && m.root == "/" && !whole[m.device] && m.isReachable() {
			whole[m.device] = true
			shown = append(shown, m)
		}
	}
	for _, m := range all {
		if m.fs == "bpf" && !whole[m.device] && m.isReachable() {
			shown = append(shown, m)
		}
	}
	return shown
}

// isReachable reports whether no other mount covers the mount point.
func (m mounted) isReachable() bool {
	var stat unix.Stat_t
	return unix.Stat(m.point, &stat) == nil && stat.Dev == m.device
}

// A mounted is a line of the mount table.
type mounted struct {
	id, root, point, options, fs, superOptions string
	device                                     uint64
}

// parseMounts parses a mount table, whose lines are, as Documentation/filesystems/proc.rst has it,
//
//	36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue
//
// with any number of fields before the dash.
func parseMounts(table []byte) ([]mounted, error) {
	var all []mounted
	for line := range strings.Lines(string(table)) {
		before, after, found := strings.Cut(line, " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if !found || len(f) < 6 || len(g) < 1 {
			return nil, fmt.Errorf("mount table: line %q", line)
		}
		device, err := parseDevice(f[2])
		if err != nil {
			return nil, fmt.Errorf("mount table: line %q: %w", line, err)
		}
		all = append(all, mounted{
			id: f[0], device: device, root: unescape(f[3]), point: unescape(f[4]),
			options: strings.Join(f[5:], " "), fs: g[0], superOptions: strings.Join(g[1:], " "),
		})
	}
	return all, nil
}

// parseDevice parses a device such as "98:0".
func parseDevice(s string) (uint64, error) {
	first, second, _ := strings.Cut(s, ":")
	major, err := strconv.ParseUint(first, 10, 32)
	if err != nil {
		return 0, err
	}
	minor, err := strconv.ParseUint(second, 10, 32)
	return unix.Mkdev(uint32(major), uint32(minor)), err
}

// unescape replaces what stands for a space, a tab, a newline and a backslash.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace

func (m *mounts) things(seen []byte) ([]thing, error) {
	table, err := parseMounts(seen)
	if err != nil {
		return nil, err
	}
	var all []thing
	for _, m := range table {
		all = append(all, thing{
			kind: Mount, key: m.id, name: "mount " + m.fs + " on " + m.point,
			state: "root " + m.root + ", " + m.options + ", " + m.superOptions,
		})
		if m.fs == "nsfs" {
			all = append(all, thing{
				kind: Namespace, key: "mount " + m.id, name: "namespace " + m.root + " mounted on " + m.point,
			})
		}
	}
	return all, nil
}

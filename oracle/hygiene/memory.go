// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle"
)

// memory watches how much memory is used, which is never twice the same.
type memory struct {
	info, zones textFile
	text        []byte
	before      amounts
}

// amounts holds memory in KiB.
type amounts struct {
	used   int // what is not available to a new program
	kernel int // what the kernel itself holds and cannot take back
}

// How much more may be used than at the beginning, in KiB.
//
// Seen in guests of 6.12 and 5.10 in which 34 specs of iproute2 ran, each of which starts a dozen
// processes: the kernel's own grew by 2.3 MiB in the first half and hardly after it, and what is
// used went up and down by 8 MiB, with the heap of this process, which collects its garbage between
// specs. A loader that leaves less than that behind forty times leaves something else too: a map,
// a process, a file. With the reference loader, which is linked in, it went up by 26 MiB.
const (
	mostUsed   = 32 << 10
	mostKernel = 8 << 10
)

func openMemory() (*memory, error) {
	info, err := openText("/proc/meminfo")
	if err != nil {
		return nil, err
	}
	zones, err := openText("/proc/zoneinfo")
	if err != nil {
		return nil, errors.Join(err, unix.Close(info.fd))
	}
	return &memory{info: info, zones: zones}, nil
}

func (m *memory) keeps() []int { return []int{m.info.fd, m.zones.fd} }

func (m *memory) begin() error {
	var err error
	m.before, err = m.read()
	return err
}

// read reads how much memory is used, without the free pages in the lists of CPUs. The kernel does
// not count those as free, and since 6.7 lets the lists grow to tens of megabytes ("mm: add
// framework for PCP high auto-tuning").
func (m *memory) read() (amounts, error) {
	var err error
	if m.text, err = m.info.appendTo(m.text[:0]); err != nil {
		return amounts{}, err
	}
	a, err := parseMemory(m.text)
	if err != nil {
		return a, err
	}
	if m.text, err = m.zones.appendTo(m.text[:0]); err != nil {
		return a, err
	}
	a.used -= pagesInLists(m.text) * os.Getpagesize() >> 10
	return a, nil
}

// pagesInLists adds up the pages that wait in the lists of CPUs, of a text of /proc/zoneinfo: lines
// such as "              count:    321".
func pagesInLists(zones []byte) int {
	pages := 0
	for len(zones) > 0 {
		line, rest, _ := bytes.Cut(zones, []byte{'\n'})
		zones = rest
		if line = bytes.TrimLeft(line, " "); bytes.HasPrefix(line, []byte("count:")) {
			pages += max(0, amount(line))
		}
	}
	return pages
}

// parseMemory adds up what a text of /proc/meminfo says, in lines such as "MemTotal:  985 kB".
func parseMemory(text []byte) (amounts, error) {
	var a amounts
	total, available := -1, -1
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		text = rest
		switch {
		case bytes.HasPrefix(line, []byte("MemTotal:")):
			total = amount(line)
		case bytes.HasPrefix(line, []byte("MemAvailable:")):
			available = amount(line)
		default:
			for _, key := range oracle.LinesOfKernelMemory {
				if len(line) > len(key) && string(line[:len(key)]) == key {
					a.kernel += max(0, amount(line))
				}
			}
		}
	}
	if total < 0 || available < 0 {
		return a, fmt.Errorf("no MemTotal or MemAvailable in /proc/meminfo")
	}
	a.used = total - available
	return a, nil
}

// amount returns the number in a line; -1 where there is none.
func amount(line []byte) int {
	n, found := 0, false
	for _, c := range line[bytes.IndexByte(line, ':')+1:] {
		if c >= '0' && c <= '9' {
			n, found = 10*n+int(c-'0'), true
		} else if found {
			break
		}
	}
	if !found {
		return -1
	}
	return n
}

// look returns how much is used in KiB, and a change where it is too much more.
func (m *memory) look() (int, []Change, error) {
	now, err := m.read()
	if err != nil {
		return 0, nil, err
	}
	return now.used, m.before.changes(now), nil
}

// changes returns what is beyond the bounds.
func (a amounts) changes(now amounts) []Change {
	var changes []Change
	for _, one := range []struct {
		what           string
		was, now, most int
	}{
		{"memory in use", a.used, now.used, mostUsed},
		{"memory of the kernel", a.kernel, now.kernel, mostKernel},
	} {
		if one.now-one.was > one.most {
			what := one.what + " " + strconv.Itoa(one.was) + " -> " + strconv.Itoa(one.now) + " KiB"
			changes = append(changes, Change{Memory, Changed, what})
		}
	}
	return changes
}

// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strings"

	"golang.org/x/sys/unix"
)

// An index describes what loadstone needs of a dist's Packages file: a line per
// package, sorted, so that a lookup is a binary search in the file and takes
// microseconds where apt's own cache takes seconds to make.
//
//	loadstone-apt-index 1 <length of what follows, in bytes>
//	name \t version \t architecture \t filename \t size \t sha256 \t depends \t provides
//	name \t @provided-version \t provider
//
// The second form is a virtual package. A file that is not as long as its first
// line says was cut short by a crash, and is as good as none.
type index struct {
	mapping []byte // the whole file
	lines   []byte // what follows the first line
}

const indexMagic = "loadstone-apt-index 1"

// errNoIndex says that there is no index, or only half of one.
var errNoIndex = errors.New("no index")

// packagesFields lists the fields of a Packages stanza that go into the index.
var packagesFields = map[string]bool{
	"package": true, "version": true, "architecture": true, "filename": true, "size": true,
	"sha256": true, "depends": true, "pre-depends": true, "provides": true,
}

// writeIndex makes an index of a Packages file.
func writeIndex(w io.Writer, packages io.Reader) error {
	lines, err := indexLines(packages)
	if err != nil {
		return err
	}
	slices.Sort(lines)
	length := 0
	for _, line := range lines {
		length += len(line)
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s %d\n", indexMagic, length)
	for _, line := range lines {
		out.WriteString(line)
	}
	return out.Flush()
}

func indexLines(packages io.Reader) ([]string, error) {
	var lines []string
	err := eachStanza(packages, packagesFields, func(f map[string]string) error {
		depends := strings.Trim(f["pre-depends"]+", "+f["depends"], ", ")
		columns := []string{
			f["package"], f["version"], f["architecture"], f["filename"], f["size"], f["sha256"],
			depends, f["provides"],
		}
		for i, column := range columns {
			if strings.ContainsAny(column, "\t\n") || column == "" && i < 6 {
				return fmt.Errorf("package %q: field %d is %q", f["package"], i, column)
			}
		}
		lines = append(lines, strings.Join(columns, "\t")+"\n")
		provided, err := parseDependencies(f["provides"])
		if err != nil {
			return fmt.Errorf("package %s: provides: %w", f["package"], err)
		}
		for _, alternatives := range provided {
			virtual := alternatives[0]
			lines = append(lines,
				fmt.Sprintf("%s\t@%s\t%s\n", virtual.name, virtual.version, f["package"]))
		}
		return nil
	})
	return lines, err
}

// openIndex opens the index at path. It returns errNoIndex if there is none
// that is whole.
func openIndex(path string) (*index, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoIndex
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		return nil, errNoIndex
	}
	// An index is only ever replaced by a rename, so the mapping stays whole.
	mapping, err := unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	header, lines, _ := bytes.Cut(mapping, []byte("\n"))
	if string(header) != fmt.Sprintf("%s %d", indexMagic, len(lines)) {
		return nil, errors.Join(errNoIndex, unix.Munmap(mapping))
	}
	return &index{mapping, lines}, nil
}

func (x *index) Close() error { return unix.Munmap(x.mapping) }

// withPrefix calls do for each line whose name starts with prefix, in order.
func (x *index) withPrefix(prefix string, do func(columns []string) error) error {
	for rest := x.lines[x.search(prefix):]; len(rest) > 0 &&
		bytes.HasPrefix(rest, []byte(prefix)); {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if err := do(strings.Split(string(line), "\t")); err != nil {
			return err
		}
	}
	return nil
}

// search returns the offset of the first line that is not less than key.
func (x *index) search(key string) int {
	offset := sort.Search(len(x.lines), func(i int) bool {
		line := x.lines[x.lineFrom(i):]
		return len(line) == 0 || string(line[:min(len(key), len(line))]) >= key
	})
	return x.lineFrom(offset)
}

// lineFrom returns the offset of the first line that starts at or after offset.
func (x *index) lineFrom(offset int) int {
	if offset == 0 {
		return 0
	}
	// A line starts at offset if the byte before it ends one.
	end := bytes.IndexByte(x.lines[offset-1:], '\n')
	if end < 0 {
		return len(x.lines)
	}
	return offset + end
}

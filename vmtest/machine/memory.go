// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// nodeMemory holds the memory of each node of a machine that a template is made
// from, anonymous as long as the machine runs. A boot that writes to files on
// a disk's file system takes a third longer.
type nodeMemory []*os.File

// newNodeMemory makes the memory of c's nodes, with nothing in it.
func newNodeMemory(c Config) (_ nodeMemory, err error) {
	var m nodeMemory
	defer func() {
		if err != nil {
			m.close()
		}
	}()
	for i, node := range c.Nodes {
		fd, err := unix.MemfdCreate(fmt.Sprintf("loadstone-node%d", i), unix.MFD_CLOEXEC)
		if err != nil {
			return nil, fmt.Errorf("memory of node %d: %w", i, err)
		}
		f := os.NewFile(uintptr(fd), fmt.Sprintf("memory of node %d", i))
		m = append(m, f)
		if err := f.Truncate(int64(node.MemoryMiB) << 20); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// memoryDescriptors returns the paths at which QEMU finds a nodeMemory.
func memoryDescriptors(c Config) []string {
	var paths []string
	for i := range c.Nodes {
		paths = append(paths, fmt.Sprintf("/proc/self/fd/%d", fdNode+i))
	}
	return paths
}

// keep writes the memory of each node to a file.
func (m nodeMemory) keep(names []string) error {
	for i, f := range m {
		if err := keepNode(f, names[i]); err != nil {
			return fmt.Errorf("keep memory of node %d: %w", i, err)
		}
	}
	return nil
}

// keepNode writes what is not zero in memory to a file of the same size.
func keepNode(memory *os.File, name string) (err error) {
	info, err := memory.Stat()
	if err != nil {
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := file.Truncate(info.Size()); err != nil {
		return err
	}
	fd := int(memory.Fd())
	for end := int64(0); ; {
		start, err := unix.Seek(fd, end, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil // nothing but a hole up to the end
		}
		if err != nil {
			return err
		}
		if end, err = unix.Seek(fd, start, unix.SEEK_HOLE); err != nil {
			return err
		}
		if err := copySparse(file, memory, start, end); err != nil {
			return err
		}
	}
}

// sparseUnit gives the size of what is left out if it is zero: a page.
const sparseUnit = 4096

// copySparse copies the bytes from start to end, but for pages that are zero.
func copySparse(to io.WriterAt, from io.ReaderAt, start, end int64) error {
	var zero [sparseUnit]byte
	b := make([]byte, 256*sparseUnit)
	for start < end {
		chunk := b[:min(int64(len(b)), end-start)]
		if _, err := from.ReadAt(chunk, start); err != nil {
			return err
		}
		// Runs of pages that are not zero are written at once.
		for at := 0; at < len(chunk); {
			run := at
			for run < len(chunk) &&
				!bytes.Equal(chunk[run:min(run+sparseUnit, len(chunk))],
					zero[:min(sparseUnit, len(chunk)-run)]) {
				run = min(run+sparseUnit, len(chunk))
			}
			if run > at {
				if _, err := to.WriteAt(chunk[at:run], start+int64(at)); err != nil {
					return err
				}
			}
			at = run + sparseUnit
		}
		start += int64(len(chunk))
	}
	return nil
}

// close frees the memory once QEMU is gone.
func (m nodeMemory) close() {
	for _, f := range m {
		f.Close()
	}
}

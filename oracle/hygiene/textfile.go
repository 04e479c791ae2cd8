// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"
)

// A textFile keeps a file of the kernel open, to be read from its start again and again.
type textFile struct {
	fd   int
	path string
}

// openText opens a file. The error wraps fs.ErrNotExist where there is none.
func openText(path string) (textFile, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return textFile{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return textFile{fd, path}, nil
}

// longestValue bounds what [textFile.appendValue] reads, in bytes.
const longestValue = 4 << 10

// appendValue appends the text of a file that the kernel gives in one piece: a setting.
func (f textFile) appendValue(b []byte) ([]byte, error) {
	b = slices.Grow(b, longestValue)
	n, err := f.pread(b[len(b):len(b)+longestValue], 0)
	return b[:len(b)+n], err
}

// appendTo appends the whole text of a file.
func (f textFile) appendTo(b []byte) ([]byte, error) {
	for at := 0; ; {
		b = slices.Grow(b, longestValue)
		n, err := f.pread(b[len(b):cap(b)], int64(at))
		if err != nil || n == 0 {
			return b, err
		}
		b, at = b[:len(b)+n], at+n
	}
}

func (f textFile) pread(b []byte, at int64) (int, error) {
	for {
		n, err := unix.Pread(f.fd, b, at)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", f.path, err)
		}
		return n, nil
	}
}

// readText appends the whole text of a file that is not kept open.
func readText(b []byte, path string) ([]byte, error) {
	f, err := openText(path)
	if err != nil {
		return b, err
	}
	b, err = f.appendTo(b)
	return b, errors.Join(err, unix.Close(f.fd))
}

// isGone reports whether err says that a file, or the process that it is about, is no more.
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH)
}

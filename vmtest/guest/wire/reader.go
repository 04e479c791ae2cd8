// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
)

var (
	// ErrRecordGarbage marks errors about a line that is no frame, or
	// a frame whose length or checksum does not match. The error quotes its
	// start.
	ErrRecordGarbage = errors.New("garbage on the record port")

	// ErrRecordTruncated marks errors about a frame that the guest
	// began and did not end.
	ErrRecordTruncated = errors.New("half a record")
)

const (
	// excerptSize is how many bytes of bad input an error quotes.
	excerptSize = 64

	// maxLine is the size of the longest line that can be a frame: kind,
	// length, space, checksum, space, payload, newline.
	maxLine = 1 + 7 + 1 + 8 + 1 + MaxRecord + 1
)

// Frame describes one line of a guest.
type Frame struct {
	Kind    Kind
	Payload []byte
}

// Reader reads frames of an untrusted guest. It holds at most one line of
// bounded size.
type Reader struct {
	r    *bufio.Reader
	line []byte
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 64<<10)}
}

// Next returns the next frame; its payload is the caller's. It returns io.EOF
// at the end, and an error wrapping [ErrRecordGarbage], [ErrRecordTooLarge] or
// [ErrRecordTruncated] for a line that is no frame; the next call then goes on
// with the line after it. Any other error is the underlying reader's.
func (r *Reader) Next() (Frame, error) {
	size, err := r.readLine()
	switch {
	case err == io.EOF && size == 0:
		return Frame{}, io.EOF
	case size > len(r.line) && (err == nil || err == io.EOF):
		return Frame{}, tooLong(r.line, size)
	case err == io.EOF:
		return Frame{}, fmt.Errorf("%w: %d bytes: %s", ErrRecordTruncated, size, excerpt(r.line))
	case err != nil:
		return Frame{}, err
	}
	return parseFrame(r.line[:size-1])
}

// readLine reads a line with its newline into r.line, as far as that fits
// into maxLine bytes, and returns how long the line is in truth.
func (r *Reader) readLine() (size int, err error) {
	r.line = r.line[:0]
	for {
		part, err := r.r.ReadSlice('\n')
		size += len(part)
		room := maxLine - len(r.line)
		r.line = append(r.line, part[:min(len(part), room)]...)
		if err != bufio.ErrBufferFull {
			return size, err
		}
	}
}

// parseFrame takes a line without its newline apart.
func parseFrame(line []byte) (Frame, error) {
	garbage := func(why string) (Frame, error) {
		return Frame{}, fmt.Errorf("%w: %s: %s", ErrRecordGarbage, why, excerpt(line))
	}
	length, sum, payload, ok := parseHeader(line)
	if !ok {
		return garbage("no frame")
	}
	if length != uint64(len(payload)) {
		return garbage(fmt.Sprintf("frame says %d bytes, line has %d", length, len(payload)))
	}
	if length > MaxRecord {
		return Frame{}, tooLong(line, len(line)+1)
	}
	if got := crc32.ChecksumIEEE(payload); got != sum {
		return garbage(fmt.Sprintf("checksum is %08x, frame says %08x", got, sum))
	}
	return Frame{Kind: Kind(line[0]), Payload: bytes.Clone(payload)}, nil
}

// parseHeader splits "@<length> <crc32> <payload>".
func parseHeader(line []byte) (length uint64, sum uint32, payload []byte, ok bool) {
	if len(line) == 0 || (Kind(line[0]) != KindRecord && Kind(line[0]) != KindWord) {
		return 0, 0, nil, false
	}
	digits, rest, ok := bytes.Cut(line[1:], []byte{' '})
	if !ok || len(digits) > 12 {
		return 0, 0, nil, false
	}
	length, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return 0, 0, nil, false
	}
	checksum, payload, ok := bytes.Cut(rest, []byte{' '})
	if !ok || len(checksum) != 8 {
		return 0, 0, nil, false
	}
	crc, err := strconv.ParseUint(string(checksum), 16, 32)
	if err != nil {
		return 0, 0, nil, false
	}
	return length, uint32(crc), payload, true
}

// tooLong returns the error about a line of size bytes that begins with start. A
// line that long is a record that is too large if it begins like one.
func tooLong(start []byte, size int) error {
	length, _, _, ok := parseHeader(start)
	if !ok || length <= MaxRecord {
		return fmt.Errorf("%w: line of %d bytes: %s", ErrRecordGarbage, size, excerpt(start))
	}
	return fmt.Errorf("%w: %d bytes, at most %d: %s", ErrRecordTooLarge, length, MaxRecord,
		excerpt(start))
}

// excerpt quotes the start of b.
func excerpt(b []byte) string {
	if len(b) <= excerptSize {
		return strconv.QuoteToASCII(string(b))
	}
	return strconv.QuoteToASCII(string(b[:excerptSize])) + "..."
}

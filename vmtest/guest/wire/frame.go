// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
)

// MaxRecord gives the size in bytes of the largest record's payload.
const MaxRecord = 1 << 20

// ErrRecordTooLarge marks errors about a record above [MaxRecord].
var ErrRecordTooLarge = errors.New("record too large")

// Kind names the first byte of a frame.
type Kind byte

const (
	KindRecord Kind = '@' // a record of the program that runs in the guest
	KindWord   Kind = '!' // a word of the guest package
)

// The guest's words.
const (
	WordReady = "ready" // waiting for its order; the moment a template is taken
	WordEnd   = "end"   // everything is said, power goes off next

	// WordFailed begins a word that ends with an error text.
	WordFailed = "failed "
)

// AppendFrame appends the frame that carries payload to b and returns it. It
// returns an error wrapping [ErrRecordTooLarge] if payload is larger than
// [MaxRecord], and an error if payload holds a newline, which would make two
// lines of one.
func AppendFrame(b []byte, kind Kind, payload []byte) ([]byte, error) {
	if len(payload) > MaxRecord {
		return b, fmt.Errorf("%w: %d bytes, at most %d", ErrRecordTooLarge, len(payload), MaxRecord)
	}
	for i, c := range payload {
		if c == '\n' {
			return b, fmt.Errorf("newline in a record at byte %d", i)
		}
	}
	b = append(b, byte(kind))
	b = strconv.AppendInt(b, int64(len(payload)), 10)
	b = append(b, ' ')
	b = appendChecksum(b, crc32.ChecksumIEEE(payload))
	b = append(b, ' ')
	b = append(b, payload...)
	return append(b, '\n'), nil
}

// appendChecksum appends sum as eight hexadecimal digits. It is not
// fmt.Sprintf because the first record of a clone pays for every function
// that runs for the first time (each is translated anew under TCG).
func appendChecksum(b []byte, sum uint32) []byte {
	const digits = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, digits[sum>>shift&0xf])
	}
	return b
}

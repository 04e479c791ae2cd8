// SPDX-License-Identifier: Apache-2.0

package record

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
)

// SealLen gives how many bytes longer a record is with its seal.
const SealLen = 32

// A Key is what host and guest know, and no driver: see [Seal]. It is text, without blanks.
type Key string

// NewKey returns a key for the records of one guest.
func NewKey() Key { return Key(rand.Text() + rand.Text()) }

// ErrSeal reports a line that does not have the seal of the next record: the guest program did not
// write it, or not there.
var ErrSeal = errors.New("not sealed by the guest program")

// A Seal shows of each record of a guest that the guest program wrote it, and as which: in front of
// its line stands a part of HMAC-SHA-256 over the number of the record, from 0, and the line. A
// driver is root in its guest and may reach the way that records go; it can spoil them, and add no
// record, drop none and change no order without that being seen.
//
// One Seal is for one direction of one guest, and not for several goroutines at once.
type Seal struct {
	mac hash.Hash
	n   uint64 // records sealed, or opened
}

// NewSeal returns a seal with a key. An empty one seals nothing, and opens what is not sealed.
func NewSeal(key Key) *Seal {
	if key == "" {
		return &Seal{}
	}
	return &Seal{mac: hmac.New(sha256.New, []byte(key))}
}

// next returns the seal of the next record.
func (s *Seal) next(line []byte) []byte {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], s.n)
	s.mac.Reset()
	s.mac.Write(number[:])
	s.mac.Write(line)
	return hex.AppendEncode(nil, s.mac.Sum(nil)[:SealLen/2])
}

// Close returns the next record's line with its seal in front.
func (s *Seal) Close(line []byte) []byte {
	if s.mac == nil {
		return line
	}
	sealed := append(s.next(line), line...)
	s.n++
	return sealed
}

// Open returns the line of the next record without its seal. A line that is not the next record's
// is an error that wraps [ErrSeal], and changes nothing.
func (s *Seal) Open(sealed []byte) ([]byte, error) {
	if s.mac == nil {
		return sealed, nil
	}
	if len(sealed) < SealLen {
		return nil, fmt.Errorf("%w: too short", ErrSeal)
	}
	line := sealed[SealLen:]
	if !hmac.Equal(s.next(line), sealed[:SealLen]) {
		return nil, fmt.Errorf("%w as record %d", ErrSeal, s.n)
	}
	s.n++
	return line, nil
}

// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxOrder gives the size in bytes of the longest line a guest reads. What is
// larger belongs into the payload.
const MaxOrder = 64 << 10

// SeedSize gives the size in bytes of the randomness a clone is given.
const SeedSize = 32

// ErrWake marks errors about a line that is no [Wake].
var ErrWake = errors.New("malformed wake line")

// Wake holds what a guest cannot know when it goes on: a clone slept in its
// template for hours, and other clones of the template have the same memory.
type Wake struct {
	// Now is the host's time.
	Now time.Time
	// Seed is randomness that no other clone is given.
	Seed [SeedSize]byte
	// Payload is the size in bytes of what lies in the payload device.
	Payload int64
}

// Line returns w as the line that is sent, without its newline:
//
//	wake <nanoseconds since 1970> <seed, hexadecimal> <payload size>
//
// It is not JSON because decoding JSON costs a clone under TCG more than all
// the rest of waking up.
func (w Wake) Line() string {
	return "wake " + strconv.FormatInt(w.Now.UnixNano(), 10) + " " +
		hex.EncodeToString(w.Seed[:]) + " " + strconv.FormatInt(w.Payload, 10)
}

// ParseWake reads the line that [Wake.Line] returns. Its errors wrap [ErrWake].
func ParseWake(line string) (Wake, error) {
	fields := strings.Split(line, " ")
	if len(fields) != 4 || fields[0] != "wake" {
		return Wake{}, fmt.Errorf("%w: %s", ErrWake, excerpt([]byte(line)))
	}
	now, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return Wake{}, fmt.Errorf("%w: time: %w", ErrWake, err)
	}
	seed, err := hex.DecodeString(fields[2])
	if err != nil || len(seed) != SeedSize {
		return Wake{}, fmt.Errorf("%w: seed of %d digits, want %d", ErrWake, len(fields[2]),
			2*SeedSize)
	}
	payload, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil || payload < 0 {
		return Wake{}, fmt.Errorf("%w: payload size %q", ErrWake, fields[3])
	}
	return Wake{Now: time.Unix(0, now), Seed: [SeedSize]byte(seed), Payload: payload}, nil
}

// SPDX-License-Identifier: Apache-2.0

package externs

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// Symbols looks for symbols in a list like /proc/kallsyms, which is written to it: lines of an
// address in hexadecimal, a letter and a name, which a module's name may follow.
type Symbols struct {
	Addresses map[string][]uint64 // each that the list has for a name that is wanted, in its order
	Hidden    bool                // all addresses are zero: the kernel keeps them from the reader

	wanted map[string]bool
	begun  []byte // a line of which the end is not there yet
}

// NewSymbols returns what looks for symbols of these names.
func NewSymbols(names []string) *Symbols {
	s := &Symbols{Addresses: make(map[string][]uint64), Hidden: true, wanted: make(map[string]bool)}
	for _, name := range names {
		s.wanted[name] = true
	}
	return s
}

// mostLine limits the lines of a list of symbols, in bytes. The kernel's names have up to 512.
const mostLine = 1 << 14

// Write reads the next part of the list, which may end anywhere; the list ends with a newline.
func (s *Symbols) Write(part []byte) (int, error) {
	n := len(part)
	for {
		end := bytes.IndexByte(part, '\n')
		if end < 0 {
			break
		}
		line := part[:end]
		if len(s.begun) > 0 {
			s.begun = append(s.begun, line...)
			line = s.begun
		}
		if err := s.take(line); err != nil {
			return 0, err
		}
		s.begun, part = s.begun[:0], part[end+1:]
	}
	if s.begun = append(s.begun, part...); len(s.begun) > mostLine {
		return 0, fmt.Errorf("line of %d bytes: %w", len(s.begun), refuse.ErrSymbols)
	}
	return n, nil
}

// take reads one line. A name that the compiler made longer, to tell several symbols of one name
// apart (.llvm.NUMBER), is the shorter one too (libbpf, kallsyms_cb).
func (s *Symbols) take(line []byte) error {
	at := bytes.IndexByte(line, ' ')
	if at < 0 || len(line) < at+4 {
		return nil
	}
	address, name := line[:at], line[at+3:]
	if s.Hidden && len(bytes.Trim(address, "0")) > 0 {
		s.Hidden = false
	}
	if end := bytes.IndexByte(name, '\t'); end >= 0 {
		name = name[:end]
	}
	if !s.wanted[string(name)] {
		short, _, isLLVM := bytes.Cut(name, []byte(".llvm."))
		if !isLLVM || !s.wanted[string(short)] {
			return nil
		}
		name = short
	}
	n, err := strconv.ParseUint(string(address), 16, 64)
	if err != nil {
		return fmt.Errorf("address %q of %s: %w", address, name, refuse.ErrSymbols)
	}
	s.Addresses[string(name)] = append(s.Addresses[string(name)], n)
	return nil
}

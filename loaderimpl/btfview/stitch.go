// SPDX-License-Identifier: Apache-2.0

package btfview

import "github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"

// Stitch returns the types of all given sources as one whole set, in the form of /sys/kernel/btf:
// the kernel's with the ids that they have, and the others after them. Modules that are not given
// are left out.
func (s *Sources) Stitch() []byte {
	all := make([]*typeinfo.Types, len(s.given))
	for i := range s.given {
		all[i] = s.given[i].Types
	}
	return typeinfo.Stitch(all)
}

// A Part says what one source has.
type Part struct {
	Source string `json:"source"`
	Types  uint32 `json:"types"`   // of its own
	GoesOn bool   `json:"goes_on"` // from the kernel's
}

// Parts lists the given sources.
func (s *Sources) Parts() []Part {
	parts := make([]Part, len(s.given))
	for i := range s.given {
		types := s.given[i].Types
		parts[i] = Part{s.given[i].Name, types.Own(), types.GoesOn()}
	}
	return parts
}

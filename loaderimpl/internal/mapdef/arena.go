// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// ArenaSection holds variables of an arena: LLVM puts what is in address space 1 there. The arena
// itself is defined in section .maps (libbpf, bpf_object__init_user_btf_maps).
const ArenaSection = ".addr_space.1"

// giveArena gives the variables of an arena to the arena, of which the object has one then: nothing
// says in which of several they would be.
func (in *Input) giveArena(defs []*Definition) error {
	s := in.File.Named(ArenaSection)
	if s == nil || !isAllocated(s) {
		return nil
	}
	var arena *Definition
	for _, d := range defs {
		switch {
		case d.Type != ebpf.Arena:
		case arena != nil:
			return refuse.At(refuse.StageDefine, s.Name, "",
				fmt.Errorf("arenas %s and %s: %w", arena.Name, d.Name, refuse.ErrArena))
		default:
			arena = d
		}
	}
	if arena == nil {
		return refuse.At(refuse.StageDefine, s.Name, "",
			fmt.Errorf("no arena is defined in %s: %w", mapsSection, refuse.ErrArena))
	}
	if s.Size > uint64(arena.MaxEntries)*maxPage {
		return refuse.At(refuse.StageDefine, s.Name, arena.Name,
			fmt.Errorf("%d bytes of variables in %d pages: %w", s.Size, arena.MaxEntries,
				refuse.ErrArena))
	}
	pointers, err := pointersIn(in.File, s)
	if err != nil {
		return refuse.At(refuse.StageDefine, s.Name, "", err)
	}
	arena.Pointers = pointers
	arena.Arena = &ArenaData{Size: s.Size, Data: s.Data}
	return nil
}

// maxPage gives the size of the largest pages that a kernel has, in bytes. How large this machine's
// are is looked at when an arena is made.
const maxPage = 64 << 10

// ArenaData holds the variables of an arena.
type ArenaData struct {
	Size uint64 // bytes
	Data []byte // nil for zeros; shared with the object, not to be changed
}

// DataSection returns the section whose bytes the map holds from the start: that of global data, or
// of an arena's variables. It is empty for other maps.
func (d *Definition) DataSection() string {
	switch {
	case d.Source == SourceData:
		return d.Section
	case d.Arena != nil:
		return ArenaSection
	}
	return ""
}

// DataSize returns how many bytes that section has, 0 for none.
func (d *Definition) DataSize() uint64 {
	switch {
	case d.Source == SourceData:
		return uint64(d.ValueSize)
	case d.Arena != nil:
		return d.Arena.Size
	}
	return 0
}

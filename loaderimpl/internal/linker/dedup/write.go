// SPDX-License-Identifier: Apache-2.0

package dedup

import (
	"fmt"
	"math"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A BTF holds the types of a graph after deduplication, to which strings can still be added.
type BTF struct {
	order   objfile.ByteOrder
	types   []byte
	strings []byte
	offsets map[string]uint32 // of strings
	ids     []btf.TypeID      // by id in the graph
}

// Dedup finds which types are equal, and writes the first of each: in the order of the graph, with
// strings in the order in which types use them. So to add the result to an empty graph and dedup it
// gives the same bytes. The graph is of no use after it.
func (g *Graph) Dedup(order objfile.ByteOrder) (*BTF, error) {
	g.begin()
	if err := g.resolve(); err != nil {
		return nil, err
	}
	stands := g.refine().representatives()
	b := &BTF{order: order, strings: []byte{0}, offsets: make(map[string]uint32),
		ids: make([]btf.TypeID, len(g.starts))}
	next := btf.TypeID(1)
	words := 0
	for id := ID(1); int(id) < len(g.starts); id++ {
		if !g.gone[id] && stands[id] == id {
			b.ids[id] = next
			next++
			words += len(g.record(id))
		}
	}
	for id := ID(1); int(id) < len(g.starts); id++ {
		b.ids[id] = b.ids[stands[g.standsFor(id)]]
	}
	b.types = make([]byte, 0, 4*words)
	offsets := make([]uint32, len(g.text)) // of strings, by number; 0 for those not written yet
	for id := ID(1); int(id) < len(g.starts); id++ {
		if g.gone[id] || stands[id] != id {
			continue
		}
		r := g.record(id)
		l := &layouts[r.kind()]
		for i, w := range r {
			switch l.roleOf(i) {
			case name:
				if w != 0 && offsets[w] == 0 {
					offsets[w] = b.String(g.text[w])
				}
				w = offsets[w]
			case ref:
				w = uint32(b.ids[w])
			}
			b.types = order.AppendUint32(b.types, w)
		}
	}
	return b, b.Check()
}

// representatives returns for each type the one that is kept of its class: the first that says what
// is in it, or else the first.
func (p *partition) representatives() []ID {
	g := p.g
	chosen := make([]ID, len(p.counts))
	for id := ID(1); int(id) < len(g.starts); id++ {
		if g.gone[id] {
			continue
		}
		c := p.class[id]
		if chosen[c] == 0 || g.record(chosen[c]).forward() && !g.record(id).forward() {
			chosen[c] = id
		}
	}
	stands := make([]ID, len(g.starts))
	for id := range stands {
		stands[id] = chosen[p.class[id]]
	}
	return stands
}

// ID returns the number that a type of the graph has now.
func (b *BTF) ID(id ID) btf.TypeID { return b.ids[id] }

// Count returns how many types there are, without void.
func (b *BTF) Count() int {
	n := btf.TypeID(0)
	for _, id := range b.ids {
		n = max(n, id)
	}
	return int(n)
}

// String returns the offset of a string, which it adds if need be.
func (b *BTF) String(s string) uint32 {
	if s == "" {
		return 0
	}
	if off, ok := b.offsets[s]; ok {
		return off
	}
	off := uint32(len(b.strings))
	b.offsets[s] = off
	b.strings = append(append(b.strings, s...), 0)
	return off
}

// Check refuses BTF that is larger than its header can say, or the kernel takes
// (BTF_MAX_NAME_OFFSET).
func (b *BTF) Check() error {
	const most = 0x00ffffff
	if len(b.strings) > most || uint64(len(b.types)) > math.MaxUint32 {
		return fmt.Errorf("%d bytes of types and %d of strings: %w", len(b.types), len(b.strings),
			refuse.ErrTooManyTypes)
	}
	return nil
}

// Bytes returns all of it, as section .BTF holds it.
func (b *BTF) Bytes() []byte {
	const headerSize = 24
	out := make([]byte, 0, headerSize+len(b.types)+len(b.strings))
	out = b.order.AppendUint16(out, 0xeb9f)
	out = append(out, 1, 0)
	for _, n := range []int{headerSize, 0, len(b.types), len(b.types), len(b.strings)} {
		out = b.order.AppendUint32(out, uint32(n))
	}
	return append(append(out, b.types...), b.strings...)
}

// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// What a linker needs of types: all of them, as they stand in their bytes.

// Count returns how many types there are, void among them: ids are less. It takes a nil receiver.
func (t *Types) Count() uint32 {
	if t == nil {
		return 0
	}
	return uint32(len(t.offsets))
}

// Raw returns the whole record of a type, which shares its bytes with the object.
func (t *Types) Raw(id btf.TypeID) ([]byte, error) {
	if id == 0 || uint64(id) >= uint64(len(t.offsets)) {
		return nil, fmt.Errorf("type %d of %d: %w", id, len(t.offsets), refuse.ErrBTF)
	}
	end := uint32(len(t.raw))
	if int(id)+1 < len(t.offsets) {
		end = t.offsets[id+1]
	}
	return t.raw[t.offsets[id]:end], nil
}

// String returns the string at an offset of the table of strings.
func (t *Types) String(off uint32) (string, error) { return t.name(off) }

// Flag returns kind_flag: of a struct, that its members' offsets hold the widths of bitfields; of a
// forward declaration, that it is of a union; of an enum, that its values have signs.
func (r *Record) Flag() bool { return r.flag }

// SPDX-License-Identifier: Apache-2.0

package iproute2

import (
	"encoding/binary"
	"testing"

	"github.com/loadstone-bpf/loadstone/drivers/command"
)

// defined returns a map of that id, inner_id and inner_idx.
func defined(name string, id, innerID, innerIdx uint32) command.Map {
	var definition []byte
	for _, n := range []uint32{1, 4, 8, 4, 0, id, 0, innerID, innerIdx} {
		definition = binary.NativeEndian.AppendUint32(definition, n)
	}
	return command.Map{Name: name, Definition: definition}
}

func TestMapOfASlot(t *testing.T) {
	all := elfMapsOf(&command.Object{Maps: []command.Map{
		defined("a", 1, 0, 2), defined("b", 1, 0, 3), defined("outer", 7, 1, 0),
		defined("twin", 2, 0, 0), defined("other twin", 2, 0, 0), defined("of twins", 8, 2, 0),
		defined("nobody's", 0, 0, 2), {Name: "short", Definition: make([]byte, 20)}, {Name: "none"},
	}})
	for _, tt := range []struct {
		outer string
		key   uint32
		want  string
	}{
		{"outer", 2, "a"}, {"outer", 3, "b"}, {"outer", 4, ""}, {"of twins", 0, ""}, {"a", 2, ""}, {"short", 2, ""}, {"no such", 2, ""},
	} {
		if got, ok := all.inSlot(tt.outer, tt.key); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s, slot %d: %q, %v", tt.outer, tt.key, got, ok)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"testing"

	"github.com/cilium/ebpf"
)

// Others may make something meanwhile, so a count may be too high; it is never too low.
func TestWhatIsMadeAndGoneIsCounted(t *testing.T) {
	const maps = 3
	made, err := MadeWhile(func() {
		for range maps {
			m, err := ebpf.NewMap(&ebpf.MapSpec{
				Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
			m.Close()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Maps < maps {
		t.Errorf("%v, want at least %d maps", made, maps)
	}
}

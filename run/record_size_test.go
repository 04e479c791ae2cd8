// SPDX-License-Identifier: Apache-2.0

package run

import (
	"testing"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// Neither package imports the other: a record that one may make, the other has to carry.
func TestWireCarriesTheLongestRecord(t *testing.T) {
	if longest := record.MaxLen + record.SealLen; longest != wire.MaxRecord {
		t.Errorf("a record has up to %d bytes, and a frame carries %d", longest, wire.MaxRecord)
	}
}

// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/loadstone-bpf/loadstone/oracle"
)

// objects views the kernel's BPF objects, all of them. Each is a byte for its kind and four for its
// id.
type objects struct{ keepsNothing }

func openObjects() (view, error) { return objects{}, nil }

// objectKinds holds the kinds that have ids; the first byte of an object is a place in it.
var objectKinds = [...]oracle.Kind{
	oracle.KindProgram, oracle.KindMap, oracle.KindLink, oracle.KindBTF,
}

const objectSize = 5

func (objects) read(b []byte) ([]byte, error) {
	inventory, err := oracle.Take("")
	if err != nil {
		return b, err
	}
	for i, ids := range [...][]uint32{
		inventory.Programs, inventory.Maps, inventory.Links, inventory.BTF,
	} {
		for _, id := range ids {
			b = binary.NativeEndian.AppendUint32(append(b, byte(i)), id)
		}
	}
	return b, nil
}

func (objects) things(seen []byte) ([]thing, error) {
	var all []thing
	for ; len(seen) >= objectSize; seen = seen[objectSize:] {
		o := oracle.Object{
			Kind: objectKinds[seen[0]], ID: binary.NativeEndian.Uint32(seen[1:]),
		}
		described, err := o.Describe()
		if err != nil {
			return nil, fmt.Errorf("%v: %w", o, err)
		}
		all = append(all, thing{
			kind: Kind(o.Kind), key: strconv.FormatUint(uint64(o.ID), 10), name: described.String(),
		})
	}
	return all, nil
}

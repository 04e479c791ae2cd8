// SPDX-License-Identifier: Apache-2.0

package mapinmap

import "encoding/binary"

// u32 is a key or value as a program sees it.
func u32(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// u64 is a key or value as a program sees it.
func u64(n uint64) []byte { return binary.NativeEndian.AppendUint64(nil, n) }

// packet is what XDP programs are run over: as short as an Ethernet frame may be.
var packet = make([]byte, 64)

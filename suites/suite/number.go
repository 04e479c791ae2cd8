// SPDX-License-Identifier: Apache-2.0

package suite

import "encoding/binary"

// U32 returns a key or value as a program sees it: 4 bytes, in the machine's order.
func U32(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// U64 returns a key or value as a program sees it: 8 bytes, in the machine's order.
func U64(n uint64) []byte { return binary.NativeEndian.AppendUint64(nil, n) }

// Number64 returns the number that a value of 8 bytes holds, in the machine's order.
func Number64(value []byte) uint64 { return binary.NativeEndian.Uint64(value) }

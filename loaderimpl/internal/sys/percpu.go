// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// HasPerCPUData reports whether instructions of this kernel's programs may point into the value of
// a map of type PERCPU_ARRAY, as into that of an ARRAY (Linux 7.3 does). It asks with a map and a
// program of its own; a kernel that makes neither for another reason is not said to lack it.
func HasPerCPUData(token int) bool {
	const percpuArray, socketFilter = 6, 1
	m, err := CreateMap(MapCreateAttr{MapType: percpuArray, KeySize: 4, ValueSize: 8, MaxEntries: 1},
		token)
	if err != nil {
		return true
	}
	defer Close(m)
	order := binary.NativeEndian
	const load64, mov64, exit = 0x18, 0xb7, 0x95
	value := byte(2 << 4) // BPF_PSEUDO_MAP_VALUE into register 0
	if order.Uint16([]byte{1, 0}) != 1 {
		value = 2
	}
	code := order.AppendUint32([]byte{load64, value, 0, 0}, uint32(m))
	code = append(code, make([]byte, 8)...)
	code = append(code, mov64, 0, 0, 0, 0, 0, 0, 0, exit, 0, 0, 0, 0, 0, 0, 0)
	fd, err := tryLoadProg((&Program{Type: socketFilter, Code: code, License: "GPL",
		Token: token}).attr())
	if err == nil {
		Close(fd)
	}
	return !errors.Is(err, unix.EINVAL)
}

// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// loadTypes loads the object's types into the kernel, and returns their descriptor, -1 if there are none to load or the kernel takes none;
// the error says why it does not.
func (l *loading) loadTypes() (int, error) {
	o := l.object
	roots := o.typesInUse()
	if len(roots) == 0 {
		return -1, nil
	}
	keep, err := o.types.Reach(roots)
	if err != nil {
		return -1, err
	}
	var first error
	for _, old := range []bool{false, true} {
		blob, err := o.types.ForKernel(o.file, keep, old)
		if err != nil {
			return -1, err
		}
		fd, err := sys.LoadBTF(blob)
		if err == nil {
			return fd, nil
		}
		if first == nil {
			first = fmt.Errorf("load BTF: %w", err)
		}
	}
	return -1, first
}

// typesInUse are the types that the kernel is told of: those of keys, values, global data and functions.
func (o *Object) typesInUse() []btf.TypeID {
	var roots []btf.TypeID
	for _, m := range o.maps {
		for d := m.def; d != nil && m.create; d = d.Inner {
			if hasTypes(d) {
				roots = append(roots, d.Key, d.Value)
			}
		}
	}
	if o.ext == nil {
		return roots
	}
	for _, records := range o.ext.Funcs.Sections {
		for ; len(records) > 0; records = records[o.ext.Funcs.Size:] {
			roots = append(roots, btf.TypeID(o.file.Order.Uint32(records[4:])))
		}
	}
	return roots
}

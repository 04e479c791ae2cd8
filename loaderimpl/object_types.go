// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/core"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// objectTypes holds an object's types in the kernel, for its maps and programs.
type objectTypes struct {
	fd      int              // -1 if the kernel has none of them
	token   *bpfToken        // that maps are made with, too; nil for none
	err     error            // why it has none; nil if there are none
	refused map[string]error // why maps, by name, were made without their types
}

// loadTypes loads the types that the object's maps and programs need, as they stand in the object
// or, where the kernel refuses those, as older kernels know them: see [typeinfo.Vintage].
func loadTypes(o *Object, token *bpfToken) *objectTypes {
	t := &objectTypes{fd: -1, token: token, refused: make(map[string]error)}
	roots := o.typesInUse()
	if len(roots) == 0 {
		return t
	}
	keep, err := o.types.Reach(roots)
	if err != nil {
		t.err = err
		return t
	}
	sizes := o.resized()
	var last []byte
	for v := typeinfo.AsCompiled; v <= typeinfo.Oldest; v++ {
		blob, err := o.types.ForKernel(o.file, keep, v, o.externs.Options(), sizes)
		if err != nil {
			t.err = err
			return t
		}
		if bytes.Equal(blob, last) {
			continue
		}
		last = blob
		fd, log, err := sys.LoadBTF(blob, token.descriptor())
		if err == nil {
			t.fd, t.err = fd, nil
			return t
		}
		if t.err == nil {
			t.err = fmt.Errorf("load BTF: %w: %s", err, sys.LastLine(log))
		}
		if errors.Is(err, syscall.EPERM) {
			return t
		}
	}
	return t
}

// close closes the types. Maps and programs that were made with them hold them.
func (t *objectTypes) close() {
	if t.fd >= 0 {
		sys.Close(t.fd)
	}
}

// createMap makes a map with its types, and without them if the kernel refuses it with them and
// takes it without. It says so in many ways, by the kernel's release and the type of map: ENOTSUPP
// for one that has no types, EINVAL for keys that it wants in another way, such as an array's that
// is an enum, EOPNOTSUPP for a lock or a timer where it has none (map_check_btf). So the errno is
// not looked at, as in libbpf (bpf_object__create_map); and as any errno can mean other things, the
// first one counts if the map cannot be made without types either.
func (t *objectTypes) createMap(attr sys.MapCreateAttr, d *mapdef.Definition) (int, error) {
	token := t.token.descriptor()
	switch {
	case d.StructOps != nil:
		// Though its value has a type of the kernel's, the kernel wants the object's types as well
		// (map_create).
		if t.fd < 0 {
			return -1, fmt.Errorf("the kernel has none of the object's types: %w", t.err)
		}
		attr.BTFFD = uint32(t.fd)
		return createStruct(attr, token)
	case !hasTypes(d):
		return sys.CreateMap(attr, token)
	}
	if t.fd < 0 {
		t.refused[d.Name] = t.err
		fd, err := sys.CreateMap(attr, token)
		if err != nil {
			return -1, fmt.Errorf("%w, without its types: %w", err, t.err)
		}
		return fd, nil
	}
	typed := attr
	typed.BTFFD, typed.BTFKey, typed.BTFValue = uint32(t.fd), uint32(d.Key), uint32(d.Value)
	fd, err := sys.CreateMap(typed, token)
	if err == nil {
		return fd, nil
	}
	fd, again := sys.CreateMap(attr, token)
	if again != nil {
		return -1, err
	}
	t.refused[d.Name] = err
	return fd, nil
}

// takesTypes reports whether the kernel takes BTF for maps of a type. For those it does not, the
// types of key and value are for readers of the source only (libbpf, bpf_object__create_map;
// kernel, map_check_no_btf).
func takesTypes(t ebpf.MapType) bool {
	switch t {
	case ebpf.PerfEventArray, ebpf.CGroupArray, ebpf.StackTrace, ebpf.ArrayOfMaps, ebpf.HashOfMaps,
		ebpf.DevMap, ebpf.DevMapHash,
		ebpf.CPUMap, ebpf.XSKMap, ebpf.SockMap, ebpf.SockHash, ebpf.Queue, ebpf.Stack, ebpf.Arena:
		return false
	}
	return true
}

// hasTypes reports whether the kernel is told the types of a map. It takes no key without a value.
func hasTypes(d *mapdef.Definition) bool { return d.Value != 0 && takesTypes(d.Type) }

// resized returns the sizes of the sections of global data, by name, that a caller changed.
func (o *Object) resized() map[string]uint32 {
	sizes := make(map[string]uint32)
	for _, m := range o.maps {
		if m.def.Source != mapdef.SourceData {
			continue
		}
		if s := o.file.Named(m.def.Section); uint64(m.def.ValueSize) != s.Size {
			sizes[s.Name] = m.def.ValueSize
		}
	}
	return sizes
}

// typesInUse returns the types that the kernel is told of: those of keys, values, global data,
// structures and functions, and those whose ids programs ask for.
func (o *Object) typesInUse() []btf.TypeID {
	var roots []btf.TypeID
	for _, m := range o.maps {
		for d := m.def; d != nil && m.create; d = d.Inner {
			switch {
			case hasTypes(d):
				roots = append(roots, d.Key, d.Value)
			case d.StructOps != nil:
				roots = append(roots, d.BTFType)
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
	for _, records := range o.ext.CORE.Sections { // a program may ask for the id of one
		for _, r := range core.Read(o.types, records, o.ext.CORE.Size) {
			if r.Kind == core.TypeIDLocal {
				roots = append(roots, r.Root)
			}
		}
	}
	return roots
}

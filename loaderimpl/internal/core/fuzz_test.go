// SPDX-License-Identifier: Apache-2.0

package core

import (
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// FuzzRelocations fuzzes an object's types and relocations, the kernel's types and those of a
// module: whatever they say, a relocation is refused or becomes something, in bounded time, and
// instructions stay within their bytes.
func FuzzRelocations(f *testing.F) {
	local := structure("s", 24, at(0, "a", tInt), bits(33, 3, "b", tUint), at(8, "n", structure("", 8, at(0, "x", array(tInt, 2)))))
	asks := []ask{{local, "0:0", FieldByteOffset}, {local, "0:1", FieldLShiftU64}, {local, "0:2:0:1", FieldByteSize}, {local, "0", TypeMatches},
		{local, "0", TypeIDTarget}, {tEnum, "1", EnumValue}, {typedef("d", proto(tInt, pointer(local))), "0", TypeExists}}
	for _, a := range asks {
		own, ids, text := marshal(f, types(a.root), a.access)
		theirs, _, _ := marshal(f, types(structure("s", 4), tEnum, typedef("d", proto(tInt, pointer(local)))))
		whole, err := typeinfo.ParseKernel(theirs, nil)
		if err != nil {
			f.Fatal(err)
		}
		order := objfile.NativeOrder()
		record := order.AppendUint32(nil, 0)
		record = order.AppendUint32(record, uint32(ids[0]))
		record = order.AppendUint32(record, text[0])
		record = order.AppendUint32(record, uint32(a.kind))
		more, _, _ := marshal(f, types(local))
		split, err := typeinfo.ParseKernel(more, nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(own, record, theirs, split.GoOn(whole), []byte{0xb7, 1, 0, 0, 0, 0, 0, 0})
	}
	f.Fuzz(func(t *testing.T, own, records, vmlinux, module, code []byte) {
		local, err := typeinfo.ParseKernel(own, nil)
		if err != nil {
			return
		}
		base, err := typeinfo.ParseKernel(vmlinux, nil)
		if err != nil {
			return
		}
		r := Resolver{Local: local, Sources: []Source{{"vmlinux", base}}, Others: func() ([]Source, error) {
			types, err := typeinfo.ParseKernel(module, base)
			if err != nil {
				return nil, err
			}
			return []Source{{"module", types}}, nil
		}}
		list := Read(local, records[:min(len(records), 4*RecordSize)], RecordSize)
		results, err := r.Resolve(list)
		if err != nil {
			if refuse.ClassOf(err) == refuse.ClassKernel {
				t.Fatalf("error %#v has no class: %v", err, err)
			}
			return
		}
		for i := range results {
			if len(code) < objfile.InsnSize {
				return
			}
			err := results[i].Patch(objfile.NativeOrder(), code)
			if err != nil && refuse.ClassOf(err) != refuse.ClassRelocation {
				t.Fatalf("error %#v has another class: %v", err, err)
			}
			if results[i].Poisoned && results[i].Lack(local) == "" {
				t.Fatal("what is lacking has no name")
			}
		}
	})
}

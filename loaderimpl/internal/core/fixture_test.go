// SPDX-License-Identifier: Apache-2.0

package core

import (
	"bytes"
	"debug/elf"
	"fmt"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// An ask is a relocation as a test writes it.
type ask struct {
	root   btf.Type
	access string
	kind   Kind
}

// An object has types and relocations, for this package and for package btf.
type object struct {
	types *typeinfo.Types
	relos []Relocation
	file  []byte

	spec  *btf.Spec
	their []*btf.CORERelocation
}

// marshal returns BTF of types with more strings at its end, and where those are.
func marshal(t testing.TB, types []btf.Type, strings ...string) (raw []byte, ids []btf.TypeID, at []uint32) {
	t.Helper()
	b, err := btf.NewBuilder(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range types {
		id, err := b.Add(typ)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	order := objfile.NativeOrder()
	if raw, err = b.Marshal(nil, &btf.MarshalOptions{Order: order}); err != nil {
		t.Fatal(err)
	}
	n := order.Uint32(raw[20:])
	for _, s := range strings {
		at = append(at, n)
		raw = append(append(raw, s...), 0)
		n += uint32(len(s)) + 1
	}
	order.PutUint32(raw[20:], n)
	return raw, ids, at
}

// newObject makes an object with relocations, the i-th of instruction 2*i of section p.
func newObject(t testing.TB, asks ...ask) *object {
	t.Helper()
	const section = "p"
	roots := make([]btf.Type, len(asks))
	texts := []string{section}
	for i, a := range asks {
		roots[i] = a.root
		texts = append(texts, a.access)
	}
	raw, ids, at := marshal(t, roots, texts...)
	o := &object{}
	order := objfile.NativeOrder()
	ext := order.AppendUint16(nil, 0xeb9f)
	ext = append(ext, 1, 0)
	size := uint32(4 + 8 + RecordSize*len(asks))
	words := []uint32{32, 0, 4, 4, 4, 8, size, typeinfo.FuncInfoSize, typeinfo.LineInfoSize, RecordSize, at[0], uint32(len(asks))}
	for i, a := range asks {
		r := Relocation{Insn: uint32(16 * i), Root: ids[i], Access: at[i+1], Kind: a.kind}
		o.relos = append(o.relos, r)
		words = append(words, r.Insn, uint32(r.Root), r.Access, uint32(r.Kind))
	}
	for _, w := range words {
		ext = order.AppendUint32(ext, w)
	}
	w := objfile.Writer{Order: order}
	w.Add(objfile.NewSection{Name: section, Type: elf.SHT_PROGBITS, Flags: elf.SHF_EXECINSTR, Size: uint64(16 * len(asks)), Data: make([]byte, 16*len(asks))})
	w.Add(objfile.NewSection{Name: ".BTF", Type: elf.SHT_PROGBITS, Size: uint64(len(raw)), Data: raw})
	w.Add(objfile.NewSection{Name: ".BTF.ext", Type: elf.SHT_PROGBITS, Size: uint64(len(ext)), Data: ext})
	file := w.Bytes(nil, 1)

	o.file = file
	parsed, err := objfile.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if o.types, err = typeinfo.Parse(parsed); err != nil {
		t.Fatal(err)
	}
	exts, err := typeinfo.ParseExt(parsed, o.types)
	if err != nil {
		t.Fatal(err)
	}
	got := Read(o.types, exts.CORE.In(order, section, 0, uint64(16*len(asks))), exts.CORE.Size)
	if fmt.Sprint(got) != fmt.Sprint(o.relos) {
		t.Fatalf("%v, want %v", got, o.relos)
	}
	spec, theirs, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	o.spec = spec
	if theirs != nil {
		_, _, list := theirs.Section(section)
		for _, r := range list {
			o.their = append(o.their, r.Relo)
		}
	}
	return o
}

// kernel makes a source of types, for this package and for package btf.
func kernel(t testing.TB, name string, types ...btf.Type) (Source, *btf.Spec) {
	t.Helper()
	raw, _, _ := marshal(t, types)
	parsed, err := typeinfo.ParseKernel(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return Source{name, parsed}, spec
}

// ours returns what a relocation becomes here, as package btf writes it.
func (o *object) ours(i int, sources ...Source) string {
	r := Resolver{Local: o.types, Sources: sources}
	results, err := r.Resolve(o.relos[i : i+1])
	if err != nil {
		return "error"
	}
	if results[0].Poisoned {
		return "poison"
	}
	return fmt.Sprintf("%d->%d", results[0].Original, results[0].Value)
}

// theirs returns what it becomes with cilium/ebpf.
func (o *object) theirs(i int, targets ...*btf.Spec) string {
	fixups, err := btf.CORERelocate(o.their[i:i+1], targets, objfile.NativeOrder(), o.spec.TypeID)
	if err != nil {
		return "error"
	}
	_, text, _ := bytes.Cut([]byte(fixups[0].String()), []byte("="))
	return string(text)
}

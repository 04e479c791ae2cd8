// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// readTest reads and parses a test object of this machine's byte order.
func readTest(t testing.TB, name string) *objfile.File {
	t.Helper()
	order := "el"
	if !objfile.NativeLittle {
		order = "eb"
	}
	data, err := os.ReadFile("../../testdata/" + name + ".bpf" + order + ".o")
	if err != nil {
		t.Fatal(err)
	}
	f, err := objfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// FuzzTypes fuzzes types, and what BTF says of instructions, under a good table of symbols:
// whatever they say, they are refused or can be given to a kernel, and variables take values of
// their size.
func FuzzTypes(f *testing.F) {
	names := []string{"variables", "data", "calls", "modern"}
	base := make([]*objfile.File, len(names))
	for i, name := range names {
		base[i] = readTest(f, name)
		f.Add(uint8(i), base[i].Named(Section).Data, base[i].Named(ExtSection).Data)
	}
	f.Fuzz(func(t *testing.T, which uint8, types, ext []byte) {
		file := *base[int(which)%len(names)]
		file.Sections = slices.Clone(file.Sections)
		file.Named(Section).Data, file.Named(ExtSection).Data = types, ext
		parsed, err := Parse(&file)
		if err != nil {
			checkReason(t, err)
			return
		}
		if _, err := ParseExt(&file, parsed); err != nil {
			checkReason(t, err)
		}
		if parsed == nil {
			return
		}
		all := make([]bool, len(parsed.offsets))
		for i := range all {
			all[i] = true
		}
		if _, err := parsed.ForKernel(&file, all, Oldest, nil, nil); err != nil {
			checkReason(t, err)
		}
		for i := range file.Sections {
			_, vars, err := parsed.Variables(&file.Sections[i], nil)
			if err != nil {
				checkReason(t, err)
			}
			for _, v := range vars {
				checkValue(t, parsed, v)
			}
		}
	})
}

// checkReason holds an error to being a refusal.
func checkReason(t *testing.T, err error) {
	t.Helper()
	if refuse.ClassOf(err) == refuse.ClassKernel {
		t.Fatalf("error %#v has no class: %v", err, err)
	}
}

// checkValue gives a variable values of several Go types. What is taken comes back.
func checkValue(t *testing.T, types *Types, v Variable) {
	t.Helper()
	if v.Size > 1<<16 {
		return
	}
	data := make([]byte, v.Size)
	raw := bytes.Repeat([]byte{0xa5}, int(v.Size))
	var back []byte
	if err := errors.Join(types.Encode(data, v.Type, raw), types.Decode(data, v.Type, &back)); err != nil || !bytes.Equal(raw, back) {
		t.Fatalf("bytes of %s: % x, %v", v.Name, back, err)
	}
	var n int
	var u uint64
	var on bool
	var float float64
	var pair [2]int
	for _, err := range []error{
		both(types, data, v.Type, 1, &n), both(types, data, v.Type, uint64(1), &u), both(types, data, v.Type, true, &on),
		both(types, data, v.Type, 1.5, &float), both(types, data, v.Type, [2]int{1, 2}, &pair),
	} {
		if err != nil {
			checkReason(t, err)
		}
	}
	if n > 1 || u > 1 || float != 0 && float != 1.5 || pair != [2]int{} && pair != [2]int{1, 2} {
		t.Fatalf("%s: %d, %d, %v, %v", v.Name, n, u, float, pair)
	}
}

// both sets a value and reads it again.
func both(types *Types, data []byte, id btf.TypeID, value, to any) error {
	if err := types.Encode(data, id, value); err != nil {
		return err
	}
	return types.Decode(data, id, to)
}

// FuzzSplit fuzzes types of a kernel and types that go on from them: whatever they say, they are
// refused or can be asked for all that CO-RE asks for.
func FuzzSplit(f *testing.F) {
	const baseText, splitText = "\x00long\x00shared\x00", "own\x00shared___2\x00"
	vmlinux := rawBTF(baseText, slices.Concat([]uint32{1, uint32(KindInt) << 24, 8, 64}, structOf(6, 8, 1, 1))...)
	base, err := ParseKernel(vmlinux, nil)
	if err != nil {
		f.Fatal(err)
	}
	const own, flavor = uint32(len(baseText)), uint32(len(baseText) + 4)
	f.Add(vmlinux, rawBTF(splitText, slices.Concat(structOf(own, 4, flavor, 2), structOf(flavor, 8, own, 3))...))
	whole, err := ParseKernel(rawBTF(baseText, structOf(1, 8, 6, 0)...), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(vmlinux, whole.GoOn(base))
	f.Fuzz(func(t *testing.T, vmlinux, split []byte) {
		if err := CheckRecords(split); err != nil {
			checkReason(t, err)
		}
		_, notWhole := ParseWhole(split)
		if notWhole != nil {
			checkReason(t, notWhole)
		}
		base, err := ParseKernel(vmlinux, nil)
		if err != nil {
			checkReason(t, err)
			return
		}
		types, err := ParseKernel(split, base)
		if err != nil {
			checkReason(t, err)
			return
		}
		for _, name := range []string{"shared", "own", "long", ""} {
			for _, id := range types.Named(NameOf(name)) {
				if r, err := types.Type(id); err != nil || WithoutFlavor(r.Name) != name {
					t.Fatalf("type %d is %q, %v, and found as %q", id, r.Name, err, name)
				}
				if _, err := types.SizeInKernel(id); err != nil {
					checkReason(t, err)
				}
			}
			types.OfKind(KindFunc, name)
		}
		if types.checkReferences() != nil {
			return
		}
		for id := range types.firstID() + btf.TypeID(len(types.offsets)) {
			if _, err := types.Type(id); err != nil && id >= types.firstID() {
				checkReason(t, err)
			}
		}
	})
}

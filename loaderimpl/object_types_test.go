// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"fmt"
	"maps"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// forKernelText returns what the kernel would be given of an object's types, as text by id, without
// those that it need not know; and the same as bytes.
func forKernelText(t *testing.T, o *Object, vintage typeinfo.Vintage) (map[btf.TypeID]string, []byte) {
	t.Helper()
	keep, err := o.types.Reach(o.typesInUse())
	do(t, err)
	blob, err := o.types.ForKernel(o.file, keep, vintage, o.externs.Options(), nil)
	do(t, err)
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(blob))
	do(t, err)
	text := make(map[btf.TypeID]string)
	for id := btf.TypeID(1); uint64(id) < uint64(len(keep)); id++ {
		typ, err := spec.TypeByID(id)
		do(t, err)
		i, isInt := typ.(*btf.Int)
		switch fn, isFunc := typ.(*btf.Func); {
		case isInt && i.Size == 1 && i.Name == "":
		case isFunc:
			text[id] = fmt.Sprintf("%s %v", fn.Name, fn.Linkage)
		default:
			text[id] = fmt.Sprint(typ)
		}
	}
	return text, blob
}

func TestTheKernelIsToldWhatItNeedsToKnow(t *testing.T) {
	needsBPF(t)
	o := openTest(t, "modern", Options{})
	do(t, o.Map("left_out").SetAutocreate(false))
	modern := map[btf.TypeID]string{
		2:  `Int:"int"[signed size=4]`,
		5:  `Pointer[target=Typedef:"__u32"]`,
		6:  textU32,
		7:  `Int:"unsigned int"[unsigned size=4]`,
		9:  `Struct:"value"[fields=5 fieldNames=[ratio share large pointer counted]]`,
		10: `declTag[type=Struct:"value" value=mine index=-1]`,
		11: `Float:"float"[size=32]`,
		12: `Float:"double"[size=64]`,
		13: `Enum:"large"[size=8 values=1]`,
		14: `TypeTag[type=Typedef:"__u32" value=on]`,
		15: `Pointer[target=TypeTag]`,
		16: `declTag[type=Struct:"value" value=counted index=4]`,
		29: `FuncProto[args=1 return=Int:"int"]`,
		30: `inside static`, // hidden in the object
		31: `Pointer[target=Void]`,
		32: `FuncProto[args=1 return=Int:"int"]`,
		33: `use global`,
	}
	got, _ := forKernelText(t, o, typeinfo.AsCompiled)
	if diff := cmp.Diff(modern, got); diff != "" {
		t.Error(diff)
	}

	old := maps.Clone(modern)
	delete(old, 10)
	delete(old, 16)
	old[11], old[12], old[13] = `Int:"float"[unsigned size=4]`, `Int:"double"[unsigned size=8]`, `Int:"large"[unsigned size=8]`
	old[14], old[15] = `Const[Typedef:"__u32"]`, `Pointer[target=Const]`
	got, blob := forKernelText(t, o, typeinfo.Oldest)
	if diff := cmp.Diff(old, got); diff != "" {
		t.Error(diff)
	}
	fd, _, err := sys.LoadBTF(blob, 0)
	do(t, err)
	do(t, unix.Close(fd))
}

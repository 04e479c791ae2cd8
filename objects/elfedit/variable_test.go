// SPDX-License-Identifier: Apache-2.0

package elfedit_test

import (
	"bytes"
	"testing"

	"github.com/cilium/ebpf/btf"

	. "github.com/loadstone-bpf/loadstone/objects/elfedit"
)

// variablesOf returns the list of variables of section .maps, and how many types there are.
func variablesOf(t *testing.T, raw []byte) ([]btf.VarSecinfo, int) {
	t.Helper()
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(btfOf(t, raw)))
	if err != nil {
		t.Fatal(err)
	}
	types := 0
	for _, err := range spec.All() {
		if err != nil {
			t.Fatal(err)
		}
		types++
	}
	var list *btf.Datasec
	if err := spec.TypeByName(".maps", &list); err != nil {
		t.Fatal(err)
	}
	return list.Vars, types
}

func TestListOfVariablesSaysWhatItIsTold(t *testing.T) {
	const maps, counts = ".maps", "counts"
	for _, order := range []string{"el", "eb"} {
		raw := object(t, order)
		was, types := variablesOf(t, raw)
		if len(was) != 1 || was[0].Offset != 0 || was[0].Size != 32 {
			t.Fatalf("the good object lists %v", was)
		}
		for _, tc := range []struct {
			edit   Edit
			offset uint32
			size   uint32
		}{
			{MoveVariable(maps, counts, 24), 24, 32},
			{ResizeVariable(maps, counts, 8), 0, 8},
		} {
			edited, err := Apply(raw, tc.edit)
			if err != nil {
				t.Fatal(err)
			}
			is, _ := variablesOf(t, edited)
			if len(is) != 1 || is[0].Offset != tc.offset || is[0].Size != tc.size ||
				is[0].Type.TypeName() != counts {
				t.Errorf("%s: %s: is %v", order, tc.edit, is)
			}
		}
		none, err := Apply(raw, UnlistVariable(maps, counts))
		if err != nil {
			t.Fatal(err)
		}
		if is, left := variablesOf(t, none); len(is) != 0 || left != types {
			t.Errorf("%s: lists %v among %d types, want nothing among %d", order, is, left, types)
		}
		other, err := Apply(raw, ListVariableAs(maps, counts, 1<<20))
		if err != nil {
			t.Fatal(err)
		}
		spec, err := btf.LoadSpecFromReader(bytes.NewReader(btfOf(t, other)))
		if err != nil {
			continue
		}
		var list *btf.Datasec
		if err := spec.TypeByName(maps, &list); err == nil {
			t.Errorf("%s: lists %v, want a type that does not exist", order, list.Vars)
		}
	}
}

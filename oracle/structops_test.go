// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/google/go-cmp/cmp"
)

// congestion describes a congestion control of that name which a link registers or, with flags 0,
// the map.
func congestion(name string, flags uint32) *ebpf.CollectionSpec {
	function := &btf.Pointer{Target: &btf.FuncProto{Return: &btf.Void{}}}
	char := &btf.Int{Name: "char", Size: 1, Encoding: btf.Char}
	index := &btf.Int{Name: "int", Size: 4}
	local := &btf.Struct{Name: "tcp_congestion_ops", Size: 40, Members: []btf.Member{
		{Name: "ssthresh", Type: function},
		{Name: "undo_cwnd", Type: function, Offset: 8 * 8},
		{Name: "cong_avoid", Type: function, Offset: 16 * 8},
		{Name: "name", Type: &btf.Array{Index: index, Type: char, Nelems: 16}, Offset: 24 * 8},
	}}
	value := make([]byte, local.Size)
	copy(value[24:], name)
	collection := &ebpf.CollectionSpec{
		Programs: map[string]*ebpf.ProgramSpec{},
		Maps: map[string]*ebpf.MapSpec{"ca": {
			Name: "ca", Type: ebpf.StructOpsMap, Flags: flags, KeySize: 4, ValueSize: local.Size,
			MaxEntries: 1, Value: local,
			Key:      &btf.Int{Size: 4},
			Contents: []ebpf.MapKV{{Key: uint32(0), Value: value}},
		}},
	}
	for _, member := range []string{"ssthresh", "undo_cwnd", "cong_avoid"} {
		collection.Programs[member] = &ebpf.ProgramSpec{
			Name: member, Type: ebpf.StructOps, License: "GPL",
			AttachTo:     "tcp_congestion_ops:" + member,
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 2), asm.Return()},
		}
	}
	return collection
}

// register loads a congestion control.
func register(t *testing.T, name string, flags uint32) (*ebpf.Map, StructOpsFacts) {
	t.Helper()
	loaded, err := ebpf.NewCollection(congestion(name, flags))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(loaded.Close)
	return loaded.Maps["ca"], structOpsOf(t, loaded.Maps["ca"])
}

func structOpsOf(t *testing.T, m *ebpf.Map) StructOpsFacts {
	t.Helper()
	in, err := m.Info()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := in.ID()
	facts, err := StructOps(uint32(id))
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

func TestStructureThatALinkRegisters(t *testing.T) {
	m, facts := register(t, "ls_oracle_link", structOpsLink)
	l, err := link.AttachStructOps(link.StructOpsOptions{Map: m})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	about, err := l.Info()
	if err != nil {
		t.Fatal(err)
	}
	mapID, err := StructOpsLink(uint32(about.ID))
	if mapID != facts.Map || err != nil {
		t.Errorf("the link registers map %d, %v; want map %d", mapID, err, facts.Map)
	}
	links, err := StructOpsLinks()
	if !slices.Contains(links, uint32(about.ID)) || err != nil {
		t.Errorf("links %v, %v; want %d among them", links, err, about.ID)
	}
	if !facts.Link || facts.State != "READY" {
		t.Errorf("%+v", facts)
	}
	if _, err := StructOpsLink(noSuchID); !errors.Is(err, ErrNoSuchObject) {
		t.Errorf("no such link: %v", err)
	}
}

func TestStructureThatItsMapRegisters(t *testing.T) {
	m, facts := register(t, "ls_oracle_map", 0)
	want := StructOpsFacts{
		Map: facts.Map, Name: "ca", Type: "tcp_congestion_ops", Module: vmlinux, State: "INUSE",
		References: 1,
	}
	members := facts.Members
	facts.Members = nil
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Error(diff)
	}
	facts.Members = members
	programs := facts.Programs()
	for _, member := range []string{"ssthresh", "undo_cwnd", "cong_avoid"} {
		about, err := Program(programs[member])
		if about.Name != member || err != nil {
			t.Errorf("member %s is program %+v, %v", member, about, err)
		}
	}
	if len(programs) != 3 {
		t.Errorf("programs %v, want 3", programs)
	}
	name, found := facts.Member("name")
	if got := string(name.Value); got != "ls_oracle_map\x00\x00\x00" || !found || name.Func {
		t.Errorf("name is %q", got)
	}
	if err := m.Delete(uint32(0)); err != nil {
		t.Fatal(err)
	}
	if after := structOpsOf(t, m); after.State != "TOBEFREE" {
		t.Errorf("deleted: %s", after.State)
	}
	maps, err := StructOpsMaps()
	if !slices.Contains(maps, facts.Map) || err != nil {
		t.Errorf("maps %v, %v; want %d among them", maps, err, facts.Map)
	}
}

func TestMapThatIsNoStructOps(t *testing.T) {
	_, id := newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if facts, err := StructOps(id); !errors.Is(err, ErrNotStructOps) {
		t.Errorf("%+v, %v", facts, err)
	}
	if _, err := StructOps(noSuchID); !errors.Is(err, ErrNoSuchObject) {
		t.Errorf("no such map: %v", err)
	}
}

func TestStructuresThatTheKernelHas(t *testing.T) {
	all, err := StructOpsTypes()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s StructOpsType) bool { return s.Name == "tcp_congestion_ops" })
	if i < 0 || all[i].Module != vmlinux || !slices.Contains(all[i].Members, "ssthresh") {
		t.Errorf("%+v", all)
	}
	for _, s := range all {
		if s.Name == "map" || s.Name == "link" {
			t.Errorf("struct bpf_struct_ops_%s is the kernel's own business", s.Name)
		}
	}
}

func TestNamesInBTF(t *testing.T) {
	raw := []byte("\x00a_b\x00x_a_b\x00a_c\x00a_b\x00a_")
	if diff := cmp.Diff([]string{"a_b", "a_c"}, namesWith(raw, "a_")); diff != "" {
		t.Error(diff)
	}
}

func TestRunsAreCounted(t *testing.T) {
	id := newProgram(t, &ebpf.ProgramSpec{Type: ebpf.SocketFilter,
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}})
	counting, err := CountRuns()
	if err != nil {
		t.Fatal(err)
	}
	defer counting.Close()
	for range 3 {
		if _, _, err := Run(id, make([]byte, 64)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := Runs(id); n != 3 || err != nil {
		t.Errorf("%d runs, %v", n, err)
	}
}

func TestStructuresAreProbed(t *testing.T) {
	for name, want := range map[string]bool{"tcp_congestion_ops": true, "no_such_ops": false,
		"map": false} {
		if has, err := HasStructOps(name); has != want || err != nil {
			t.Errorf("%s: %v, %v", name, has, err)
		}
	}
	if has, err := HasStructOpsLink(); !has || err != nil {
		t.Errorf("links: %v, %v", has, err) // this test's register needs one too
	}
}

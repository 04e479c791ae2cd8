// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/rlimit"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/oracle/turn"
)

// noSuchID holds an id that no kernel reaches.
const noSuchID = 1 << 30

func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "the tests of package oracle make BPF objects and need root for it: run make test, or sudo go test")
		os.Exit(1)
	}
	mine, err := turn.ForTests(os.Stderr)
	if err = errors.Join(err, rlimit.RemoveMemlock()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	mine.End()
	os.Exit(code)
}

func newMap(t *testing.T, spec *ebpf.MapSpec) (*ebpf.Map, uint32) {
	t.Helper()
	m, err := ebpf.NewMap(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	info, err := m.Info()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := info.ID()
	return m, uint32(id)
}

func newProgram(t *testing.T, spec *ebpf.ProgramSpec) uint32 {
	t.Helper()
	p, err := ebpf.NewProgram(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	info, err := p.Info()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := info.ID()
	return uint32(id)
}

func factsOf(t *testing.T, id uint32) MapFacts {
	t.Helper()
	facts, err := Map(id)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// typed describes a hash whose key and value have known types.
func typed() *ebpf.MapSpec {
	u32 := &btf.Int{Name: "unsigned int", Size: 4}
	point := &btf.Struct{Name: "point", Size: 8, Members: []btf.Member{
		{Name: "x", Type: u32, Offset: 0},
		{Name: "y", Type: &btf.Array{Index: u32, Type: &btf.Int{Name: "char", Size: 1}, Nelems: 4}, Offset: 32},
	}}
	return &ebpf.MapSpec{
		Name: "typed", Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 3, Flags: 1,
		Key: &btf.Typedef{Name: "__u32", Type: u32}, Value: point,
	}
}

func TestMapFacts(t *testing.T) {
	_, id := newMap(t, typed())
	want := MapFacts{
		Name: "typed", Type: "hash", KeySize: 4, ValueSize: 8, MaxEntries: 3, Flags: 1,
		Key:   "__u32 = unsigned int /*4*/",
		Value: "struct point {unsigned int /*4*/ x@0; char /*1*/[4] y@32;} /*8*/",
	}
	if diff := cmp.Diff(want, factsOf(t, id)); diff != "" {
		t.Error(diff)
	}
}

func TestTwoLoadsOfADefinitionHaveEqualFacts(t *testing.T) {
	_, first := newMap(t, typed())
	_, second := newMap(t, typed())
	if first == second {
		t.Fatalf("both maps have id %d", first)
	}
	if a, b := factsOf(t, first), factsOf(t, second); a != b {
		t.Error(a.Difference(b))
	}
}

func TestMapExtraAndFrozen(t *testing.T) {
	_, id := newMap(t, &ebpf.MapSpec{Name: "bloom", Type: ebpf.BloomFilter, ValueSize: 8, MaxEntries: 1, MapExtra: 3})
	if got := factsOf(t, id).Extra; got != 3 {
		t.Errorf("map_extra %d", got)
	}
	m, id := newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if factsOf(t, id).Frozen {
		t.Error("frozen before it was")
	}
	if err := m.Freeze(); err != nil {
		t.Fatal(err)
	}
	if !factsOf(t, id).Frozen {
		t.Error("not frozen")
	}
}

func TestDifferenceNamesEveryFactThatDiffers(t *testing.T) {
	a := MapFacts{Name: "m", Type: "hash", KeySize: 4, ValueSize: 8, MaxEntries: 1, Flags: 5, Key: "int /*4*/"}
	b := MapFacts{Name: "n", Type: "lru_hash", KeySize: 4, ValueSize: 4, MaxEntries: 1, Extra: 16, Frozen: true}
	want := `name         "m", not "n"
type         hash, not lru_hash
value_size   8, not 4
map_flags    0x5 (NO_PREALLOC NUMA_NODE), not 0x0
map_extra    0x0, not 0x10
frozen       false, not true
key          int /*4*/, not no BTF
`
	if diff := cmp.Diff(want, a.Difference(b)); diff != "" {
		t.Error(diff)
	}
	if got := a.Difference(a); got != "" {
		t.Errorf("a map differs from itself: %s", got)
	}
}

func TestAnIDThatDoesNotExist(t *testing.T) {
	_, mapErr := Map(noSuchID)
	_, programErr := Program(noSuchID)
	_, lookupErr := Lookup(noSuchID, []byte{0})
	_, _, runErr := Run(noSuchID, make([]byte, 14))
	for what, err := range map[string]error{"map": mapErr, "program": programErr, "lookup": lookupErr, "run": runErr} {
		if !errors.Is(err, ErrNoSuchObject) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestLookup(t *testing.T) {
	m, id := newMap(t, &ebpf.MapSpec{Type: ebpf.Hash, KeySize: 1, ValueSize: 2, MaxEntries: 1})
	if err := m.Put([]byte{7}, []byte{8, 9}); err != nil {
		t.Fatal(err)
	}
	if value, err := Lookup(id, []byte{7}); err != nil || !slices.Equal(value, []byte{8, 9}) {
		t.Errorf("value %v, %v", value, err)
	}
	if _, err := Lookup(id, []byte{1}); !errors.Is(err, ErrNoSuchKey) {
		t.Errorf("a missing key: %v", err)
	}
}

func TestProgramFactsAndRun(t *testing.T) {
	m, mapID := newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	id := newProgram(t, &ebpf.ProgramSpec{Name: "pass", Type: ebpf.SchedCLS, License: "GPL", Instructions: asm.Instructions{
		asm.LoadMapPtr(asm.R1, m.FD()), asm.Mov.Imm(asm.R0, 42), asm.Return(),
	}})
	facts, err := Program(id)
	if err != nil {
		t.Fatal(err)
	}
	if len(facts.Tag) != 16 {
		t.Errorf("tag %q", facts.Tag)
	}
	facts.Tag = ""
	if diff := cmp.Diff(ProgramFacts{Name: "pass", Type: "sched_cls", Maps: []uint32{mapID}}, facts); diff != "" {
		t.Error(diff)
	}
	if result, output, err := Run(id, make([]byte, 14)); err != nil || result != 42 || len(output) != 14 {
		t.Errorf("run: %d, %d bytes, %v", result, len(output), err)
	}
}

func TestWhatIsBeyondIsNamed(t *testing.T) {
	bpffs := t.TempDir()
	w := Witness{BPFFS: bpffs, Shared: true}
	before, err := w.Take()
	if err != nil {
		t.Fatal(err)
	}
	_, mapID := newMap(t, &ebpf.MapSpec{Name: "left", Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	programID := newProgram(t, &ebpf.ProgramSpec{Name: "too", Type: ebpf.XDP, License: "GPL", Instructions: asm.Instructions{
		asm.Mov.Imm(asm.R0, 2), asm.Return(),
	}})
	if err := os.MkdirAll(filepath.Join(bpffs, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bpffs, "folder", "pin"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	beyond, err := w.Beyond(ctx, before)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("map %d left (array)", mapID), fmt.Sprintf("program %d too (xdp)", programID), "pin folder/pin",
	} {
		if !slices.ContainsFunc(beyond, func(o Object) bool { return o.String() == want }) {
			t.Errorf("beyond lacks %q: %v", want, beyond)
		}
	}
}

func TestWhatIsFreedLateIsWaitedFor(t *testing.T) {
	w := Witness{Shared: true}
	before, err := w.Take()
	if err != nil {
		t.Fatal(err)
	}
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(30*time.Millisecond, func() { m.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if beyond, err := w.Beyond(ctx, before); err != nil || len(beyond) > 0 {
		t.Errorf("beyond %v, %v", beyond, err)
	}
}

func TestOurChildrenAreOurOwn(t *testing.T) {
	child := exec.Command("cat")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stdin.Close()
		if err := child.Wait(); err != nil {
			t.Error(err)
		}
	}()
	_, others, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	for pid, other := range map[int]bool{os.Getpid(): false, child.Process.Pid: false, os.Getppid(): true} {
		if slices.Contains(others, pid) != other {
			t.Errorf("process %d: somebody else's: %t", pid, !other)
		}
	}
}

func TestWhatAProcessHolds(t *testing.T) {
	_, id := newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	held := map[Object]bool{}
	if err := heldBy(os.Getpid(), held); err != nil {
		t.Fatal(err)
	}
	if !held[Object{Kind: KindMap, ID: id}] {
		t.Errorf("map %d is not in %v", id, held)
	}
	if err := heldBy(noSuchID, held); err != nil {
		t.Errorf("a process that is gone: %v", err)
	}
}

func TestProbes(t *testing.T) {
	if has, err := HasMapType("array"); err != nil || !has {
		t.Errorf("array: %t, %v", has, err)
	}
	if _, err := HasMapType("no_such"); err == nil {
		t.Error("a probe for a type that is none")
	}
	if nodes, err := NUMANodes(); err != nil || nodes < 1 {
		t.Errorf("%d NUMA nodes, %v", nodes, err)
	}
	release, machine, err := Release()
	if err != nil || !strings.Contains(release, ".") || machine == "" {
		t.Errorf("release %q, machine %q, %v", release, machine, err)
	}
}

func TestTypesAreWrittenOut(t *testing.T) {
	integer := &btf.Int{Name: "int", Size: 4}
	list := &btf.Struct{Name: "list", Size: 8}
	list.Members = []btf.Member{{Name: "next", Type: &btf.Pointer{Target: list}}}
	for want, typ := range map[string]btf.Type{
		"struct list {*struct list next@0;} /*8*/": list,
		"enum {A=0, B=18446744073709551615} /*8*/": &btf.Enum{Size: 8, Values: []btf.EnumValue{{Name: "A"}, {Name: "B", Value: 1<<64 - 1}}},
		"enum e {A=-1} /*4*/":                      &btf.Enum{Name: "e", Size: 4, Signed: true, Values: []btf.EnumValue{{Name: "A", Value: 1<<64 - 1}}},
		"union u {int /*4*/ a@0;} /*4*/":           &btf.Union{Name: "u", Size: 4, Members: []btf.Member{{Name: "a", Type: integer}}},
		"struct {int /*4*/ a@0:3;} /*4*/":          &btf.Struct{Size: 4, Members: []btf.Member{{Name: "a", Type: integer, BitfieldSize: 3}}},
		"const volatile int /*4*/":                 &btf.Const{Type: &btf.Volatile{Type: integer}},
		"*const struct list":                       &btf.Pointer{Target: &btf.Const{Type: list}},
		"*void":                                    &btf.Pointer{Target: (*btf.Void)(nil)},
		`*struct list __tag("rcu")`:                &btf.Pointer{Target: &btf.TypeTag{Type: list, Value: "rcu"}},
		"*function":                                &btf.Pointer{Target: &btf.FuncProto{Return: integer}},
		"double /*8*/":                             &btf.Float{Name: "double", Size: 8},
		"*struct unknown;":                         &btf.Pointer{Target: &btf.Fwd{Name: "unknown", Kind: btf.FwdStruct}},
	} {
		if got := cType(typ); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

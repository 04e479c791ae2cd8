// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/features"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// needsBPF fails a test that is run without the right to load BPF.
func needsBPF(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test loads BPF maps and programs: run it as root, go test -exec sudo ./loaderimpl")
	}
}

// load opens a test object, changes it, and loads it.
func load(t testing.TB, name string, opts Options, change func(o *Object)) *Loaded {
	t.Helper()
	needsBPF(t)
	o := openTest(t, name, opts)
	if change != nil {
		change(o)
	}
	l, err := o.Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	for name, err := range l.TypesRefused {
		t.Errorf("map %s has no types in the kernel: %v", name, err)
	}
	return l
}

func do(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// kernelMap holds what the kernel says of a map.
type kernelMap struct {
	Name                              string
	Type                              ebpf.MapType
	Key, Value, Entries, Flags, Extra int
	KeyType, ValueType                string
	Frozen                            bool
}

func kernelMaps(t *testing.T, l *Loaded) map[string]kernelMap {
	t.Helper()
	maps := make(map[string]kernelMap)
	for name, m := range l.Maps {
		info, err := m.Info()
		do(t, err)
		raw, err := sys.InfoOf(m.FD())
		do(t, err)
		k := kernelMap{
			Name: info.Name, Type: info.Type, Key: int(info.KeySize), Value: int(info.ValueSize), Entries: int(info.MaxEntries),
			Flags: int(info.Flags), Extra: int(raw.MapExtra), Frozen: info.Frozen(),
		}
		if raw.BTFID != 0 {
			h, err := btf.NewHandleFromID(btf.ID(raw.BTFID))
			do(t, err)
			spec, err := h.Spec(nil)
			do(t, err)
			do(t, h.Close())
			k.KeyType, k.ValueType = typeText(spec, btf.TypeID(raw.BTFKey)), typeText(spec, btf.TypeID(raw.BTFValue))
		}
		maps[name] = k
	}
	return maps
}

const (
	textU32 = `Typedef:"__u32"[Int:"unsigned int"]`
	textU64 = `Typedef:"__u64"[Int:"unsigned long long"]`
)

func TestMapsAreAsDefined(t *testing.T) {
	cpus, err := ebpf.PossibleCPU()
	do(t, err)
	for object, want := range map[string]map[string]kernelMap{
		"btf": {
			"typed": {Name: "typed", Type: ebpf.Hash, Key: 4, Value: 16, Entries: 16, Flags: mapdef.FlagNoPrealloc, KeyType: textU32,
				ValueType: `Struct:"value"[fields=2 fieldNames=[a b]]`},
			"sized":  {Name: "sized", Type: ebpf.Array, Key: 4, Value: 12, Entries: 3},
			"agreed": {Name: "agreed", Type: ebpf.Array, Key: 4, Value: 8, Entries: 1, KeyType: textU32, ValueType: textU64},
			"on_node_zero_without_saying_so": {Name: "on_node_zero_wi", Type: ebpf.Array, Key: 4, Value: 8, Entries: 1, Flags: mapdef.FlagNumaNode,
				KeyType: textU32, ValueType: textU64},
			"ring":   {Name: "ring", Type: ebpf.RingBuf, Entries: 8192},
			"perf":   {Name: "perf", Type: ebpf.PerfEventArray, Key: 4, Value: 4, Entries: cpus},
			"weakly": {Name: "weakly", Type: ebpf.Hash, Key: 4, Value: 4, Entries: 4, KeyType: textU32, ValueType: textU32},
		},
		"legacy": {
			"plain":         {Name: "plain", Type: ebpf.Array, Key: 4, Value: 8, Entries: 2},
			"without_flags": {Name: "without_flags", Type: ebpf.Hash, Key: 4, Value: 4, Entries: 7},
			"longer":        {Name: "longer", Type: ebpf.Hash, Key: 8, Value: 16, Entries: 9, Flags: mapdef.FlagNoPrealloc},
			"annotated":     {Name: "annotated", Type: ebpf.Hash, Key: 4, Value: 8, Entries: 5, KeyType: textU32, ValueType: textU64},
		},
		"legacy_nobtf": {
			"plain":         {Name: "plain", Type: ebpf.Array, Key: 4, Value: 8, Entries: 2},
			"without_flags": {Name: "without_flags", Type: ebpf.Hash, Key: 4, Value: 4, Entries: 7},
			"longer":        {Name: "longer", Type: ebpf.Hash, Key: 8, Value: 16, Entries: 9, Flags: mapdef.FlagNoPrealloc},
			"annotated":     {Name: "annotated", Type: ebpf.Hash, Key: 4, Value: 8, Entries: 5},
		},
		"iproute2": {
			"in_array":  {Name: "in_array", Type: ebpf.ArrayOfMaps, Key: 4, Value: 4, Entries: 3},
			"in_hash":   {Name: "in_hash", Type: ebpf.HashOfMaps, Key: 4, Value: 4, Entries: 4, Flags: mapdef.FlagNoPrealloc},
			"template":  {Name: "template", Type: ebpf.Array, Key: 4, Value: 8, Entries: 1},
			"first":     {Name: "first", Type: ebpf.Array, Key: 4, Value: 8, Entries: 1},
			"second":    {Name: "second", Type: ebpf.Array, Key: 4, Value: 8, Entries: 1},
			"annotated": {Name: "annotated", Type: ebpf.Hash, Key: 4, Value: 8, Entries: 5, Flags: mapdef.FlagNoPrealloc, KeyType: textU32, ValueType: textU64},
			"jumps":     {Name: "jumps", Type: ebpf.ProgramArray, Key: 4, Value: 4, Entries: 16},
		},
		"samples": {
			"plain":           {Name: "plain", Type: ebpf.Array, Key: 4, Value: 8, Entries: 2},
			"on_node_zero":    {Name: "on_node_zero", Type: ebpf.Hash, Key: 4, Value: 4, Entries: 3, Flags: mapdef.FlagNumaNode | mapdef.FlagNoPrealloc},
			"like_the_second": {Name: "like_the_second", Type: ebpf.ArrayOfMaps, Key: 4, Value: 4, Entries: 8},
		},
		"data": {
			".data": {Name: "data.data", Type: ebpf.Array, Key: 4, Value: 4, Entries: 1, Flags: mapdef.FlagMmapable, KeyType: "nothing",
				ValueType: `Datasec:".data"`},
			".rodata": {Name: "data.rodata", Type: ebpf.Array, Key: 4, Value: 4, Entries: 1, Flags: mapdef.FlagMmapable | mapdef.FlagReadOnly, Frozen: true,
				KeyType: "nothing", ValueType: `Datasec:".rodata"`},
			".rodata.more": {Name: ".rodata.more", Type: ebpf.Array, Key: 4, Value: 4, Entries: 1, Flags: mapdef.FlagMmapable | mapdef.FlagReadOnly,
				Frozen: true, KeyType: "nothing", ValueType: `Datasec:".rodata.more"`},
			".data.hidden": {Name: ".data.hidden", Type: ebpf.Array, Key: 4, Value: 4, Entries: 1, KeyType: "nothing",
				ValueType: `Datasec:".data.hidden"`},
			".data.veiled": {Name: ".data.veiled", Type: ebpf.Array, Key: 4, Value: 4, Entries: 1, KeyType: "nothing",
				ValueType: `Datasec:".data.veiled"`},
			".bss": {Name: "data.bss", Type: ebpf.Array, Key: 4, Value: 4, Entries: 1, Flags: mapdef.FlagMmapable, KeyType: "nothing",
				ValueType: `Datasec:".bss"`},
			".bss.big": {Name: ".bss.big", Type: ebpf.Array, Key: 4, Value: 32, Entries: 1, Flags: mapdef.FlagMmapable, KeyType: "nothing",
				ValueType: `Datasec:".bss.big"`},
		},
	} {
		if diff := cmp.Diff(want, kernelMaps(t, load(t, object, Options{}, nil))); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", object, diff)
		}
	}
}

func TestMapsAreAsSet(t *testing.T) {
	l := load(t, "btf", Options{}, func(o *Object) {
		do(t, o.Program("use").SetAutoload(false))
		m := o.Map("typed")
		do(t, m.Change(func(a *Attributes) { a.Type = ebpf.LRUHash }))
		do(t, m.Change(func(a *Attributes) { a.Flags = 0 }))
		do(t, m.Change(func(a *Attributes) { a.MaxEntries = 99 }))
		do(t, o.Map("weakly").Change(func(a *Attributes) { a.SetNumaNode(0) }))
		do(t, o.Map("ring").SetAutocreate(false))
	})
	maps := kernelMaps(t, l)
	if m := maps["typed"]; m.Type != ebpf.LRUHash || m.Entries != 99 || m.Flags != 0 {
		t.Errorf("typed is %+v", m)
	}
	if m := maps["weakly"]; m.Flags != mapdef.FlagNumaNode {
		t.Errorf("weakly is %+v", m)
	}
	if _, made := maps["ring"]; made || len(l.Programs) != 0 {
		t.Errorf("what was left out is there: %v", l)
	}
}

// mapID returns the kernel's id of a map, 0 if there is no such map.
func mapID(l *Loaded, name string) (uint32, error) {
	m := l.Maps[name]
	if m == nil {
		return 0, nil
	}
	return sys.IDOf(m.FD())
}

// programID returns the kernel's id of a program, 0 if there is no such program.
func programID(l *Loaded, name string) (uint32, error) {
	p := l.Programs[name]
	if p == nil {
		return 0, nil
	}
	return sys.IDOf(p.FD())
}

// packet has the least size that the kernel runs XDP programs on.
var packet = make([]byte, 64)

func run(t *testing.T, l *Loaded, program string) uint32 {
	t.Helper()
	ret, _, err := l.Programs[program].Test(packet)
	do(t, err)
	return ret
}

func value(t *testing.T, m *ebpf.Map) []byte {
	t.Helper()
	b, err := m.LookupBytes(uint32(0))
	do(t, err)
	return b
}

func TestProgramsSeeGlobalData(t *testing.T) {
	l := load(t, "data", Options{}, nil)
	if got := run(t, l, "use"); got != 42 {
		t.Errorf("returned %d, want 40+2 from the read-only data", got)
	}
	for name, want := range map[string][]byte{
		".bss": native32(40), ".bss.big": append(make([]byte, 24), native64(7)...), ".data.hidden": native32(6), ".data": native32(7),
		".data.veiled": native32(7),
	} {
		if got := value(t, l.Maps[name]); !bytes.Equal(got, want) {
			t.Errorf("%s holds % x, want % x", name, got, want)
		}
	}
}

func native64(n byte) []byte {
	b := []byte{n, 0, 0, 0, 0, 0, 0, 0}
	if !objfile.NativeLittle {
		slices.Reverse(b)
	}
	return b
}

func TestInitialValueIsReplaced(t *testing.T) {
	l := load(t, "data", Options{}, func(o *Object) { do(t, o.Map(".rodata").SetInitialValue(native32(10))) })
	if got := run(t, l, "use"); got != 12 {
		t.Errorf("returned %d, want 10+2", got)
	}
}

func TestReadOnlyDataIsFrozen(t *testing.T) {
	l := load(t, "data", Options{}, nil)
	if err := l.Maps[".rodata"].Put(uint32(0), native32(1)); !errors.Is(err, unix.EPERM) {
		t.Errorf("write to frozen data: %v", err)
	}
}

func TestFunctionsCallEachOther(t *testing.T) {
	l := load(t, "calls", Options{}, nil)
	for program, want := range map[string]uint32{"direct": 2 + 3 + 3, "beside": 3 + 4} {
		if got := run(t, l, program); got != want {
			t.Errorf("%s returned %d, want %d", program, got, want)
		}
	}
	if got := value(t, l.Maps["counts"]); !bytes.Equal(got, native64(1+2+2+2+3)) {
		t.Errorf("counted % x", got)
	}
}

func TestFunctionsAreReferredTo(t *testing.T) {
	needsBPF(t)
	if err := features.HaveProgramHelper(ebpf.SchedCLS, asm.FnLoop); errors.Is(err, ebpf.ErrNotSupported) {
		t.Skip("the kernel has no bpf_loop (Linux 5.17)")
	}
	l := load(t, "calls", Options{}, func(o *Object) { do(t, o.Program("pointer").SetAutoload(true)) })
	if got := run(t, l, "pointer"); got != 3 {
		t.Errorf("called back %d times, want 3", got)
	}
}

func TestFunctionsAndLinesAreKnown(t *testing.T) {
	l := load(t, "calls", Options{}, nil)
	info, err := l.Programs["direct"].Info()
	do(t, err)
	funcs, err := info.FuncInfos()
	do(t, err)
	var names []string
	for _, f := range funcs {
		names = append(names, f.Func.Name)
	}
	if diff := cmp.Diff([]string{"direct", "branch", "leaf"}, names); diff != "" {
		t.Error(diff)
	}
	lines, err := info.LineInfos()
	do(t, err)
	if len(lines) == 0 || !strings.HasSuffix(lines[0].Line.FileName(), "calls.c") {
		t.Errorf("lines %v", lines)
	}
}

// heldMap describes an element of a map of maps.
type heldMap struct {
	outer string
	key   uint32
	inner string
}

func checkHeld(t *testing.T, l *Loaded, held ...heldMap) {
	t.Helper()
	for _, slot := range held {
		var id uint32
		do(t, l.Maps[slot.outer].Lookup(slot.key, &id))
		if want, err := mapID(l, slot.inner); err != nil || id != want {
			t.Errorf("%s holds map %d at %d, want %d (%v)", slot.outer, id, slot.key, want, err)
		}
	}
}

func TestMapsHoldMapsAndPrograms(t *testing.T) {
	l := load(t, "inner", Options{}, nil)
	checkHeld(t, l, heldMap{"in_array", 0, "first"}, heldMap{"in_array", 3, "second"}, heldMap{"in_hash", 5, "second"})
	var id uint32
	if err := l.Maps["in_array"].Lookup(uint32(1), &id); !errors.Is(err, ebpf.ErrKeyNotExist) {
		t.Errorf("in_array holds %d at 1, %v", id, err)
	}
	if got := run(t, l, "use"); got != 42 {
		t.Errorf("the tail call returned %d", got)
	}
}

func TestSlotsOfWhatWasLeftOut(t *testing.T) {
	needsBPF(t)
	for name, leaveOut := range map[string]func(o *Object) error{
		"first": func(o *Object) error { return o.Map("first").SetAutocreate(false) },
		"last":  func(o *Object) error { return o.Program("last").SetAutoload(false) },
	} {
		o := openTest(t, "inner", Options{})
		do(t, leaveOut(o))
		checkLoadFails(t, "without "+name, o, refuse.ErrNotCreated)
	}
}

func TestProgramsAreFittedToTheKernel(t *testing.T) {
	l := load(t, "core", Options{}, nil)
	kernel, err := btf.LoadKernelSpec()
	do(t, err)
	var task *btf.Struct
	do(t, kernel.TypeByName("task_struct", &task))
	i := slices.IndexFunc(task.Members, func(m btf.Member) bool { return m.Name == "tgid" })
	info, err := l.Programs["use"].Info()
	do(t, err)
	insns, err := info.Instructions()
	do(t, err)
	if want := int64(task.Members[i].Offset.Bytes()); insns[0].Constant != want || insns[0].OpCode.Class() != asm.ALUClass && insns[0].OpCode.Class() != asm.ALU64Class {
		t.Errorf("%v, want a load of %d", insns[0], want)
	}
}

func TestProgramsAreFittedToGivenTypes(t *testing.T) {
	needsBPF(t)
	blob := func(members ...btf.Member) *Types {
		raw, err := marshal([]btf.Type{&btf.Struct{Name: "task_struct", Size: 64, Members: members}})
		do(t, err)
		path := filepath.Join(t.TempDir(), "kernel.btf")
		do(t, os.WriteFile(path, raw, 0o600))
		types, err := ReadTypes(path)
		do(t, err)
		return types
	}
	integer := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	o := openTest(t, "core", Options{})
	l, err := o.Load(LoadOptions{KernelTypes: blob(btf.Member{Name: "tgid", Type: integer, Offset: 8 * 44})})
	do(t, err)
	defer l.Close()
	info, err := l.Programs["use"].Info()
	do(t, err)
	insns, err := info.Instructions()
	do(t, err)
	if insns[0].Constant != 44 {
		t.Errorf("%v, want a load of 44", insns[0])
	}
}

func TestProgramTypes(t *testing.T) {
	l := load(t, "sections", Options{}, nil)
	got := make(map[string]ebpf.ProgramType)
	for name, p := range l.Programs {
		got[name] = p.Type()
	}
	want := map[string]ebpf.ProgramType{
		"plain": ebpf.XDP, "classify": ebpf.SchedCLS, "tracepoint": ebpf.RawTracepoint, "group": ebpf.CGroupSKB,
		"iterate": ebpf.Tracing,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAProgramOfNoKindIsLoadedOnceItsKindIsSet(t *testing.T) {
	l := load(t, "odd_section", Options{}, func(o *Object) { do(t, o.Program("nameless").SetKind(ProgramKind{Type: ebpf.XDP})) })
	if len(l.Programs) != 1 {
		t.Errorf("programs %v", l.Programs)
	}
	load(t, "odd_section", Options{}, func(o *Object) { do(t, o.Program("nameless").SetAutoload(false)) })
}

func TestAMapThatIsLeftOutMayBeInDeadCode(t *testing.T) {
	l := load(t, "left_out", Options{}, func(o *Object) { do(t, o.Map("maybe").SetAutocreate(false)) })
	if got := run(t, l, "guarded"); got != 2 {
		t.Errorf("returned %d", got)
	}
}

func TestTheVerifiersLogIsKept(t *testing.T) {
	needsBPF(t)
	o := openTest(t, "btf", Options{})
	l, err := o.Load(LoadOptions{LogLevel: ebpf.LogLevelBranch})
	do(t, err)
	defer l.Close()
	if !strings.Contains(l.VerifierLogs["use"], "processed ") {
		t.Errorf("log %q", l.VerifierLogs["use"])
	}
}

// descriptors lists the BPF objects that this process holds. Other processes make and drop some all
// the time, so ids tell nothing.
func descriptors(t *testing.T) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	do(t, err)
	var list []string
	for _, l := range links {
		if target, err := os.Readlink(l); err == nil && strings.HasPrefix(target, "anon_inode:bpf") || strings.HasPrefix(target, "anon_inode:btf") {
			list = append(list, target)
		}
	}
	return list
}

// checkLoadFails loads an object that cannot be loaded, and holds the failure to its reason and to
// leaving nothing behind.
func checkLoadFails(t *testing.T, what string, o *Object, want error) *Error {
	t.Helper()
	before := descriptors(t)
	l, err := o.Load(LoadOptions{})
	if l != nil || !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
	if diff := cmp.Diff(before, descriptors(t)); diff != "" {
		t.Errorf("%s: the failure left something: %s", what, diff)
	}
	var typed *Error
	if !errors.As(err, &typed) || typed.Object != o.name || typed.Stage == "" {
		t.Fatalf("%s: error %#v says not where", what, err)
	}
	return typed
}

func TestLoadFailuresLeaveNothing(t *testing.T) {
	needsBPF(t)
	for _, c := range []struct {
		name   string
		object string
		change func(o *Object) error
		want   error
		error  Error
	}{
		{"map of no type", "btf", func(o *Object) error { return o.Map("weakly").Change(func(a *Attributes) { a.Type = 4096 }) }, unix.EINVAL,
			Error{Stage: refuse.StageCreate, Section: ".maps", Symbol: "weakly"}},
		{"map of unknown flags", "btf", func(o *Object) error { return o.Map("sized").Change(func(a *Attributes) { a.Flags = 1 << 30 }) }, unix.EINVAL,
			Error{Stage: refuse.StageCreate, Section: ".maps", Symbol: "sized"}},
		{"map on a node that is not there", "btf", func(o *Object) error { return o.Map("typed").Change(func(a *Attributes) { a.SetNumaNode(1000) }) }, refuse.ErrNode,
			Error{Stage: refuse.StageCreate, Class: ClassInvalid, Section: ".maps", Symbol: "typed"}},
		{"legacy map of no entries", "legacy", func(o *Object) error { return o.Map("annotated").Change(func(a *Attributes) { a.MaxEntries = 0 }) }, unix.EINVAL,
			Error{Stage: refuse.StageCreate, Section: "maps", Symbol: "annotated"}},
		{"slot beyond the end", "inner", func(o *Object) error { return o.Map("in_array").Change(func(a *Attributes) { a.MaxEntries = 2 }) }, unix.E2BIG,
			Error{Stage: refuse.StageCreate, Section: ".maps", Symbol: "in_array"}},
		{"program slot beyond the end", "inner", func(o *Object) error { return o.Map("programs").Change(func(a *Attributes) { a.MaxEntries = 1 }) }, unix.E2BIG,
			Error{Stage: refuse.StageLoad, Section: ".maps", Symbol: "programs"}},
		{"outer map without inner maps", "btf", func(o *Object) error { return o.Map("sized").Change(func(a *Attributes) { a.Type = ebpf.ArrayOfMaps }) }, refuse.ErrInner,
			Error{Stage: refuse.StageCreate, Class: ClassDefinition, Section: ".maps", Symbol: "sized"}},
		{"program that the verifier refuses", "fails", func(o *Object) error { return o.Map("shared").SetPin("", PinShare) }, unix.EACCES,
			Error{Stage: refuse.StageLoad, Class: ClassVerifier, Section: "xdp", Symbol: "wild"}},
		{"map that was left out, in live code", "left_out", func(o *Object) error {
			return errors.Join(o.Map("maybe").SetAutocreate(false), o.Program("always").SetAutoload(true))
		}, refuse.ErrNotCreated, Error{Stage: refuse.StageLoad, Class: ClassInvalid, Section: "?xdp", Symbol: "always"}},
		{"program of no kind", "odd_section", func(*Object) error { return nil }, refuse.ErrProgramType,
			Error{Stage: refuse.StageLoad, Class: ClassSection, Section: "prog/mine", Symbol: "nameless"}},
		{"program that is bound to nothing", "odd_section", func(o *Object) error {
			return errors.Join(o.Program("nameless").SetAutoload(false), o.Program("nowhere").SetAutoload(true))
		}, refuse.ErrAttachTarget, Error{Stage: refuse.StageLoad, Class: ClassProgram, Section: "?fentry", Symbol: "nowhere"}},
		{"program that is bound to what is not there", "sections", func(o *Object) error {
			kind, _ := KindOf("iter/no_such_thing")
			return o.Program("plain").SetKind(kind)
		}, btf.ErrNotFound, Error{Stage: refuse.StageRelocate, Class: ClassNotFound, Section: "xdp", Symbol: "plain"}},
		{"extension of nothing", "sections", func(o *Object) error {
			kind, _ := KindOf("freplace/f")
			return o.Program("plain").SetKind(kind)
		}, refuse.ErrTarget, Error{Stage: refuse.StageLoad, Class: ClassInvalid, Section: "xdp", Symbol: "plain"}},
		{"map to be pinned nowhere", "pinned", func(*Object) error { return nil }, refuse.ErrPinPath,
			Error{Stage: refuse.StagePin, Class: ClassInvalid, Section: ".maps", Symbol: "shared"}},
		{"map to be pinned on no bpffs", "pinned", func(o *Object) error {
			return o.Map("shared").SetPin(filepath.Join(t.TempDir(), "shared"), PinShare)
		}, refuse.ErrNotBPFFS, Error{Stage: refuse.StagePin, Class: ClassInvalid, Section: ".maps", Symbol: "shared"}},
	} {
		o := openTest(t, c.object, Options{})
		do(t, c.change(o))
		got := *checkLoadFails(t, c.name, o, c.want)
		got.Err, got.Object = nil, ""
		if diff := cmp.Diff(c.error, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestRefusedProgramsBringTheVerifiersLog(t *testing.T) {
	needsBPF(t)
	o := openTest(t, "fails", Options{})
	do(t, o.Map("shared").SetPin("", PinShare))
	_, err := o.Load(LoadOptions{})
	var refusal *VerifierError
	if !errors.As(err, &refusal) || !strings.Contains(refusal.Log, "R1") {
		t.Errorf("error %v", err)
	}
}

func TestObjectsOfTheOtherByteOrder(t *testing.T) {
	order := orders[1-slices.Index(orders, native())]
	o, err := Open([]string{objectPath("btf", order)}, Options{})
	do(t, err)
	_, err = o.Load(LoadOptions{})
	compareRefusal(t, order, err, &Error{Stage: refuse.StageLoad, Class: ClassInvalid, Object: "btf"}, refuse.ErrByteOrder)
}

func TestAnObjectIsLoadedOnce(t *testing.T) {
	needsBPF(t)
	o := openTest(t, "btf", Options{})
	l, err := o.Load(LoadOptions{})
	do(t, err)
	defer l.Close()
	_, err = o.Load(LoadOptions{})
	compareRefusal(t, "second load", err, &Error{Stage: refuse.StageLoad, Class: ClassInvalid, Object: "btf"}, refuse.ErrLoaded)
	for what, err := range map[string]error{
		"map":     o.Map("typed").Change(func(a *Attributes) { a.MaxEntries = 2 }),
		"program": o.Program("use").SetAutoload(false),
	} {
		if !errors.Is(err, refuse.ErrLoaded) {
			t.Errorf("%s changed after load: %v", what, err)
		}
	}
}

func TestCloseGivesEverythingUp(t *testing.T) {
	needsBPF(t)
	before := descriptors(t)
	for _, name := range sources(t, "") {
		switch name {
		case "odd_section", "fails", "pinned", "iproute2_pinned", "iproute2_unnamed", "iproute2_outer", "two_callers", "modern", "kconfig", "ksyms", "core_missing", "core_extra":
			continue // cannot be loaded as they are
		}
		l, err := openTest(t, name, Options{}).Load(LoadOptions{})
		do(t, err)
		do(t, l.Close())
	}
	if diff := cmp.Diff(before, descriptors(t)); diff != "" {
		t.Error(diff)
	}
}

// onBPFFS runs a test with a bpffs of its own, in a mount namespace of its own.
func onBPFFS(t *testing.T, f func(root string)) {
	t.Helper()
	needsBPF(t)
	root := t.TempDir()
	done := make(chan error)
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends, and its namespace with it
		if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
			done <- fmt.Errorf("new mount namespace: %w", err)
			return
		}
		if err := errors.Join(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), unix.Mount("bpffs", root, "bpf", 0, "")); err != nil {
			done <- fmt.Errorf("mount bpffs: %w", err)
			return
		}
		f(root)
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	var names []string
	for _, e := range list {
		if !strings.HasSuffix(e.Name(), ".debug") { // the kernel's own, in the root of every bpffs
			names = append(names, e.Name())
		}
	}
	return names
}

func TestMapsArePinnedAndReused(t *testing.T) {
	onBPFFS(t, func(root string) {
		opts := Options{PinRoot: filepath.Join(root, "maps")}
		var ids []uint32
		for range 2 {
			l, err := openTest(t, "pinned", opts).Load(LoadOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			defer l.Close()
			id, err := mapID(l, "shared")
			if err != nil {
				t.Error(err)
			}
			ids = append(ids, id)
		}
		if ids[0] != ids[1] {
			t.Errorf("ids %v: the second load made a map of its own", ids)
		}
		if diff := cmp.Diff([]string{"shared"}, entries(t, opts.PinRoot)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAPinOfAnotherMapIsRefusedAndStays(t *testing.T) {
	onBPFFS(t, func(root string) {
		other, err := ebpf.NewMap(&ebpf.MapSpec{Name: "other", Type: ebpf.LRUHash, KeySize: 4, ValueSize: 16, MaxEntries: 7})
		if err == nil {
			err = other.Pin(filepath.Join(root, "shared"))
		}
		if err != nil {
			t.Error(err)
			return
		}
		defer other.Close()
		e := checkLoadFails(t, "other map", openTest(t, "pinned", Options{PinRoot: root}), refuse.ErrIncompatiblePin)
		for _, want := range []string{"type (pinned 0x9, defined 0x1)", "value_size (pinned 0x10, defined 0x8)", "max_entries (pinned 0x7, defined 0x3)"} {
			if !strings.Contains(e.Error(), want) {
				t.Errorf("error %v does not say %s", e, want)
			}
		}
		if diff := cmp.Diff([]string{"shared"}, entries(t, root)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPinsOfAFailedLoadAreRemoved(t *testing.T) {
	onBPFFS(t, func(root string) {
		checkLoadFails(t, "program refused", openTest(t, "fails", Options{PinRoot: filepath.Join(root, "new")}), unix.EACCES)
		if got := entries(t, root); len(got) > 0 {
			t.Errorf("left %v", got)
		}
	})
}

func TestPinsOfOthersSurviveAFailedLoad(t *testing.T) {
	onBPFFS(t, func(root string) {
		first := openTest(t, "fails", Options{PinRoot: root})
		if err := first.Program("wild").SetAutoload(false); err != nil {
			t.Error(err)
		}
		l, err := first.Load(LoadOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		defer l.Close()
		checkLoadFails(t, "program refused", openTest(t, "fails", Options{PinRoot: root}), unix.EACCES)
		if diff := cmp.Diff([]string{"shared"}, entries(t, root)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAProgramWhereAMapShouldBePinned(t *testing.T) {
	onBPFFS(t, func(root string) {
		l := load(t, "sections", Options{}, nil)
		if err := l.Programs["plain"].Pin(filepath.Join(root, "shared")); err != nil {
			t.Error(err)
			return
		}
		e := checkLoadFails(t, "program at the path", openTest(t, "pinned", Options{PinRoot: root}), refuse.ErrIncompatiblePin)
		if e.Stage != refuse.StagePin {
			t.Errorf("stage %s", e.Stage)
		}
	})
}

func TestPinNamesThatBPFFSDoesNotTake(t *testing.T) {
	onBPFFS(t, func(root string) {
		o := openTest(t, "pinned", Options{})
		if err := o.Map("shared").SetPin(filepath.Join(root, "with.dot"), PinShare); err != nil {
			t.Error(err)
		}
		checkLoadFails(t, "dot", o, refuse.ErrPinName)
	})
}

func TestPinAndUnpin(t *testing.T) {
	onBPFFS(t, func(root string) {
		l := load(t, "btf", Options{}, nil)
		path := filepath.Join(root, "pin")
		for _, h := range []interface{ FD() int }{l.Maps["typed"], l.Programs["use"]} {
			if err := Pin(h, path); err != nil {
				t.Error(err)
			}
			if err := Pin(h, path); !errors.Is(err, unix.EEXIST) {
				t.Errorf("pinned twice: %v", err)
			}
			for _, other := range []interface{ FD() int }{l.Maps["agreed"], l.Maps["sized"]} {
				if err := Unpin(other, path); !errors.Is(err, refuse.ErrIncompatiblePin) {
					t.Errorf("removed another's pin: %v", err)
				}
			}
			if err := Unpin(h, path); err != nil {
				t.Error(err)
			}
			if err := Unpin(h, path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("unpinned twice: %v", err)
			}
		}
		if err := Pin(l.Maps["typed"], filepath.Join(root, "a.b")); !errors.Is(err, refuse.ErrPinName) {
			t.Errorf("name with a dot: %v", err)
		}
		if err := Pin(l.Maps["typed"], "/proc/pin"); !errors.Is(err, refuse.ErrNotBPFFS) {
			t.Errorf("no bpffs: %v", err)
		}
		if err := Pin(l.Maps["typed"], filepath.Join(root, "no", "pin")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("no folder: %v", err)
		}
	})
}

func TestTypesThatCameLateAreLoaded(t *testing.T) {
	l := load(t, "modern", Options{}, func(o *Object) { do(t, o.Map("left_out").SetAutocreate(false)) })
	if got := run(t, l, "use"); got != 5 {
		t.Errorf("returned %d", got)
	}
}

func TestWhatComesThenFailsTheLoad(t *testing.T) {
	needsBPF(t)
	refused := errors.New("refused")
	o := openTest(t, "sections", Options{})
	var seen *Loaded
	_, err := o.Load(LoadOptions{Then: func(l *Loaded) error { seen = l; return refused }})
	var e *Error
	if !errors.Is(err, refused) || !errors.As(err, &e) || e.Object != "sections" {
		t.Errorf("error %v", err)
	}
	if seen == nil || len(seen.Programs) == 0 {
		t.Fatalf("it was called with %+v", seen)
	}
	for name, p := range seen.Programs {
		if _, err := p.Info(); err == nil {
			t.Errorf("program %s is still open", name)
		}
	}
	loaded, err := openTest(t, "sections", Options{}).Load(LoadOptions{Then: func(*Loaded) error { return nil }})
	do(t, err)
	do(t, loaded.Close())
}

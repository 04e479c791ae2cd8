// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// The test objects are compiled from the C sources beside them, for both byte orders.
//
//go:generate testdata/build.sh

var update = flag.Bool("update", false, "rewrite the golden files")

// orders lists the byte orders that every test object was compiled for, as they stand in its name.
var orders = []string{"bpfel", "bpfeb"}

// native returns the one that this machine can load.
func native() string {
	if objfile.NativeLittle {
		return "bpfel"
	}
	return "bpfeb"
}

func objectPath(name, order string) string { return filepath.Join("testdata", name+"."+order+".o") }

// openTest opens a test object of this machine's byte order.
func openTest(t testing.TB, name string, opts Options) *Object {
	t.Helper()
	o, err := Open([]string{objectPath(name, native())}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// sources returns the names of the test objects in a folder of testdata.
func sources(t testing.TB, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.c"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources in %s: %v", folder, err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(f, "testdata/"), ".c")
	}
	return files
}

// describeObject returns an opened object as text.
func describeObject(o *Object) string {
	var b strings.Builder
	fmt.Fprintf(&b, "license %q\n", o.license)
	types, err := o.Types()
	if err != nil {
		fmt.Fprintf(&b, "types: %v\n", err)
	}
	for _, m := range o.Maps() {
		d := m.Definition()
		describeDefinition(&b, types, "map", &d)
		if d.Inner != nil {
			describeDefinition(&b, types, "  inner", d.Inner)
		}
		describeStruct(&b, o.StructOps(m.Name()))
	}
	for _, e := range o.externs.Externs {
		kind := []string{"option", "address", "variable", "function"}[e.Kind]
		fmt.Fprintf(&b, "%s %s: weak %v, %d bytes at %d, %v\n", kind, e.Name, e.Weak, e.Size, e.Offset, typeText(types, e.Type))
	}
	for _, p := range o.Programs() {
		k := p.Kind()
		fmt.Fprintf(&b, "program %s in %s: type %v, attach type %v to %q, flags %#x, autoload %v\n",
			p.Name(), p.Section(), k.Type, k.AttachType, k.AttachTo, k.Flags, p.Autoload())
	}
	for _, fn := range o.functions {
		fmt.Fprintf(&b, "function %s at %s+%d, %d bytes\n", fn.Name, fn.Section.Name, fn.Offset, len(fn.Code))
		for _, r := range fn.Refs {
			kind := []string{"map", "data", "call of", "pointer to", "symbol", "call of the kernel's"}[r.Kind]
			switch r.Kind {
			case code.RefMap, code.RefData:
				fmt.Fprintf(&b, "  %d: %s %s+%d\n", r.Insn, kind, o.maps[r.Target].Name(), r.Offset)
			case code.RefSymbol, code.RefKfunc:
				fmt.Fprintf(&b, "  %d: %s %s\n", r.Insn, kind, o.externs.Externs[r.Target].Name)
			default:
				fmt.Fprintf(&b, "  %d: %s %s\n", r.Insn, kind, o.functions[r.Target].Name)
			}
		}
	}
	return b.String()
}

func describeDefinition(b *strings.Builder, types *btf.Spec, what string, d *Definition) {
	fmt.Fprintf(b, "%s %s at %s+%d by %s: %v, %d and %d bytes, %d entries, flags %#x, extra %#x, node %d, pinning %d, %d bytes raw\n",
		what, d.Name, d.Section, d.Offset, d.Source, d.Type, d.KeySize, d.ValueSize, d.MaxEntries, d.Flags, d.MapExtra, d.NumaNode,
		map[bool]int{true: 1}[d.PinByName], len(d.Raw))
	if d.Iproute2 != nil {
		fmt.Fprintf(b, "  iproute2: %+v\n", *d.Iproute2)
	}
	for _, t := range []struct {
		name string
		id   btf.TypeID
	}{{"key", d.Key}, {"value", d.Value}, {"defined by", d.BTFType}} {
		if t.id != 0 {
			fmt.Fprintf(b, "  %s %v\n", t.name, typeText(types, t.id))
		}
	}
	for _, f := range d.Unknown {
		fmt.Fprintf(b, "  unknown %s at %d: %v %d bytes\n", f.Name, f.Offset, typeText(types, f.Type), len(f.Raw))
	}
	for _, s := range d.Slots {
		fmt.Fprintf(b, "  slot %d: %s\n", s.Index, s.Name)
	}
}

func describeStruct(b *strings.Builder, s *StructOps) {
	if s.err != nil {
		return
	}
	fmt.Fprintf(b, "  struct %s of the kernel, linked %t\n", s.Type(), s.Linked())
	for _, f := range s.in.functions() {
		fmt.Fprintf(b, "  member %s: %s\n", f.Member, f.Program)
	}
}

func typeText(types *btf.Spec, id btf.TypeID) string {
	if types == nil || id == 0 {
		return "nothing"
	}
	t, err := types.TypeByID(id)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(t)
}

func TestOpenReadsWhatWasCompiled(t *testing.T) {
	for _, name := range sources(t, "") {
		golden := filepath.Join("testdata", name+".golden")
		for _, order := range orders {
			o, err := Open([]string{objectPath(name, order)}, Options{})
			if err != nil {
				t.Error(err)
				continue
			}
			got := describeObject(o)
			if *update && order == orders[0] {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s.%s: (-want +got)\n%s", name, order, diff)
			}
		}
	}
}

func TestOpenIsDeterministic(t *testing.T) {
	for _, name := range sources(t, "") {
		first, second := openTest(t, name, Options{}), openTest(t, name, Options{})
		if diff := cmp.Diff(describeObject(first), describeObject(second)); diff != "" {
			t.Error(diff)
		}
	}
}

// refusals lists the objects in testdata/refused, each with what is wrong with it.
var refusals = map[string]struct {
	stage   Stage
	section string
	symbol  string
	err     error
}{
	"unknown_field":            {refuse.StageDefine, ".maps", "m", refuse.ErrUnknownField},
	"no_type":                  {refuse.StageDefine, ".maps", "m", refuse.ErrTypeMissing},
	"key_conflict":             {refuse.StageDefine, ".maps", "m", refuse.ErrConflictingSize},
	"value_conflict":           {refuse.StageDefine, ".maps", "m", refuse.ErrConflictingSize},
	"key_no_pointer":           {refuse.StageDefine, ".maps", "m", refuse.ErrNotPointer},
	"key_unsized":              {refuse.StageDefine, ".maps", "m", refuse.ErrDefinition},
	"number_no_pointer":        {refuse.StageDefine, ".maps", "m", refuse.ErrNotPointer},
	"number_no_array":          {refuse.StageDefine, ".maps", "m", refuse.ErrNotPointer},
	"extra_many":               {refuse.StageDefine, ".maps", "m", refuse.ErrDefinition},
	"pinning":                  {refuse.StageDefine, ".maps", "m", refuse.ErrPinning},
	"static_map":               {refuse.StageDefine, ".maps", "m", refuse.ErrStatic},
	"not_a_struct":             {refuse.StageDefine, ".maps", "m", refuse.ErrDefinition},
	"initialiser":              {refuse.StageDefine, ".maps", "m", refuse.ErrInitialiser},
	"values_not_last":          {refuse.StageDefine, ".maps", "m", refuse.ErrDefinition},
	"values_of_array":          {refuse.StageDefine, ".maps", "m", refuse.ErrDefinition},
	"values_no_function":       {refuse.StageDefine, ".maps", "m", refuse.ErrDefinition},
	"inner_no_struct":          {refuse.StageDefine, ".maps", "m", refuse.ErrInner},
	"inner_pinned":             {refuse.StageDefine, ".maps", "m", refuse.ErrInner},
	"inner_nested":             {refuse.StageDefine, ".maps", "m", refuse.ErrInner},
	"inner_value_size":         {refuse.StageDefine, ".maps", "m", refuse.ErrConflictingSize},
	"slot_subprogram":          {refuse.StageDefine, ".maps", "m", refuse.ErrRelocation},
	"slot_hash_key":            {refuse.StageDefine, ".maps", "m", refuse.ErrDefinition},
	"legacy_static":            {refuse.StageDefine, "maps", "m", refuse.ErrStatic},
	"legacy_short":             {refuse.StageDefine, "maps", "m", refuse.ErrDefinition},
	"legacy_tail":              {refuse.StageDefine, "maps", "m", refuse.ErrUnknownField},
	"legacy_no_type":           {refuse.StageDefine, "maps", "m", refuse.ErrTypeMissing},
	"legacy_odd_size":          {refuse.StageDefine, "maps", "more", refuse.ErrDefinition},
	"elf_inner_missing":        {refuse.StageDefine, "maps", "m", refuse.ErrInner},
	"elf_inner_unknown":        {refuse.StageDefine, "maps", "m", refuse.ErrMapID},
	"elf_inner_nested":         {refuse.StageDefine, "maps", "m", refuse.ErrInner},
	"elf_inner_of_array":       {refuse.StageDefine, "maps", "m", refuse.ErrInner},
	"elf_slot_beyond":          {refuse.StageResolve, "maps", "m", refuse.ErrSlot},
	"elf_slot_twice":           {refuse.StageResolve, "maps", "m", refuse.ErrSlot},
	"elf_slot_hash_key":        {refuse.StageDefine, "maps", "m", refuse.ErrDefinition},
	"elf_longer":               {refuse.StageDefine, "maps", "m", refuse.ErrUnknownField},
	"elf_and_legacy":           {refuse.StageDefine, "maps", "n", refuse.ErrLayout},
	"tail_call_nowhere":        {refuse.StageResolve, "5/0", "use", refuse.ErrMapID},
	"tail_call_two_maps":       {refuse.StageResolve, "5/0", "use", refuse.ErrMapID},
	"tail_call_beyond":         {refuse.StageResolve, "maps", "m", refuse.ErrSlot},
	"tail_call_twice":          {refuse.StageResolve, "maps", "m", refuse.ErrSlot},
	"samples_inner_later":      {refuse.StageDefine, "maps", "m", refuse.ErrInner},
	"samples_inner_nested":     {refuse.StageDefine, "maps", "m", refuse.ErrInner},
	"samples_inner_of_array":   {refuse.StageDefine, "maps", "m", refuse.ErrInner},
	"data_pointer":             {refuse.StageResolve, "xdp", "use", refuse.ErrRelocation},
	"extern_map":               {refuse.StageResolve, "", "m", refuse.ErrExtern},
	"extern_map_beside":        {refuse.StageDefine, ".maps", "m", refuse.ErrExtern},
	"extern_function":          {refuse.StageResolve, "", "elsewhere", refuse.ErrExtern},
	"other_section":            {refuse.StageDefine, "my_maps", "m", refuse.ErrMapKind},
	"static_program":           {refuse.StageOpen, "xdp", "use", refuse.ErrStaticEntry},
	"struct_ops_no_struct":     {refuse.StageDefine, ".struct_ops", "ops", refuse.ErrStruct},
	"struct_ops_anonymous":     {refuse.StageDefine, ".struct_ops", "ops", refuse.ErrStruct},
	"struct_ops_to_data":       {refuse.StageDefine, ".struct_ops", "ops", refuse.ErrRelocation},
	"struct_ops_no_function":   {refuse.StageDefine, ".struct_ops", "ops", refuse.ErrRelocation},
	"struct_ops_inside":        {refuse.StageDefine, ".struct_ops", "ops", refuse.ErrRelocation},
	"struct_ops_other_program": {refuse.StageResolve, ".struct_ops", "ops", refuse.ErrNoFunction},
	"struct_ops_subprogram":    {refuse.StageDefine, ".struct_ops", "ops", refuse.ErrRelocation},
	"struct_ops_extern":        {refuse.StageDefine, ".struct_ops", "ops", refuse.ErrExtern},
	"struct_ops_nobtf":         {refuse.StageDefine, ".struct_ops", "", refuse.ErrStructTypes},
}

func TestOpenRefuses(t *testing.T) {
	for _, name := range sources(t, "refused") {
		want, known := refusals[filepath.Base(name)]
		if !known {
			t.Errorf("%s: nothing is said to be wrong with it", name)
			continue
		}
		for _, order := range orders {
			_, err := Open([]string{objectPath(name, order)}, Options{})
			compareRefusal(t, filepath.Base(name)+"."+order, err, &Error{
				Stage: want.stage, Class: refuse.ClassOf(want.err), Object: filepath.Base(name), Section: want.section, Symbol: want.symbol,
			}, want.err)
		}
	}
	if n := len(sources(t, "refused")); n != len(refusals) {
		t.Errorf("%d objects and %d refusals", n, len(refusals))
	}
}

// compareRefusal compares an error with what it should be, and the sentinel it should wrap.
func compareRefusal(t *testing.T, what string, err error, want *Error, sentinel error) {
	t.Helper()
	var got *Error
	if !errors.As(err, &got) {
		t.Errorf("%s: error %v, want %v", what, err, sentinel)
		return
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Error{}, "Err")); diff != "" {
		t.Errorf("%s: %v (-want +got)\n%s", what, err, diff)
	}
	if !errors.Is(err, sentinel) {
		t.Errorf("%s: error %v does not wrap %q", what, err, sentinel)
	}
}

func TestIgnoredFieldsAreReported(t *testing.T) {
	type field struct {
		Name   string
		Offset uint32
		Raw    []byte
	}
	want := map[string][]field{
		"refused/unknown_field": {{"colour", 32, make([]byte, 8)}, {"plain", 40, []byte{5, 0, 0, 0}}},
		"refused/legacy_tail":   {{"bytes 20-35", 20, []byte{1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}},
	}
	for name, fields := range want {
		o, err := Open([]string{objectPath(name, "bpfel")}, Options{IgnoreUnknownFields: true})
		if err != nil {
			t.Error(err)
			continue
		}
		d := o.Map("m").Definition()
		var got []field
		for _, f := range d.Unknown {
			got = append(got, field{f.Name, f.Offset, f.Raw})
		}
		if diff := cmp.Diff(fields, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if d.MaxEntries != 1 || d.ValueSize != 8 {
			t.Errorf("%s: the known fields are %+v", name, d)
		}
	}
}

func TestIgnoringUnknownFieldsIgnoresNothingElse(t *testing.T) {
	for name, want := range refusals {
		_, err := Open([]string{objectPath("refused/"+name, native())}, Options{IgnoreUnknownFields: true})
		if want.err == refuse.ErrUnknownField {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if !errors.Is(err, want.err) {
			t.Errorf("%s: error %v, want %v", name, err, want.err)
		}
	}
}

func TestTheTypeThatDefinesAMapIsHandedOver(t *testing.T) {
	o := openTest(t, "refused/unknown_field", Options{IgnoreUnknownFields: true})
	d := o.Map("m").Definition()
	if got := typeTextOf(t, o, d.BTFType); !strings.Contains(got, "colour") {
		t.Errorf("type %s", got)
	}
	if len(d.Raw) != 48 || !bytes.Equal(d.Raw[40:44], native32(5)) {
		t.Errorf("raw bytes % x", d.Raw)
	}
}

func typeTextOf(t *testing.T, o *Object, id btf.TypeID) string {
	t.Helper()
	types, err := o.Types()
	if err != nil {
		t.Fatal(err)
	}
	return typeText(types, id)
}

func native32(n byte) []byte {
	b := []byte{n, 0, 0, 0}
	if !objfile.NativeLittle {
		slices.Reverse(b)
	}
	return b
}

func TestOpenNoObject(t *testing.T) {
	_, err := Open(nil, Options{})
	compareRefusal(t, "no paths", err, &Error{Stage: refuse.StageLink, Class: ClassInvalid},
		refuse.ClassInvalid)
}

func TestOpenUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.o")
	if err := os.WriteFile(large, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, objfile.MaxSize+1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		class Class
		err   error
	}{
		filepath.Join(dir, "missing.o"): {ClassIO, os.ErrNotExist},
		dir:                             {ClassIO, refuse.ErrRead},
		"/dev/zero":                     {ClassIO, refuse.ErrRead},
		large:                           {ClassELF, refuse.ErrTooLarge},
	} {
		_, err := Open([]string{path}, Options{})
		compareRefusal(t, path, err, &Error{Stage: refuse.StageOpen, Class: want.class, Object: objectName(path)}, want.err)
	}
	if _, err := OpenBytes(make([]byte, objfile.MaxSize+1), Options{}); !errors.Is(err, refuse.ErrTooLarge) {
		t.Errorf("too many bytes: %v", err)
	}
}

func TestSetters(t *testing.T) {
	o := openTest(t, "btf", Options{PinRoot: "/pins"})
	m, p := o.Map("typed"), o.Program("use")
	for name, err := range map[string]error{
		"type":        m.Change(func(a *Attributes) { a.Type = 2 }),
		"entries":     m.Change(func(a *Attributes) { a.MaxEntries = 7 }),
		"flags":       m.Change(func(a *Attributes) { a.Flags = 0 }),
		"extra":       m.Change(func(a *Attributes) { a.MapExtra = 3 }),
		"node":        m.Change(func(a *Attributes) { a.SetNumaNode(1) }),
		"pin path":    m.SetPin("/somewhere", PinShare),
		"autocreate":  m.SetAutocreate(false),
		"autoload":    p.SetAutoload(false),
		"type of use": p.SetKind(ProgramKind{Type: 3}),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := m.Definition()
	if d.Type != 2 || d.MaxEntries != 7 || d.Flags != mapdef.FlagNumaNode || d.MapExtra != 3 || d.NumaNode != 1 || m.Definition().PinPath != "/somewhere" ||
		m.create || p.Autoload() || p.Kind().Type != 3 {
		t.Errorf("map %+v, program %+v", d, p.Kind())
	}
	if err := m.Change(func(a *Attributes) { a.Flags = 1 }); err != nil || m.Definition().Flags != mapdef.FlagNumaNode|1 {
		t.Errorf("flags %#x, %v: want the node's kept", m.Definition().Flags, err)
	}
	if err := m.Change(func(a *Attributes) { a.SetNumaNode(mapdef.NoNode) }); err != nil || m.Definition().Flags != 1 {
		t.Errorf("flags %#x, %v: want no node", m.Definition().Flags, err)
	}
	if err := m.SetInitialValue([]byte{1}); !errors.Is(err, refuse.ErrValue) {
		t.Errorf("initial value of a hash: %v", err)
	}
}

func TestInitialValues(t *testing.T) {
	o := openTest(t, "data", Options{})
	if got := o.Map(".data").InitialValue(); !bytes.Equal(got, native32(7)) {
		t.Errorf(".data holds % x", got)
	}
	if got := o.Map(".bss.big").InitialValue(); !bytes.Equal(got, make([]byte, 32)) {
		t.Errorf(".bss.big holds % x", got)
	}
	if err := o.Map(".data").SetInitialValue([]byte{1, 2}); !errors.Is(err, refuse.ErrValue) {
		t.Errorf("value of another size: %v", err)
	}
	if err := o.Map(".bss").SetInitialValue([]byte{1, 2, 3, 4}); err != nil || !bytes.Equal(o.Map(".bss").InitialValue(), []byte{1, 2, 3, 4}) {
		t.Errorf("new value: % x, %v", o.Map(".bss").InitialValue(), err)
	}
}

// Pointers in data are left out where no program refers to them, which the definition says.
func TestPointersThatNoProgramReadsAreLeftOut(t *testing.T) {
	for _, order := range orders {
		o, err := Open([]string{objectPath("data_pointers", order)}, Options{})
		do(t, err)
		d := o.Map(".data.pointers").Definition()
		if diff := cmp.Diff([]uint64{0, 16}, d.Pointers); diff != "" || d.ValueSize != 24 {
			t.Errorf("%s: %d bytes, pointers %s", order, d.ValueSize, diff)
		}
		if d := o.Map(".data").Definition(); d.Pointers != nil {
			t.Errorf("%s: pointers in .data at %v", order, d.Pointers)
		}
	}
}

// A FIFO in the place of an object is refused, and not waited for.
func TestFIFOIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	do(t, unix.Mkfifo(path, 0o600))
	for what, open := range map[string]func() error{
		"opening": func() error { _, err := Open([]string{path}, Options{}); return err },
		"linking": func() error { return Link(filepath.Join(t.TempDir(), "out.o"), path) },
	} {
		var e *Error
		if err := open(); !errors.As(err, &e) || e.Class != ClassIO ||
			filepath.Base(e.Object) != filepath.Base(path) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

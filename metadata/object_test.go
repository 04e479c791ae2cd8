// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/oracle"
)

// builds names the folders of the two byte orders below objects/metadata.
var builds = []string{"el", "eb"}

func object(order, name string) string {
	return filepath.Join("..", "objects", "metadata", order, name+".o")
}

// variable returns one in section .rodata.
func variable(name, typ string, value Value) Variable {
	return Variable{Name: name, Type: typ, Value: value, Section: ".rodata"}
}

// everyType is what objects/metadata/types.bpf.c has, as values of both byte orders: those of a
// union are the same in each.
var everyType = []Variable{
	variable("owner", "const char[16]", "networking"),
	variable("broken", "const char[4]", Items{int64('a'), int64(0), int64('b'), int64(0)}),
	variable("built", "const __u64", uint64(math.MaxUint64)),
	variable("offset", "const __s64", int64(-3600)),
	variable("level", "const __u8", uint64(200)),
	variable("debug", "const _Bool", true),
	variable("stage", "const enum stage", "STABLE"),
	variable("ports", "const __u16[2][2]", Items{Items{uint64(80), uint64(443)}, Items{uint64(8080), uint64(8443)}}),
	variable("version", "const struct version", Members{
		{"major", uint64(6)}, {"minor", uint64(12)}, {"suffix", "rc1"}, {"dirty", uint64(1)},
		{"offset", int64(-3)}, {"stage", "TESTING"},
	}),
	variable("address", "const union address", Members{
		{"number", uint64(0x01010101)},
		{"bytes", Items{uint64(1), uint64(1), uint64(1), uint64(1)}},
	}),
}

func TestObjectsOfBothByteOrdersSayTheSame(t *testing.T) {
	for _, order := range builds {
		got, err := ReadObject(object(order, "types"))
		if err != nil {
			t.Fatal(err)
		}
		want := []Program{{Name: "nothing", Section: "xdp", Metadata: everyType}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", order, diff)
		}
	}
}

func TestEveryProgramOfAnObjectHasItsMetadata(t *testing.T) {
	got, err := ReadObject(object("el", "unused"))
	if err != nil {
		t.Fatal(err)
	}
	all := []Variable{
		variable("owner", "const char[11]", "networking"),
		variable("revision", "const __u32", uint64(4711)),
	}
	want := []Program{
		{Name: "first", Section: "xdp", Metadata: all}, {Name: "second", Section: "socket", Metadata: all},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestObjectsThatCannotBeRead(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.o")
	if err := os.WriteFile(text, []byte("no object"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{"/nonexistent/o": ErrNotThere, text: ErrRefused} {
		if _, err := ReadObject(path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}

func TestValuesInWords(t *testing.T) {
	for _, tt := range []struct {
		value      Value
		text, json string
	}{
		{"a \"b\" \x1b[1m\u0085", `"a \"b\" \x1b[1m\u0085"`, `"a \"b\" \u001b[1m` + "\u0085" + `"`},
		{uint64(math.MaxUint64), "18446744073709551615", "18446744073709551615"},
		{int64(-1), "-1", "-1"},
		{true, "true", "true"},
		{2.5, "2.5", "2.5"},
		{Items{}, "{}", "[]"},
		{Items{uint64(1), "x"}, `{1, "x"}`, `[1,"x"]`},
		{Members{{"b", uint64(1)}, {"a", Items{}}}, "{.b = 1, .a = {}}", `{"b":1,"a":[]}`},
		{Members{}, "{}", "{}"},
	} {
		if got := Text(tt.value); got != tt.text {
			t.Errorf("%#v: text %s, want %s", tt.value, got, tt.text)
		}
		got, err := json.Marshal(tt.value)
		if err != nil || string(got) != tt.json {
			t.Errorf("%#v: JSON %s (%v), want %s", tt.value, got, err, tt.json)
		}
	}
}

// load loads an object with the reference loader, for the length of a test.
func load(t *testing.T, name string) *loaderimpl.Loaded {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("loading takes root: run make test as root")
	}
	order := "el"
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		order = "eb"
	}
	o, err := loaderimpl.Open([]string{object(order, name)}, loaderimpl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := o.Load(loaderimpl.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// programID returns the kernel's id of a program that was loaded.
func programID(t *testing.T, p *ebpf.Program) uint32 {
	t.Helper()
	info, err := p.Info()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := info.ID()
	return uint32(id)
}

func TestProgramsInTheKernelSayWhatTheirObjectDoes(t *testing.T) {
	l := load(t, "types")
	id := programID(t, l.Programs["nothing"])
	got, err := Read(id)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := oracle.Program(id)
	if err != nil || len(facts.Maps) != 1 {
		t.Fatalf("%+v, %v", facts, err)
	}
	want := Program{ID: id, Name: "nothing", Type: "xdp", Tag: facts.Tag}
	for _, v := range everyType {
		v.Map, v.MapName = facts.Maps[0], "types.rodata"
		want.Metadata = append(want.Metadata, v)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAllProgramsWithMetadataAreListed(t *testing.T) {
	l := load(t, "several")
	id := programID(t, l.Programs["nothing"])
	all, err := ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var found *Program
	for _, p := range all {
		if len(p.Metadata) == 0 {
			t.Errorf("program %d has none", p.ID)
		}
		if p.ID == id {
			found = &p
		}
	}
	if found == nil {
		t.Fatalf("program %d is not among %+v", id, all)
	}
	var got []string
	for _, v := range found.Metadata {
		got = append(got, fmt.Sprint(v.Section, " ", v.Name, " ", Text(v.Value)))
	}
	want := []string{`.rodata owner "networking"`, ".rodata.build revision 4711", ".rodata.time time 1600000000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestProgramsThatAreNotThere(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("asking for programs takes root: run make test as root")
	}
	if _, err := Read(math.MaxUint32 - 1); !errors.Is(err, ErrNotThere) {
		t.Error(err)
	}
	if _, err := ReadPinned("/nonexistent/pin"); !errors.Is(err, ErrNotThere) {
		t.Error(err)
	}
	if _, err := ReadPinned(t.TempDir()); !errors.Is(err, ErrNotThere) {
		t.Error(err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"
)

func TestVersion(t *testing.T) {
	for output, want := range map[string][2]string{
		`{"version":"7.1.0","libbpf_version":"1.1","features":{"libbfd":false}}`: {"7.1.0", "1.1"},
		`{"version":"5.10.223","features":{"libbfd":false,"skeletons":true}}`:    {"5.10.223", beforeOwnVersions},
	} {
		version, libbpf, err := parseVersion(output)
		if diff := cmp.Diff(want, [2]string{version, libbpf}); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", output, err, diff)
		}
	}
	for _, output := range []string{"", "bpftool v7.1.0", "{}", `{"version":7}`} {
		if version, _, err := parseVersion(output); !errors.Is(err, errVersion) {
			t.Errorf("%q: %q, %v", output, version, err)
		}
	}
}

func FuzzVersion(f *testing.F) {
	f.Add(`{"version":"7.1.0","libbpf_version":"1.1"}`)
	f.Fuzz(func(t *testing.T, output string) {
		if version, _, err := parseVersion(output); (version == "") != (err != nil) {
			t.Errorf("%q, %v", version, err)
		}
	})
}

func newTool(t *testing.T, libbpf string) *tool {
	t.Helper()
	p, err := newPins()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.root.Close() })
	return &tool{libbpf: libbpf, pins: p}
}

// begin opens an object that is written to a file.
func begin(t *testing.T, tool *tool, elf []byte, options loader.OpenOptions) *session {
	t.Helper()
	name := filepath.Join(t.TempDir(), "o.bpf.o")
	if err := os.WriteFile(name, elf, 0o644); err != nil {
		t.Fatal(err)
	}
	s, lacks := tool.Open(loader.Open{Session: "s1", Object: name, Options: options})
	if lacks != nil {
		t.Fatalf("%+v", lacks)
	}
	return s.(*session)
}

func TestWhatIsRunToLoad(t *testing.T) {
	const pins = "/proc/self/fd/3/s1"
	for name, tt := range map[string]struct {
		object  objects.Object
		options loader.OpenOptions
		set     []loader.Set
		want    string
	}{
		"one program":     {objects.MapDefs.Counter, loader.OpenOptions{}, nil, "prog load OBJECT " + pins + "/programs pinmaps " + pins + "/maps"},
		"no program":      {objects.MapDefs.Plain.With(elfedit.DropSection("xdp")), loader.OpenOptions{}, nil, "prog loadall OBJECT " + pins + "/programs pinmaps " + pins + "/maps"},
		"two programs":    {objects.MapDefs.Shared, loader.OpenOptions{}, nil, "prog loadall OBJECT " + pins + "/programs pinmaps " + pins + "/maps"},
		"unknown fields":  {objects.MapDefs.Plain, loader.OpenOptions{IgnoreUnknownFields: true}, nil, "--mapcompat prog load OBJECT " + pins + "/programs pinmaps " + pins + "/maps"},
		"a type":          {objects.MapDefs.Counter, loader.OpenOptions{}, []loader.Set{{Target: "program", Name: "count", Attr: loader.ProgramType, Value: "classifier"}}, "prog load OBJECT " + pins + "/programs type classifier pinmaps " + pins + "/maps"},
		"two maps reused": {objects.MapDefs.Counter, loader.OpenOptions{}, []loader.Set{{Target: "map", Name: "a", Attr: loader.Reuse, Value: "/x"}, {Target: "map", Name: "b", Attr: loader.Reuse, Value: "/y"}}, "prog load OBJECT " + pins + "/programs map name a pinned /x map name b pinned /y pinmaps " + pins + "/maps"},
	} {
		s := begin(t, newTool(t, "1.1"), tt.object.ELF(), tt.options)
		for _, set := range tt.set {
			if reply := s.set(set); reply == nil {
				t.Errorf("%s: %v", name, reply)
			}
		}
		s.folder = s.open.Session
		o, err := command.ReadObject(s.open.Object)
		if err != nil {
			t.Fatal(err)
		}
		argv, err := table.Command(loader.OpLoad, s.values(o))
		got := strings.ReplaceAll(strings.Join(argv, " "), s.open.Object, "OBJECT")
		if got != bpftool+" "+tt.want || err != nil {
			t.Errorf("%s: %v\n got %s\nwant %s %s", name, err, got, bpftool, tt.want)
		}
	}
}

func TestWhatIsRunForOtherOperations(t *testing.T) {
	for op, tt := range map[loader.Op]struct {
		values command.Values
		want   string
	}{
		loader.OpCreate: {
			createValues(loader.Create{Name: "m",
				Map: loader.MapAttributes{Type: 13, KeySize: 4, ValueSize: 4, MaxEntries: 9,
					Flags: 5}, InnerMap: "/i", Path: "/p"}),
			"map create /p type hash_of_maps key 4 value 4 entries 9 name m flags 5 inner_map pinned /i",
		},
		loader.OpPin: {command.Values{"target": {"map"}, "id": {"7"}, "path": {"/p"}},
			"map pin id 7 /p"},
		loader.OpAttach: {command.Values{"kind": {"xdp"}, "id": {"7"}, "device": {"lo"}},
			"net attach xdp id 7 dev lo"},
		loader.OpDetach: {command.Values{"kind": {"xdp"}, "id": {"7"}, "device": {"lo"}},
			"net detach xdp dev lo"},
		loader.OpLink: {command.Values{"output": {"o"}, "inputs": {"a", "b"}},
			"gen object o a b"},
	} {
		argv, err := table.Command(op, tt.values)
		if got := strings.Join(argv, " "); got != bpftool+" "+tt.want || err != nil {
			t.Errorf("%s: %s, %v", op, got, err)
		}
	}
	for status, want := range map[int]loader.Class{
		255: loader.Unclassified, 239: loader.NameConflict, 234: loader.Invalid,
		254: loader.NotFound, 244: loader.Unclassified, 1: "", 0: "", 128: "",
	} {
		if got := table.Refuses[status]; got != want {
			t.Errorf("status %d tells %q, want %q", status, got, want)
		}
	}
}

func TestOptionsThatCannotBeFollowed(t *testing.T) {
	for name, tt := range map[string]struct {
		libbpf  string
		options loader.OpenOptions
		ok      bool
	}{
		"none":                      {"1.1", loader.OpenOptions{}, true},
		"folder of pins":            {"1.1", loader.OpenOptions{PinRoot: "/sys/fs/bpf/1"}, true}, // it matters to objects that pin by name, which are refused
		"iproute2's mount":          {"1.1", loader.OpenOptions{PinMount: "/sys/fs/bpf/1"}, false},
		"iproute2's ids":            {"1.1", loader.OpenOptions{PinIDs: map[string]string{"7": "x"}}, false},
		"handlers":                  {"1.1", loader.OpenOptions{Handlers: []loader.Handler{loader.ProgramExactHandler}}, false},
		"legacy layout":             {"1.1", loader.OpenOptions{MapLayout: loader.LegacyLayout}, false},
		"legacy layout, old libbpf": {beforeOwnVersions, loader.OpenOptions{MapLayout: loader.LegacyLayout}, true},
		"iproute2's layout":         {beforeOwnVersions, loader.OpenOptions{MapLayout: loader.IPRoute2Layout}, false},
	} {
		if _, lacks := (&tool{libbpf: tt.libbpf}).Open(loader.Open{Options: tt.options}); (lacks == nil) != tt.ok {
			t.Errorf("%s: %+v", name, lacks)
		}
	}
}

func TestAttributesThatLoadHasNoOptionFor(t *testing.T) {
	s := &session{}
	for _, attribute := range []loader.Attribute{loader.MaxEntries, loader.NumaNode, loader.PinPath,
		loader.AutoLoad, loader.InnerMap} {
		reply, ok := s.set(loader.Set{Target: "map", Name: "m", Attr: attribute,
			Value: 1}).(*loader.Unsupported)
		if !ok || reply.Feature != loader.Feature(attribute) {
			t.Errorf("%s: %+v", attribute, reply)
		}
	}
}

func TestObjectThatTheCommandCannotBeToldOf(t *testing.T) {
	typed := &session{types: []string{"type", "xdp"}}
	one, two := []command.Program{{Name: "a"}}, []command.Program{{Name: "a"}, {Name: "b"}}
	for name, tt := range map[string]struct {
		session *session
		object  *command.Object
		want    loader.Feature // empty for none
	}{
		"any":                       {&session{}, &command.Object{Programs: two}, ""},
		"pins by name":              {&session{}, &command.Object{PinnedByName: true}, loader.Pinning},
		"type of the one program":   {typed, &command.Object{Programs: one}, ""},
		"type of one of two":        {typed, &command.Object{Programs: two}, "program_type"},
		"type of a missing program": {typed, &command.Object{}, "program_type"},
	} {
		lacks := tt.session.lacks(tt.object)
		if (lacks == nil) != (tt.want == "") || lacks != nil && lacks.Feature != tt.want {
			t.Errorf("%s: %+v", name, lacks)
		}
	}
}

func TestMapThatTheCommandCannotBeToldOf(t *testing.T) {
	for name, tt := range map[string]struct {
		attrs loader.MapAttributes
		want  loader.Feature // empty for none
	}{
		"any":                   {loader.MapAttributes{Type: 1, KeySize: 4, ValueSize: 4, MaxEntries: 1}, ""},
		"flags":                 {loader.MapAttributes{Type: 1, KeySize: 4, ValueSize: 4, MaxEntries: 1, Flags: 4}, ""},
		"a node":                {loader.MapAttributes{Type: 1, KeySize: 4, ValueSize: 4, MaxEntries: 1, Flags: 4, NumaNode: 1}, "numa_node"},
		"map_extra":             {loader.MapAttributes{Type: 30, ValueSize: 4, MaxEntries: 1, MapExtra: 1}, "map_extra"},
		"no type":               {loader.MapAttributes{}, "type"},
		"the last type":         {loader.MapAttributes{Type: 33, MaxEntries: 1}, ""},
		"the type after that":   {loader.MapAttributes{Type: 34, MaxEntries: 1}, "type"},
		"as large as they come": {loader.MapAttributes{Type: math.MaxUint32}, "type"},
	} {
		reply := cannotCreate(loader.Create{Map: tt.attrs})
		if (reply == nil) != (tt.want == "") || reply != nil && reply.Feature != tt.want {
			t.Errorf("%s: %+v", name, reply)
		}
	}
	// include/uapi/linux/bpf.h
	for number, name := range map[int]string{1: "hash", 13: "hash_of_maps", 27: "ringbuf",
		30: "bloom_filter", 33: "arena"} {
		if mapTypes[number] != name {
			t.Errorf("type %d is %s, want %s", number, mapTypes[number], name)
		}
	}
}

func TestPinOfAnotherIsNotRemoved(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := &session{}
	if _, ok := s.unpin(loader.Unpin{Path: name}).(*loader.Rejected); !ok {
		t.Error("it is not refused")
	}
	if _, err := os.Stat(name); err != nil {
		t.Error(err)
	}
	s.pins = []string{name}
	if _, ok := s.unpin(loader.Unpin{Path: name}).(*loader.OK); !ok {
		t.Error("its own is not removed")
	}
}

func TestLinkOfAnOldBpftool(t *testing.T) {
	reply, err := (&tool{libbpf: beforeOwnVersions}).Link(t.Context(), loader.Link{})
	if _, ok := reply.(*loader.Unsupported); !ok || err != nil {
		t.Errorf("%+v, %v", reply, err)
	}
}

func TestPinsAreNamedByTheObject(t *testing.T) {
	if err := rlimit.RemoveMemlock(); err != nil {
		t.Fatal(err)
	}
	p := newTool(t, "1.1").pins
	if err := os.MkdirAll(p.ours("s1/maps"), 0o700); err != nil {
		t.Fatal(err)
	}
	ids := map[string]uint32{}
	for _, name := range []string{"a_name_that_is_cut_in_the_kernel", "o_rodata"} {
		m, err := ebpf.NewMap(&ebpf.MapSpec{Name: name, Type: ebpf.Array, KeySize: 4, ValueSize: 4,
			MaxEntries: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.Pin(p.ours("s1/maps/" + name)); err != nil {
			t.Fatal(err)
		}
		info, err := m.Info()
		if err != nil {
			t.Fatal(err)
		}
		id, _ := info.ID()
		ids[name] = uint32(id)
	}
	got, err := p.maps("s1/maps",
		&command.Object{Maps: []command.Map{{Name: "a_name_that_is_cut_in_the_kernel"}}})
	want := []loader.MapView{{Name: "a_name_that_is_cut_in_the_kernel",
		ID: ids["a_name_that_is_cut_in_the_kernel"]}, {Name: "o_rodata", ID: ids["o_rodata"]}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if err := p.remove("s1"); err != nil {
		t.Error(err)
	}
	if got, err := p.maps("s1/maps", &command.Object{}); len(got) != 0 || err != nil {
		t.Errorf("%v are left, %v", got, err)
	}
}

func TestClaimsFollowFromLibbpf(t *testing.T) {
	for libbpf, old := range map[string]bool{beforeOwnVersions: true, "0.8": true, "1.0": false,
		"1.8": false} {
		claims := claimsOf("7.8", libbpf)
		if got := claims[loader.LegacyMaps].Support == loader.Yes; got != old {
			t.Errorf("libbpf %s: legacy-maps is %s", libbpf, claims[loader.LegacyMaps].Support)
		}
		if got := claims[loader.StaticLink].Support == loader.No; got != old {
			t.Errorf("libbpf %s: static-link is %s", libbpf, claims[loader.StaticLink].Support)
		}
		if unknown := loader.UnknownFeatures(claims); len(unknown) > 0 {
			t.Errorf("libbpf %s: claims %v", libbpf, unknown)
		}
		for feature, claim := range claims {
			if claim.Support != loader.Yes && claim.Reason == "" {
				t.Errorf("libbpf %s: %s is %s for no reason", libbpf, feature, claim.Support)
			}
		}
	}
}

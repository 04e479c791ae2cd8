// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// object returns the path of one of the reference loader's test objects.
func object(name string) string { return "../../loaderimpl/testdata/" + name + ".bpfel.o" }

func do(t *testing.T, l loader.Loader, req loader.Request) loader.Reply {
	t.Helper()
	reply, err := l.Do(context.Background(), req)
	if err != nil {
		t.Fatalf("%s: %v", req.Op(), err)
	}
	return reply
}

// compare compares replies in all but their texts for people.
func compare(t *testing.T, what string, want, got loader.Reply) {
	t.Helper()
	texts := cmp.Options{
		cmpopts.IgnoreFields(loader.Rejected{}, "Message", "Log"), cmpopts.IgnoreFields(loader.Unsupported{}, "Reason"),
		cmpopts.IgnoreFields(loader.Error{}, "Message"),
	}
	if diff := cmp.Diff(want, got, texts); diff != "" {
		t.Errorf("%s: %+v (-want +got)\n%s", what, got, diff)
	}
}

func needsBPF(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test loads BPF programs: run it as root, go test -exec sudo ./drivers/reference")
	}
}

func TestManifest(t *testing.T) {
	f, err := os.Open("loader.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := loader.ParseManifest("loader.yaml", f)
	if err != nil {
		t.Fatal(err)
	}
	ok := do(t, reference.New(), loader.Hello{Protocols: []int{loader.Version}}).(*loader.OK)
	if ok.Loader.Name != m.Name || ok.Loader.Version != m.Newest() {
		t.Errorf("the loader says %s %s, its manifest %s %s", ok.Loader.Name, ok.Loader.Version, m.Name, m.Newest())
	}
}

func TestOpenSaysWhatIsInAnObject(t *testing.T) {
	compare(t, "legacy", &loader.OK{
		Maps:     []loader.MapView{{Name: "plain"}, {Name: "without_flags"}, {Name: "longer"}, {Name: "annotated"}},
		Programs: []loader.ProgramView{{Name: "use", Section: "tc"}},
	}, do(t, reference.New(), loader.Open{Session: "s", Object: object("legacy")}))
}

func TestOpenSaysWhatItIgnored(t *testing.T) {
	for name, want := range map[string][]string{"unknown_field": {"m.colour", "m.plain"}, "legacy_tail": {"m.bytes 20-35"}} {
		compare(t, name, &loader.OK{Maps: []loader.MapView{{Name: "m"}}, Unknown: want}, do(t, reference.New(), loader.Open{
			Session: "s", Object: object("refused/" + name), Options: loader.OpenOptions{IgnoreUnknownFields: true},
		}))
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, want := range map[string]*loader.Rejected{
		"refused/unknown_field":            {Stage: loader.AtOpen, Class: loader.UnknownMapField},
		"refused/key_conflict":             {Stage: loader.AtOpen, Class: loader.BadMapDef},
		"refused/static_map":               {Stage: loader.AtOpen, Class: loader.BadMapDef},
		"refused/legacy_short":             {Stage: loader.AtOpen, Class: loader.BadMapDef},
		"refused/extern_map":               {Stage: loader.AtOpen, Class: loader.Unresolved},
		"refused/other_section":            {Stage: loader.AtOpen, Class: loader.UnknownMapKind},
		"refused/data_pointer":             {Stage: loader.AtOpen, Class: loader.BadRelocation},
		"refused/static_program":           {Stage: loader.AtOpen, Class: loader.BadProgram},
		"refused/struct_ops_other_program": {Stage: loader.AtOpen, Class: loader.BadProgram},
		"nothing-here":                     {Stage: loader.AtOpen, Class: loader.NotFound, Errno: 2},
	} {
		compare(t, name, want, do(t, reference.New(), loader.Open{Session: "s", Object: object(name)}))
	}
}

func TestOptionsArePassedOn(t *testing.T) {
	r := reference.New()
	open := func(name string, opts loader.OpenOptions) loader.Reply {
		return do(t, r, loader.Open{Session: name, Object: object(name), Options: opts})
	}
	for what, got := range map[string]struct{ want, got loader.Reply }{
		"layout": {
			&loader.Rejected{Stage: loader.AtOpen, Class: loader.UnknownMapField}, open("iproute2", loader.OpenOptions{MapLayout: loader.LegacyLayout}),
		},
		"layout of the samples": {
			&loader.Rejected{Stage: loader.AtOpen, Class: loader.BadMapDef},
			open("refused/samples_inner_later", loader.OpenOptions{MapLayout: loader.SamplesLayout}),
		},
		"layout of iproute2": {
			&loader.Rejected{Stage: loader.AtOpen, Class: loader.BadMapDef}, open("samples", loader.OpenOptions{MapLayout: loader.IPRoute2Layout}),
		},
		"layout that does not exist": {
			&loader.Unsupported{Feature: "map_layout/struct map"}, open("iproute2", loader.OpenOptions{MapLayout: "struct map"}),
		},
		"subdirectory": {
			&loader.Rejected{Stage: loader.AtOpen, Class: loader.Invalid}, open("iproute2", loader.OpenOptions{PinSubdir: "bridge"}),
		},
		"pinning id": {
			&loader.Rejected{Stage: loader.AtOpen, Class: loader.Invalid}, open("iproute2", loader.OpenOptions{PinIDs: map[string]string{"11": ".."}}),
		},
		"pinning id that is no number": {
			&loader.Error{}, open("iproute2", loader.OpenOptions{PinIDs: map[string]string{"eleven": "a"}}),
		},
	} {
		compare(t, what, got.want, got.got)
	}
}

func TestIproute2sPinsFollowTheOptions(t *testing.T) {
	needsBPF(t)
	for what, c := range map[string]struct {
		opts loader.OpenOptions
		want *loader.Rejected
	}{
		"nowhere":  {loader.OpenOptions{PinIDs: map[string]string{"11": "a"}}, &loader.Rejected{Stage: loader.AtPin, Class: loader.Invalid}},
		"no id":    {loader.OpenOptions{PinMount: "/"}, &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound}},
		"no bpffs": {loader.OpenOptions{PinMount: "/", PinIDs: map[string]string{"11": "a"}}, &loader.Rejected{Stage: loader.AtPin, Class: loader.Invalid}},
	} {
		r := reference.New()
		do(t, r, loader.Open{Session: "s", Object: object("iproute2_pinned"), Options: c.opts})
		do(t, r, loader.Set{Session: "s", Target: "program", Name: "entry", Attr: loader.ProgramType, Value: "tc"})
		compare(t, what, c.want, do(t, r, loader.Load{Session: "s"}))
	}
}

// Every class of the reference loader's errors is one that the protocol knows.
func TestClassesAreTheProtocols(t *testing.T) {
	known := []loader.Class{
		loader.Malformed, loader.MalformedELF, loader.MalformedBTF, loader.Invalid, loader.BadMapDef, loader.BadRelocation,
		loader.BadProgram, loader.NotSupported, loader.UnknownMapField, loader.UnknownMapKind, loader.UnknownSection, loader.KernelLacks,
		loader.NotFound, loader.BTFMissing, loader.Unresolved, loader.IncompatiblePin, loader.NameConflict, loader.Verifier, loader.IO, loader.Limit,
	}
	for _, c := range []loaderimpl.Class{
		loaderimpl.ClassIO, loaderimpl.ClassELF, loaderimpl.ClassBTF, loaderimpl.ClassDefinition, loaderimpl.ClassRelocation,
		loaderimpl.ClassProgram, loaderimpl.ClassInvalid, loaderimpl.ClassField, loaderimpl.ClassMapKind, loaderimpl.ClassSection,
		loaderimpl.ClassNotSupported, loaderimpl.ClassNotInKernel, loaderimpl.ClassBTFMissing, loaderimpl.ClassUnresolved,
		loaderimpl.ClassNotFound, loaderimpl.ClassPin, loaderimpl.ClassVerifier, loaderimpl.ClassLimit,
	} {
		if !slices.Contains(known, loader.Class(c)) {
			t.Errorf("class %q is not the protocol's", c)
		}
	}
}

func TestLoadSaysTheKernelsIDs(t *testing.T) {
	needsBPF(t)
	for _, name := range []string{"btf", "legacy"} {
		l := reference.New()
		do(t, l, loader.Open{Session: "s", Object: object(name)})
		ok, _ := do(t, l, loader.Load{Session: "s"}).(*loader.OK)
		if ok == nil || len(ok.Maps) == 0 || len(ok.Programs) != 1 || ok.Programs[0].ID == 0 {
			t.Fatalf("%s: %+v", name, ok)
		}
		for _, m := range ok.Maps {
			if m.ID == 0 {
				t.Errorf("%s: map %s has no id", name, m.Name)
			}
		}
		compare(t, "reset", &loader.OK{}, do(t, l, loader.Reset{}))
		compare(t, "load after reset", &loader.Error{}, do(t, l, loader.Load{Session: "s"}))
	}
}

func TestSetChangesWhatIsLoaded(t *testing.T) {
	needsBPF(t)
	l := reference.New()
	do(t, l, loader.Open{Session: "s", Object: object("btf")})
	ok, refused := &loader.OK{}, &loader.Rejected{Stage: loader.AtOpen, Class: loader.Invalid}
	for _, c := range []struct {
		set  loader.Set
		want loader.Reply
	}{
		{loader.Set{Target: "map", Name: "typed", Attr: loader.MaxEntries, Value: 7}, ok},
		{loader.Set{Target: "map", Name: "typed", Attr: loader.MaxEntries, Value: uint32(7)}, ok},
		{loader.Set{Target: "map", Name: "typed", Attr: loader.MapFlags, Value: 1.0}, ok},
		{loader.Set{Target: "map", Name: "typed", Attr: loader.NumaNode, Value: 0}, ok},
		{loader.Set{Target: "map", Name: "perf", Attr: loader.AutoCreate, Value: false}, ok},
		{loader.Set{Target: "map", Name: "sized", Attr: loader.PinPath, Value: ""}, ok},
		{loader.Set{Target: "program", Name: "use", Attr: loader.ProgramType, Value: "tc"}, ok},
		{loader.Set{Target: "program", Name: "use", Attr: loader.AutoLoad, Value: false}, ok},
		{loader.Set{Target: "map", Name: "typed", Attr: loader.MaxEntries, Value: 1.5}, refused},
		{loader.Set{Target: "map", Name: "typed", Attr: loader.MaxEntries, Value: -1}, refused},
		{loader.Set{Target: "map", Name: "typed", Attr: loader.MaxEntries, Value: "many"}, refused},
		{loader.Set{Target: "map", Name: "typed", Attr: loader.AutoCreate, Value: 1}, refused},
		{loader.Set{Target: "program", Name: "use", Attr: loader.ProgramType, Value: "xdp_old"}, refused},
		{loader.Set{Target: "map", Name: "typed", Attr: "colour", Value: 1}, &loader.Unsupported{Feature: "set/colour"}},
		{loader.Set{Target: "program", Name: "use", Attr: loader.PinPath, Value: ""}, &loader.Unsupported{Feature: "set/pin_path"}},
		{loader.Set{Target: "map", Name: "none", Attr: loader.MaxEntries, Value: 1}, &loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound}},
	} {
		c.set.Session = "s"
		compare(t, string(c.set.Attr), c.want, do(t, l, c.set))
	}
	loaded := do(t, l, loader.Load{Session: "s"}).(*loader.OK)
	if perf, _ := loaded.Map("perf"); perf.ID != 0 || loaded.Programs[0].ID != 0 {
		t.Errorf("what was left out is there: %+v", loaded)
	}
	compare(t, "set after load", refused, do(t, l, loader.Set{Session: "s", Target: "map", Name: "typed", Attr: loader.MaxEntries, Value: 1}))
	compare(t, "second load", &loader.Rejected{Stage: "load", Class: loader.Invalid}, do(t, l, loader.Load{Session: "s"}))
	compare(t, "close", &loader.OK{}, do(t, l, loader.Close{Session: "s"}))
	compare(t, "close again", &loader.Error{}, do(t, l, loader.Close{Session: "s"}))
}

func TestLoadRefuses(t *testing.T) {
	needsBPF(t)
	l := reference.New()
	for _, c := range []struct {
		object string
		set    []loader.Set
		want   *loader.Rejected
	}{
		{"btf", []loader.Set{{Target: "map", Name: "sized", Attr: loader.MapFlags, Value: 1 << 30}},
			&loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid, Errno: 22}},
		{"fails", []loader.Set{{Target: "map", Name: "shared", Attr: loader.PinPath, Value: ""}},
			&loader.Rejected{Stage: loader.AtVerify, Class: loader.Verifier, Errno: 13}},
		{"odd_section", nil, &loader.Rejected{Stage: "load", Class: loader.UnknownSection}},
		{"pinned", nil, &loader.Rejected{Stage: loader.AtPin, Class: loader.Invalid}},
	} {
		do(t, l, loader.Open{Session: c.object, Object: object(c.object)})
		for _, set := range c.set {
			set.Session = c.object
			compare(t, c.object, &loader.OK{}, do(t, l, set))
		}
		compare(t, c.object, c.want, do(t, l, loader.Load{Session: c.object}))
	}
}

func TestAVerifiersLogIsCutAtItsStart(t *testing.T) {
	needsBPF(t)
	l := reference.New()
	do(t, l, loader.Open{Session: "s", Object: object("fails")})
	do(t, l, loader.Set{Session: "s", Target: "map", Name: "shared", Attr: loader.PinPath, Value: ""})
	r, _ := do(t, l, loader.Load{Session: "s"}).(*loader.Rejected)
	if r == nil || !strings.Contains(r.Log, "processed ") || len(r.Log) > loader.MaxText {
		t.Errorf("reply %+v", r)
	}
}

func TestMistakesOfTheSuiteAreErrors(t *testing.T) {
	l := reference.New()
	do(t, l, loader.Open{Session: "s", Object: object("btf")})
	for _, req := range []loader.Request{
		loader.Open{Session: "s", Object: object("btf")},
		loader.Load{Session: "other"},
		loader.Pin{Session: "s", Target: "map", Name: "typed", Path: "/nowhere"},
	} {
		compare(t, string(req.Op()), &loader.Error{}, do(t, l, req))
	}
	compare(t, "attach", &loader.Unsupported{Feature: "attach/tc"}, do(t, l, loader.Attach{Session: "s", Kind: "tc"}))
}

// TestTheProcessAnswersLikeThePackage holds the process to the same words, over the wire.
func TestTheProcessAnswersLikeThePackage(t *testing.T) {
	needsBPF(t)
	driver := filepath.Join(t.TempDir(), "driver")
	if out, err := exec.Command("go", "build", "-o", driver, "./driver").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(driver)
	cmd.Stdin = strings.NewReader(`{"v":1,"seq":1,"op":"hello","protocols":[1],"suite":"test","kernel":{"release":"","arch":""},"dirs":{"work":"","bpffs":""}}
{"v":1,"seq":2,"op":"open","session":"s","object":"` + object("mixed") + `","options":{}}
{"v":1,"seq":3,"op":"set","session":"s","target":"map","name":"a","attribute":"max_entries","value":3}
{"v":1,"seq":4,"op":"load","session":"s"}
{"v":1,"seq":5,"op":"open","session":"t","object":"` + object("refused/unknown_field") + `","options":{}}
{"v":1,"seq":6,"op":"bye"}
`)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, want := range []string{`"protocol":1`, `"name":"a"`, `"seq":3`, `"id":`, string(loader.UnknownMapField), `"seq":6`} {
		lines := strings.Split(string(out), "\n")
		if i >= len(lines) || !strings.Contains(lines[i], want) {
			t.Errorf("reply %d has no %s:\n%s", i+1, want, out)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
)

func handlers(list ...loader.Handler) loader.OpenOptions { return loader.OpenOptions{Handlers: list} }

// acting copies an object of one struct vendor_map, with another magic number and action.
func acting(t *testing.T, name string, magic, action uint32) string {
	t.Helper()
	data, err := os.ReadFile(object("handled/" + name))
	if err != nil {
		t.Fatal(err)
	}
	old := binary.NativeEndian.AppendUint32(nil, 0x766e6472)
	i := bytes.Index(data, old)
	if i < 0 {
		t.Fatalf("%s holds no struct vendor_map", name)
	}
	binary.NativeEndian.PutUint32(data[i:], magic)
	binary.NativeEndian.PutUint32(data[i+4:], action)
	path := filepath.Join(t.TempDir(), name+".o")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const magic = 0x766e6472

func TestHandlersAreTheProtocols(t *testing.T) {
	compare(t, "unknown handler", &loader.Unsupported{Feature: "handlers/map-colour"},
		do(t, reference.New(), loader.Open{Session: "s", Object: object("btf"), Options: handlers("map-colour")}))
	for name, c := range map[string]struct {
		object  string
		options loader.OpenOptions
		want    loader.Reply
	}{
		"no handler":       {object("handled/one"), handlers(), &loader.Rejected{Stage: loader.AtOpen, Class: loader.UnknownMapKind}},
		"another's":        {object("handled/one"), handlers(loader.MapFieldHandler), &loader.Rejected{Stage: loader.AtOpen, Class: loader.UnknownMapKind}},
		"wrong magic":      {acting(t, "one", 1, 1), handlers(loader.MapSectionHandler), &loader.Rejected{Stage: loader.AtOpen, Class: loader.BadMapDef}},
		"unknown action":   {acting(t, "one", magic, 6), handlers(loader.MapSectionHandler), &loader.Rejected{Stage: loader.AtOpen, Class: loader.BadMapDef}},
		"handed back":      {acting(t, "one", magic, 5), handlers(loader.MapSectionHandler), &loader.Rejected{Stage: loader.AtOpen, Class: loader.UnknownMapKind}},
		"unknown fields":   {object("handled/fields"), handlers(), &loader.Rejected{Stage: loader.AtOpen, Class: loader.UnknownMapField}},
		"one unknown left": {object("handled/other_field"), handlers(loader.MapFieldHandler), &loader.Rejected{Stage: loader.AtOpen, Class: loader.UnknownMapField}},
		"one unknown left and ignored": {object("handled/other_field"),
			loader.OpenOptions{IgnoreUnknownFields: true, Handlers: []loader.Handler{loader.MapFieldHandler}},
			&loader.OK{Maps: []loader.MapView{{Name: "m"}}, Unknown: []string{"m.vendor_other"}}},
	} {
		compare(t, name, c.want, do(t, reference.New(), loader.Open{Session: "s", Object: c.object, Options: c.options}))
	}
}

// loaded opens and loads, and returns the maps of the object in the kernel.
func loaded(t *testing.T, l loader.Loader, path string, options loader.OpenOptions) map[string]*ebpf.Map {
	t.Helper()
	needsBPF(t)
	if _, ok := do(t, l, loader.Open{Session: "s", Object: path, Options: options}).(*loader.OK); !ok {
		t.Fatalf("%s: not opened", path)
	}
	reply := do(t, l, loader.Load{Session: "s"})
	ok, _ := reply.(*loader.OK)
	if ok == nil {
		t.Fatalf("%s: %+v", path, reply)
	}
	maps := make(map[string]*ebpf.Map)
	for _, m := range ok.Maps {
		var err error
		if maps[m.Name], err = ebpf.NewMapFromID(ebpf.MapID(m.ID)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { maps[m.Name].Close() })
	}
	return maps
}

func TestMapsOfTheSectionHandler(t *testing.T) {
	for action, want := range map[uint32]string{1: "kept", 2: "vendor_supplied"} {
		l := reference.New()
		m := loaded(t, l, acting(t, "one", magic, action), handlers(loader.MapSectionHandler))["kept"]
		if info, err := m.Info(); err != nil || info.Name != want || info.MaxEntries != 3 {
			t.Errorf("action %d: map %+v (%v)", action, info, err)
		}
		compare(t, "close", &loader.OK{}, do(t, l, loader.Close{Session: "s"}))
	}
	l := reference.New()
	options := handlers(loader.MapSectionHandler)
	options.PinRoot = t.TempDir()
	do(t, l, loader.Open{Session: "s", Object: acting(t, "one", magic, 4), Options: options})
	compare(t, "nothing to reuse", &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound, Errno: 2}, do(t, l, loader.Load{Session: "s"}))
}

// Without handlers no section attaches anything: the loader has none of its own.
func TestAttachWithoutHandlers(t *testing.T) {
	l := reference.New()
	loaded(t, l, object("sections"), loader.OpenOptions{})
	reply := do(t, l, loader.Attach{Session: "s", Program: "count", Kind: "handler"})
	if u, ok := reply.(*loader.Unsupported); !ok || u.Feature != "attach/handler" {
		t.Errorf("%+v, want attach/handler unsupported", reply)
	}
	compare(t, "close", &loader.OK{}, do(t, l, loader.Close{Session: "s"}))
}

func TestMapsOfTheFieldHandler(t *testing.T) {
	l := reference.New()
	m := loaded(t, l, object("handled/fields"), handlers(loader.MapFieldHandler))["sized"]
	if info, err := m.Info(); err != nil || info.MaxEntries != 3 || info.Flags != 4 {
		t.Errorf("map %+v (%v)", info, err)
	}
	compare(t, "close", &loader.OK{}, do(t, l, loader.Close{Session: "s"}))
}

func TestHandlersOfPrograms(t *testing.T) {
	l := reference.New()
	maps := loaded(t, l, object("handled/programs"), handlers(loader.ProgramPrefixHandler, loader.ProgramExactHandler, loader.ProgramFallbackHandler))
	var got [4]uint32
	for i := range got {
		if err := maps["vendor_calls"].Lookup(uint32(i), &got[i]); err != nil {
			t.Error(err)
		}
	}
	// Five setups; third, exact and fallen are loaded, in this order.
	if want := [4]uint32{5, 3, 3, 0}; got != want {
		t.Errorf("vendor_calls %v, want %v", got, want)
	}
	attach := loader.Attach{Session: "s", Program: "third", Kind: "handler"}
	compare(t, "attach", &loader.OK{Handle: "1"}, do(t, l, attach))
	var id uint32
	if err := maps["vendor_jumps"].Lookup(uint32(3), &id); err != nil || id == 0 {
		t.Errorf("vendor_jumps[3] is %d (%v)", id, err)
	}
	compare(t, "detach", &loader.OK{}, do(t, l, loader.Detach{Session: "s", Handle: "1"}))
	if err := maps["vendor_jumps"].Lookup(uint32(3), &id); err == nil {
		t.Errorf("after detaching, vendor_jumps[3] is %d", id)
	}
	compare(t, "detach again", &loader.Error{}, do(t, l, loader.Detach{Session: "s", Handle: "1"}))
	refused := &loader.Rejected{Stage: loader.AtAttach, Class: loader.NotSupported}
	for _, program := range []string{"exact", "entry"} {
		compare(t, program, refused, do(t, l, loader.Attach{Session: "s", Program: program, Kind: "handler"}))
	}
	compare(t, "left out", &loader.Rejected{Stage: loader.AtAttach, Class: loader.NotFound},
		do(t, l, loader.Attach{Session: "s", Program: "skipped", Kind: "handler"}))
	compare(t, "xdp", &loader.Unsupported{Feature: "attach/tc"}, do(t, l, loader.Attach{Session: "s", Program: "entry", Kind: "tc"}))
	compare(t, "attach again", &loader.OK{Handle: "2"}, do(t, l, attach))
	compare(t, "close", &loader.OK{}, do(t, l, loader.Close{Session: "s"}))
}

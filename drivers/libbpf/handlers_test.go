// SPDX-License-Identifier: Apache-2.0

package libbpf

import (
	"errors"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
)

// handled opens an object with handlers of programs.
func handled(object string, handlers ...loader.Handler) loader.Open {
	return open(object, loader.OpenOptions{Handlers: handlers})
}

func everyHandler() []loader.Handler {
	return []loader.Handler{loader.ProgramPrefixHandler, loader.ProgramExactHandler,
		loader.ProgramFallbackHandler}
}

// element returns a number of 32 bits in a map, and whether the map has one.
func (d *driver) element(id, key uint32) (uint32, bool) {
	d.Helper()
	m, err := ebpf.NewMapFromID(ebpf.MapID(id))
	if err != nil {
		d.Fatal(err)
	}
	defer m.Close()
	var value uint32
	err = m.Lookup(key, &value)
	if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		d.Fatal(err)
	}
	return value, err == nil
}

// eachVersionWithHandlers runs a test for the versions that have handlers of programs, and sees
// that the others say they have none.
func eachVersionWithHandlers(t *testing.T, do func(t *testing.T, d *driver)) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		if isOld(version) {
			d.unsupported(handled("vendor.bpf.o", loader.ProgramPrefixHandler),
				loader.ProgramHandlers)
			return
		}
		do(t, d)
	})
}

// hidesMaps reports whether a version gives handlers no descriptor of a map while the object is
// loaded: bpf_map__fd is -1 then, from 1.4, when maps got descriptors before they are made, to 1.5;
// from 1.6 it knows objects whose maps are there and whose programs are not.
func hidesMaps(version string) bool { return version == "1.4" || version == "1.5" }

// load loads what handlers have prepared, with a version that lets them.
func (d *driver) load() *loader.OK {
	d.Helper()
	if !hidesMaps(d.version) {
		return d.ok(loader.Load{Session: "s"})
	}
	want := loader.Rejected{Stage: loader.AtLoad, Class: loader.IO, Errno: 9}
	if diff := cmp.Diff(want, d.refused(loader.Load{Session: "s"})); diff != "" {
		d.Error(diff)
	}
	return nil
}

func TestHandlersSetUpPrepareAndAttach(t *testing.T) {
	eachVersionWithHandlers(t, func(t *testing.T, d *driver) {
		d.ok(handled("vendor.bpf.o", everyHandler()...))
		loaded := d.load()
		if loaded == nil {
			return
		}
		ids := map[string]uint32{}
		for _, p := range loaded.Programs {
			ids[p.Name] = p.ID
		}
		if ids["third"] == 0 || ids["exact"] == 0 || ids["fallback"] == 0 || ids["skipped"] != 0 {
			t.Errorf("programs %v, want all loaded but skipped", ids)
		}
		calls, _ := loaded.Map("vendor_calls")
		var got [3]uint32
		for i := range got {
			var there bool
			if got[i], there = d.element(calls.ID, uint32(i)); !there {
				t.Errorf("vendor_calls has no element %d", i)
			}
		}
		// Setups, prepared, the handler of the last program: libbpf loads them by section, as the
		// object has them.
		if want := [3]uint32{4, 3, 3}; got != want {
			t.Errorf("vendor_calls holds %v, want %v", got, want)
		}
		attach := loader.Attach{Session: "s", Program: "third", Kind: "handler"}
		attached := d.ok(attach)
		if attached.LinkID != 0 || attached.Handle == "" {
			t.Errorf("%+v, want a handle and no link", attached)
		}
		jumps, _ := loaded.Map("vendor_jumps")
		if id, ok := d.element(jumps.ID, 3); !ok || id != ids["third"] {
			t.Errorf("element 3 is program %d (%t), want %d", id, ok, ids["third"])
		}
		d.ok(loader.Detach{Session: "s", Handle: attached.Handle})
		if id, ok := d.element(jumps.ID, 3); ok {
			t.Errorf("element 3 is program %d after detaching", id)
		}
		attach.Program = "exact"
		if diff := cmp.Diff(loader.Rejected{Stage: loader.AtAttach, Class: loader.NotSupported,
			Errno: 95}, d.refused(attach)); diff != "" {
			t.Errorf("attach without a number: %s", diff)
		}
	})
}

func TestHandlersAreGoneAfterTheSession(t *testing.T) {
	eachVersionWithHandlers(t, func(t *testing.T, d *driver) {
		unknown := loader.Rejected{Stage: loader.AtLoad, Class: loader.Invalid, Errno: 22}
		for range 2 {
			d.ok(handled("vendor.bpf.o", everyHandler()...))
			d.load()
			d.ok(loader.Close{Session: "s"})
			d.ok(handled("vendor.bpf.o"))
			if diff := cmp.Diff(unknown, d.refused(loader.Load{Session: "s"})); diff != "" {
				t.Errorf("without handlers: %s", diff)
			}
			d.ok(loader.Close{Session: "s"})
		}
	})
}

func TestHandlerRefusesAProgram(t *testing.T) {
	eachVersionWithHandlers(t, func(t *testing.T, d *driver) {
		want := loader.Rejected{Stage: loader.AtOpen, Class: loader.NotSupported, Errno: 95}
		if diff := cmp.Diff(want,
			d.refused(handled("vendor-refuse.bpf.o", loader.ProgramPrefixHandler))); diff != "" {
			t.Error(diff)
		}
		d.ok(handled("vendor-refuse.bpf.o", loader.ProgramExactHandler))
	})
}

func TestHandlersDoNotChangeUnderAnOpenSession(t *testing.T) {
	eachVersionWithHandlers(t, func(t *testing.T, d *driver) {
		d.ok(handled("vendor.bpf.o", everyHandler()...))
		other := handled("vendor.bpf.o")
		other.Session = "t"
		d.unsupported(other, loader.ProgramHandlers)
		other.Options.Handlers = everyHandler()
		d.ok(other)
		d.ok(loader.Close{Session: "t"})
		d.load()
	})
}

// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

func TestAClonesChangesAreItsOwn(t *testing.T) {
	for _, name := range sources(t, "") {
		o := openTest(t, name, Options{})
		before := describeObject(o)
		c := o.Clone()
		if diff := cmp.Diff(before, describeObject(c)); diff != "" {
			t.Errorf("%s: (-object +clone)\n%s", name, diff)
		}
		for _, m := range c.Maps() {
			do(t, m.SetPin("/elsewhere", PinNew))
			do(t, m.Change(func(a *Attributes) { a.MaxEntries, a.Flags = 77, 88; a.SetNumaNode(99) }))
		}
		for _, p := range c.Programs() {
			do(t, errors.Join(p.SetAutoload(false), p.SetKind(ProgramKind{Type: ebpf.SocketFilter})))
		}
		if diff := cmp.Diff(before, describeObject(o)); diff != "" {
			t.Errorf("%s: the object changed with its clone (-before +after)\n%s", name, diff)
		}
	}
}

func TestAClonesVariablesAreItsOwn(t *testing.T) {
	o := openTest(t, "variables", Options{})
	do(t, o.Variable("threshold").Set(uint32(6)))
	c := o.Clone()
	roundTrip[uint32](t, c, "threshold", 6, 7)
	roundTrip[uint32](t, o, "threshold", 6, 8)
	roundTrip[uint32](t, c, "threshold", 7, 7)
	if raw := o.Map(".rodata").Definition().Raw; !bytes.Equal(raw, native32(5)) {
		t.Errorf("the object's bytes are % x now", raw)
	}
}

// TestInnerDefinitionsChangeWithTheirMaps changes a map that shows what the maps in others look
// like.
func TestInnerDefinitionsChangeWithTheirMaps(t *testing.T) {
	o := openTest(t, "iproute2", Options{})
	c := o.Clone()
	do(t, c.Map("template").Change(func(a *Attributes) { a.Type = ebpf.Hash }))
	for what, c := range map[string]struct {
		object *Object
		want   ebpf.MapType
	}{"object": {o, ebpf.Array}, "clone": {c, ebpf.Hash}} {
		if got := c.object.Map("in_array").Definition().Inner.Type; got != c.want {
			t.Errorf("%s: inner maps are of type %v, want %v", what, got, c.want)
		}
	}
}

func TestClonesOfALoadedObjectAreLoaded(t *testing.T) {
	o := openTest(t, "iproute2", Options{})
	needsBPF(t)
	first, err := o.Load(LoadOptions{})
	do(t, err)
	defer first.Close()
	c := o.Clone()
	// The kind of the tail calls is found out anew.
	do(t, c.Program("entry").SetKind(ProgramKind{Type: ebpf.SchedACT}))
	second, err := c.Load(LoadOptions{})
	do(t, err)
	defer second.Close()
	for _, p := range []string{"entry", "last"} {
		if a, b := first.Programs[p].Type(), second.Programs[p].Type(); a != ebpf.SchedCLS || b != ebpf.SchedACT {
			t.Errorf("%s is of type %v, and in the clone of type %v", p, a, b)
		}
	}
	if a, err := mapID(first, "first"); err != nil || a == 0 {
		t.Error(a, err)
	} else if b, err := mapID(second, "first"); err != nil || a == b {
		t.Errorf("both use map %d (%v)", a, err)
	}
	if _, err := c.Load(LoadOptions{}); !errors.Is(err, refuse.ErrLoaded) {
		t.Errorf("second load of the clone: %v", err)
	}
}

func TestClonesAreLoadedAtOnce(t *testing.T) {
	needsBPF(t)
	for _, name := range []string{"data", "calls", "core", "inner", "variables"} {
		o := openTest(t, name, Options{})
		var loads errgroup.Group
		for i := range 8 {
			c := o.Clone()
			loads.Go(func() error {
				if name == "variables" {
					if err := c.Variable("threshold").Set(i); err != nil {
						return err
					}
				}
				l, err := c.Load(LoadOptions{})
				if err != nil {
					return err
				}
				return l.Close()
			})
		}
		if err := loads.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHandlersAreNotAskedAgainForAClone(t *testing.T) {
	needsBPF(t)
	var asked int
	supplied, err := ebpf.NewMap(&ebpf.MapSpec{Name: "mine", Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 3})
	do(t, err)
	defer supplied.Close()
	opts := handled("vendor_maps", func(d *Draft) error {
		asked++
		d.Supply = func() (*ebpf.Map, error) { return supplied, nil }
		return nil
	})
	attached := 0
	opts.ProgramHandlers = []ProgramHandler{{
		Section: "xdp",
		Setup: func(p *Program) error {
			asked++
			return p.SetKind(ProgramKind{Type: ebpf.XDP})
		},
		Attach: func(p *Program, l *Loaded) (io.Closer, error) {
			attached++
			return closer(func() error { return nil }), nil
		},
	}}
	o := openTest(t, "handled/one", opts)
	opened := asked
	for range 2 {
		l, err := o.Clone().Load(LoadOptions{})
		do(t, err)
		defer l.Close()
		if want, err := mapID(l, "kept"); err != nil || want == 0 {
			t.Error(want, err)
		}
		_, err = l.Attach("use")
		do(t, err)
	}
	if asked != opened || attached != 2 {
		t.Errorf("asked %d times at open and %d in all, attached %d times", opened, asked, attached)
	}
}

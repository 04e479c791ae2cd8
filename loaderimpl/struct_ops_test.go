// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A structHead is what a map of a structure starts with (struct bpf_struct_ops_common_value). The
// kernel's states are 0 for one that was not filled, 1 for one that is registered by an update, 2
// for one that is being freed, 3 for one that is ready for a link.
type structHead struct{ refs, state uint32 }

func headOf(t *testing.T, m *ebpf.Map) structHead {
	t.Helper()
	value, err := m.LookupBytes(uint32(0))
	if err != nil {
		t.Fatal(err)
	}
	return structHead{binary.NativeEndian.Uint32(value), binary.NativeEndian.Uint32(value[4:])}
}

// controls lists the congestion controls that the kernel has.
func controls(t *testing.T) []string {
	t.Helper()
	list, err := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(list))
}

// named gives the structures of the test object names of their own, as other tests may run.
func named(t *testing.T, o *Object, name string) {
	t.Helper()
	for _, s := range []string{"plain", "linked", "newer"} {
		do(t, o.StructOps(s).Set("name", name))
	}
}

// alone leaves out all structures but some.
func alone(t *testing.T, o *Object, keep ...string) {
	t.Helper()
	for _, m := range o.Maps() {
		if m.def.StructOps != nil {
			do(t, m.SetAutocreate(slices.Contains(keep, m.Name())))
		}
	}
}

func TestAnUpdateRegistersAStructure(t *testing.T) {
	l := load(t, "struct_ops", Options{}, func(o *Object) {
		alone(t, o, "plain")
		named(t, o, "loadstone_upd")
	})
	if got := headOf(t, l.Maps["plain"]); got != (structHead{}) {
		t.Errorf("%+v after the load", got)
	}
	r, err := l.Register("plain")
	do(t, err)
	if got := headOf(t, l.Maps["plain"]); got != (structHead{1, 1}) || r.LinkID() != 0 {
		t.Errorf("%+v, link %d", got, r.LinkID())
	}
	if !slices.Contains(controls(t), "loadstone_upd") {
		t.Errorf("not among %v", controls(t))
	}
	_, err = l.Register("plain")
	compareRefusal(t, "second time", err, &Error{Stage: refuse.StageAttach, Class: ClassInvalid, Object: "struct_ops", Symbol: "plain"}, refuse.ErrRegistered)
	do(t, r.Close())
	if slices.Contains(controls(t), "loadstone_upd") {
		t.Error("still registered")
	}
	if err := r.Close(); !errors.Is(err, syscall.EINPROGRESS) {
		t.Errorf("unregistered twice: %v", err)
	}
}

func TestALinkRegistersAStructureAnyNumberOfTimes(t *testing.T) {
	l := load(t, "struct_ops", Options{}, func(o *Object) {
		alone(t, o, "linked", "newer")
		named(t, o, "loadstone_link")
	})
	for range 2 {
		r, err := l.Register("linked")
		do(t, err)
		if got := headOf(t, l.Maps["linked"]); got.state != 3 || r.LinkID() == 0 {
			t.Errorf("%+v, link %d", got, r.LinkID())
		}
		if _, err := l.Register("newer"); !errors.Is(err, syscall.EEXIST) {
			t.Errorf("another of that name: %v", err)
		}
		if err := r.Update(l, "newer", l.Maps["newer"]); !errors.Is(err, syscall.EPERM) {
			t.Errorf("in the place of another than the expected: %v", err)
		}
		do(t, r.Update(l, "newer", l.Maps["linked"]))
		do(t, r.Update(l, "linked", nil))
		do(t, r.Close())
		if slices.Contains(controls(t), "loadstone_link") {
			t.Error("still registered")
		}
	}
}

func TestADetachedLinkIsNotUpdated(t *testing.T) {
	l := load(t, "struct_ops", Options{}, func(o *Object) {
		alone(t, o, "linked", "newer")
		named(t, o, "loadstone_det")
	})
	r, err := l.Register("linked")
	do(t, err)
	do(t, r.Detach())
	if slices.Contains(controls(t), "loadstone_det") {
		t.Error("still registered")
	}
	if err := r.Update(l, "newer", nil); !errors.Is(err, syscall.ENOLINK) {
		t.Error(err)
	}
	do(t, r.Close())
}

// Optional structures are left out, and so are the programs that only they have. Programs of
// structures are loaded, those that no structure has are refused.
func TestProgramsGoWithTheirStructures(t *testing.T) {
	l := load(t, "struct_ops", Options{}, func(o *Object) {
		alone(t, o, "plain")
	})
	if l.Programs["ssthresh"] == nil || l.Programs["for_others"] != nil || l.Programs["in_none"] != nil {
		t.Errorf("programs %v", l.Programs)
	}
	for name, c := range map[string]struct {
		change func(o *Object)
		want   error
		symbol string
	}{
		"in none":        {func(o *Object) { do(t, o.Program("in_none").SetAutoload(true)) }, refuse.ErrUnusedFunction, "in_none"},
		"left out":       {func(o *Object) { do(t, o.Program("ssthresh").SetAutoload(false)) }, refuse.ErrLeftOut, "plain"},
		"unknown":        {func(o *Object) { do(t, o.Map("unknown").SetAutocreate(true)) }, refuse.ErrStructUnknown, "unknown"},
		"wider":          {func(o *Object) { do(t, o.Map("wide").SetAutocreate(true)) }, refuse.ErrMemberDiffers, "wide"},
		"two functions":  {func(o *Object) { do(t, o.StructOps("plain").Set("init", o.Program("ssthresh"))) }, refuse.ErrTwoPlaces, "plain"},
		"of the future":  {func(o *Object) { do(t, o.StructOps("newer").Set("of_the_future", o.Program("for_others"))) }, refuse.ErrMemberGone, "newer"},
		"future number":  {func(o *Object) { do(t, o.StructOps("newer").Set("number_of_the_future", uint64(1))) }, refuse.ErrMemberGone, "newer"},
		"given no links": {func(o *Object) { do(t, o.StructOps("plain").Set("key", uint32(7))) }, nil, "plain"},
	} {
		o := openTest(t, "struct_ops", Options{})
		c.change(o)
		l, err := o.Load(LoadOptions{})
		if c.want == nil {
			do(t, err)
			do(t, l.Close())
			continue
		}
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.symbol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAMemberThatWasTakenOutLeavesItsProgram(t *testing.T) {
	l := load(t, "struct_ops", Options{}, func(o *Object) {
		alone(t, o, "linked")
		do(t, o.StructOps("linked").Set("undo_cwnd", nil))
	})
	if l.Programs["undo_cwnd"] != nil {
		t.Error("undo_cwnd is loaded")
	}
	if _, err := l.Register("linked"); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("without a function that has to be there: %v", err)
	}
}

func TestMembersAreSetByNameAndType(t *testing.T) {
	o := openTest(t, "struct_ops", Options{})
	plain := o.StructOps("plain")
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"no structure":     {o.StructOps("none").Set("name", "x"), refuse.ErrName},
		"no member":        {plain.Set("none", 1), refuse.ErrName},
		"long text":        {plain.Set("name", "0123456789abcdef"), refuse.ErrValue},
		"number for text":  {plain.Set("name", 7), refuse.ErrValue},
		"other size":       {plain.Set("key", uint64(7)), refuse.ErrValue},
		"no program":       {plain.Set("init", 7), refuse.ErrValue},
		"another object's": {plain.Set("init", openTest(t, "struct_ops", Options{}).Program("ssthresh")), refuse.ErrName},
		"longest text":     {plain.Set("name", "0123456789abcde"), nil},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	clone := o.Clone()
	do(t, clone.StructOps("plain").Set("name", "other"))
	do(t, clone.StructOps("plain").Set("init", clone.Program("ssthresh")))
	if got := string(o.Map("plain").structValue()[:15]); got != "0123456789abcde" {
		t.Errorf("the clone's change is in the object: %q", got)
	}
	if plain.Program("init") != nil || clone.StructOps("plain").Program("init") != clone.Program("ssthresh") {
		t.Error("programs are not those that were set")
	}
}

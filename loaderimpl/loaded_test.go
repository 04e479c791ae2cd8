// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

func TestWhatWasLoadedIsFoundByName(t *testing.T) {
	l := load(t, "btf", Options{}, nil)
	m, err := l.Map("typed")
	if err != nil || m != l.Maps["typed"] {
		t.Errorf("map %v, %v", m, err)
	}
	p, err := l.Program("use")
	if err != nil || p != l.Programs["use"] {
		t.Errorf("program %v, %v", p, err)
	}
}

func TestNamesOfNothingAreErrorsThatNameWhatThereIs(t *testing.T) {
	l := load(t, "btf", Options{}, func(o *Object) {
		do(t, errors.Join(o.Map("perf").SetAutocreate(false), o.Program("use").SetAutoload(false)))
	})
	find := func(what, name string) error {
		if what == "map" {
			m, err := l.Map(name)
			if m != nil {
				t.Errorf("map %s is there", name)
			}
			return err
		}
		p, err := l.Program(name)
		if p != nil {
			t.Errorf("program %s is there", name)
		}
		return err
	}
	for _, c := range []struct {
		what, name string
		want       error
		text       string
	}{
		{"map", "tipped", refuse.ErrName, "maps are agreed, on_node_zero_without_saying_so, ring, sized, typed, weakly:"},
		{"map", "use", refuse.ErrName, "typed"},
		{"map", "perf", refuse.ErrNotLoaded, "left out"},
		{"program", "using", refuse.ErrName, "programs are none:"},
		{"program", "use", refuse.ErrNotLoaded, "left out"},
	} {
		err := find(c.what, c.name)
		compareRefusal(t, c.what+" "+c.name, err, &Error{Stage: refuse.StageLoad, Class: ClassNotFound, Object: "btf", Symbol: c.name}, c.want)
		if !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s %s: %v does not say %q", c.what, c.name, err, c.text)
		}
	}
}

func TestLongListsOfNamesAreCut(t *testing.T) {
	names := strings.Split("abcdefghijklmnopqrstuvwxyz", "")
	if got := listed(names); !strings.HasPrefix(got, "a, b, ") || !strings.HasSuffix(got, "t and 6 more") {
		t.Error(got)
	}
}

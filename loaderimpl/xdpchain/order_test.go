// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
)

// Programs come as libxdp sorts them (cmp_xdp_programs), each pair of these for one rule.
func TestProgramsAreInTheOrderOfLibxdp(t *testing.T) {
	there := new(ebpf.Program)
	want := []*part{
		{run: runConfig{priority: 1}, name: "z"},
		{run: runConfig{priority: 50}, name: "a"},
		{run: runConfig{priority: 50}, name: "b", program: there, tag: "11", loaded: 5},
		{run: runConfig{priority: 50}, name: "b", program: there, tag: "11", loaded: 6},
		{run: runConfig{priority: 50}, name: "b", program: there, tag: "22", loaded: 1},
		{run: runConfig{priority: 50}, name: "b"},
		{run: runConfig{priority: 50}, name: "c"},
		{run: runConfig{priority: 4294967295}, name: "a"},
	}
	for first := range want {
		got := append(append([]*part{}, want[first:]...), want[:first]...)
		for i, j := 0, len(got)-1; first%2 == 1 && i < j; i, j = i+1, j-1 {
			got[i], got[j] = got[j], got[i]
		}
		sortParts(got)
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("from %d: place %d has %+v, want %+v", first, i, got[i], want[i])
			}
		}
	}
}

func TestProgramsOfAComponent(t *testing.T) {
	o := components(t)
	if _, err := (&Component{Object: o}).part(); !errors.Is(err, ErrProgram) {
		t.Errorf("several programs, none named: %v", err)
	}
	for name, want := range map[string]error{"of_a_devmap": ErrNotXDP, "nowhere": ErrProgram} {
		if _, err := (&Component{Object: o, Program: name}).part(); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	priority, actions := uint32(3), Actions(1|1<<31)
	p, err := (&Component{Object: o, Program: "late", Priority: &priority, Actions: &actions}).part()
	if err != nil || p.run != (runConfig{3, 1}) || p.frags {
		t.Errorf("a caller's priority and actions: %+v, %v", p, err)
	}
	p, err = (&Component{Object: o, Program: "a_name_longer_than_the_kernel_keeps"}).part()
	if err != nil || !p.frags || p.run.priority != 50 {
		t.Errorf("a program of several buffers: %+v, %v", p, err)
	}
}

func TestConfigurationOfAChainThatChanges(t *testing.T) {
	frags, single := &part{frags: true}, &part{}
	for what, c := range map[string]struct {
		there   *present
		options Options
		parts   []*part
		version int
		frags   bool
	}{
		"a new chain":                 {nil, Options{}, []*part{frags, frags}, 3, true},
		"one program with one buffer": {nil, Options{}, []*part{frags, single}, 3, false},
		"a new chain for libxdp 1.5":  {nil, Options{Version: 2}, []*part{single}, 2, false},
		"a chain of libxdp 1.5":       {&present{Chain: Chain{Version: 2}}, Options{}, []*part{frags}, 2, true},
		"a chain of libxdp 1.2":       {&present{Chain: Chain{Version: 1}}, Options{}, []*part{frags}, 2, true},
		"a chain that was asked for otherwise": {&present{Chain: Chain{Version: 3}}, Options{Version: 2},
			[]*part{frags}, 3, true},
	} {
		got := (&changer{options: c.options}).configure(c.there, c.parts)
		if got.version != c.version || got.frags != c.frags || len(got.slots) != len(c.parts) {
			t.Errorf("%s: %+v", what, got)
		}
		for i, s := range got.slots {
			if (s.flags&flagFrags != 0) != c.parts[i].frags {
				t.Errorf("%s: slot %d has flags %#x", what, i, s.flags)
			}
		}
	}
	var eleven []*part
	for range Slots + 1 {
		eleven = append(eleven, &part{added: new(Component)})
	}
	if err := (&changer{}).check(nil, eleven); !errors.Is(err, ErrFull) {
		t.Errorf("eleven programs: %v", err)
	}
	if err := (&changer{}).check(nil, eleven[:Slots]); err != nil {
		t.Errorf("ten programs: %v", err)
	}
	if err := (&changer{}).check(nil, []*part{{}}); !errors.Is(err, ErrUnreadable) {
		t.Errorf("a program that is not known: %v", err)
	}
}

func TestProgramsTakenOut(t *testing.T) {
	a, b := &part{name: "a"}, &part{name: "b"}
	there := &present{Chain: Chain{Programs: []Program{{ID: 5}, {ID: 7}}}, parts: []*part{a, b}}
	for _, c := range []struct {
		ids  []ebpf.ProgramID
		want []*part
		err  error
	}{
		{nil, nil, nil}, {[]ebpf.ProgramID{5, 7}, nil, nil}, {[]ebpf.ProgramID{7}, []*part{a}, nil},
		{[]ebpf.ProgramID{5, 6}, nil, ErrNotInChain}, {[]ebpf.ProgramID{0}, nil, ErrNotInChain},
	} {
		got, err := without(there, c.ids)
		if !errors.Is(err, c.err) || len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("without %v: %v, %v", c.ids, got, err)
		}
	}
}

func TestFoldersOfPins(t *testing.T) {
	pins := folder("/sys/fs/bpf/xdp")
	dir := pins.of(3, 17)
	if diff := cmp.Diff([]string{
		"/sys/fs/bpf/xdp/dispatch-3-17", "/sys/fs/bpf/xdp/dispatch-3-17/prog9-link",
		"/sys/fs/bpf/xdp/dispatch-3-17/prog0-prog", "prog1", "xdp_dispatcher",
	}, []string{dir, linkPin(dir, 9), programPin(dir, 0), slotFunction(1, 2), slotFunction(0, 1)}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, want := range map[string][2]int{
		"dispatch-3-17": {3, 17}, "dispatch-3": {}, "dispatch-x-1": {}, "link-3": {}, "dispatch-3-17-1": {},
		"dispatch--3-17": {},
	} {
		at, id, is := ownerOf(name)
		if is != (want[0] != 0) || at != want[0] || int(id) != want[1] {
			t.Errorf("%s: %d, %d, %v", name, at, id, is)
		}
	}
	for name, want := range map[string]int{"link-3": 3, "link-": 0, "link-x": 0, "dispatch-3-17": 0} {
		if at, is := linkOwner(name); at != want || is != (want != 0) {
			t.Errorf("%s: %d, %v", name, at, is)
		}
	}
	there := filepath.Join(t.TempDir(), "dispatch-1-2")
	if err := errors.Join(removePins(there), os.Mkdir(there, 0o700),
		os.WriteFile(filepath.Join(there, "prog0-link"), nil, 0o600), removePins(there)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(there); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	if _, err := openFolder(t.TempDir()); !errors.Is(err, ErrBPFFS) {
		t.Errorf("a folder on no bpffs: %v", err)
	}
}

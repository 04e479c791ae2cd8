// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A fakeWatch says at its nth look, from 0, what changes has there.
type fakeWatch struct {
	changes map[int][]string
	errs    map[int]error
	looks   int
}

func (w *fakeWatch) Look(context.Context) (map[string]int, []string, error) {
	n := w.looks
	w.looks++
	return map[string]int{"map": n}, w.changes[n], w.errs[n]
}

// watched carries out an order of two specs in a guest that is watched, and returns its records of
// state and its last.
func watched(t *testing.T, w *fakeWatch, log runner.KernelLog) (states []record.State, end record.End) {
	t.Helper()
	r := carryWith(t, t.Context(), newFake(nil), func(o *record.Order, d *runner.Deps) {
		o.Watch = true
		d.Log = log
		if w != nil {
			d.Watch = w
		}
	}, spec{id: "fake.first", body: loadsGood}, spec{id: "fake.second", body: loadsGood})
	if r.err != nil {
		t.Fatal(r.err)
	}
	for _, rec := range r.records {
		switch rec := rec.(type) {
		case record.State:
			rec.Duration = 0
			states = append(states, rec)
		case record.End:
			end = rec
		}
	}
	return states, end
}

func TestAWatchedGuestSaysHowItIs(t *testing.T) {
	states, end := watched(t, &fakeWatch{}, nil)
	want := []record.State{
		{Held: map[string]int{"map": 0}},
		{Spec: "fake.first", Held: map[string]int{"map": 1}},
		{Spec: "fake.second", Held: map[string]int{"map": 2}},
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(record.End{Specs: 2}, end); diff != "" {
		t.Error(diff)
	}
}

func TestAGuestThatIsNotAsItWasEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		watch *fakeWatch
		log   runner.KernelLog
		end   record.End
	}{
		"something is left": {
			&fakeWatch{changes: map[int][]string{1: {"new mount x", "new process 7 tc"}}}, nil,
			record.End{Specs: 1, Retired: "after fake.first: new mount x"},
		},
		"it cannot be seen": {
			&fakeWatch{errs: map[int]error{1: errors.New("no /proc")}}, nil,
			record.End{Specs: 1, Retired: "after fake.first: no /proc"},
		},
		"the log cannot be read whole": {
			&fakeWatch{}, &fakeLog{err: errors.New("overrun")},
			record.End{Specs: 1, Retired: "after fake.first: overrun"},
		},
		"not as it was at the start": {
			&fakeWatch{changes: map[int][]string{0: {"new map 1"}}}, nil,
			record.End{Retired: "not as it was before its first spec"},
		},
		"nothing looks": {nil, nil, record.End{Retired: "not as it was before its first spec"}},
		"something is left by the last": {
			&fakeWatch{changes: map[int][]string{2: {"new mount x"}}}, nil, record.End{Specs: 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, end := watched(t, tc.watch, tc.log)
			if diff := cmp.Diff(tc.end, end); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatTheKernelDoesAfterASpecIsInItsState(t *testing.T) {
	states, _ := watched(t, &fakeWatch{}, &fakeLog{lines: []string{"late"}})
	if diff := cmp.Diff([]string{"late"}, states[1].Lines); diff != "" {
		t.Error(diff)
	}
	taints := []uint64{1, 1, 1 | 1<<9} // at the start, with the log of the first, after it
	r := carryWith(t, t.Context(), newFake(nil), func(o *record.Order, d *runner.Deps) {
		o.Watch, d.Watch, d.Log = true, &fakeWatch{}, &fakeLog{}
		d.Taint = func() (uint64, error) {
			taint := taints[0]
			taints = taints[min(1, len(taints)-1):]
			return taint, nil
		}
	}, spec{id: "fake.first", body: loadsGood})
	for _, rec := range r.records {
		if s, ok := rec.(record.State); ok && s.Spec != "" && s.Tainted != 1<<9 {
			t.Errorf("state %+v says nothing of the taint", s)
		}
	}
	if r.err != nil {
		t.Error(r.err)
	}
}

func TestASpecsFoldersGoWithItInAWatchedGuest(t *testing.T) {
	root, made := "", 0
	inFolders := func(do func(entry string)) {
		for _, folder := range []string{"work", "bpf"} {
			entries, err := filepath.Glob(filepath.Join(root, folder, "*"))
			if err != nil {
				t.Error(err)
			}
			for _, e := range entries {
				do(e)
			}
		}
	}
	r := carryWith(t, t.Context(), newFake(nil), func(o *record.Order, d *runner.Deps) {
		o.Watch, d.Watch, root = true, &fakeWatch{}, d.Folders.Root
	}, spec{id: "fake.first", body: func(s *Session) {
		loadsGood(s)
		inFolders(func(dir string) {
			made++
			if err := os.MkdirAll(filepath.Join(dir, "left", "below"), 0o700); err != nil {
				t.Error(err)
			}
		})
	}})
	if r.err != nil || made != 2 {
		t.Fatalf("%d folders, error %v", made, r.err)
	}
	inFolders(func(dir string) { t.Errorf("%s is still there", dir) })
}

func TestSpecsRunInTheirOrder(t *testing.T) {
	want := []string{"fake.second", "fake.first", "fake.third"}
	var specs []spec
	for _, id := range want {
		specs = append(specs, spec{id: id, body: func(s *Session) { s.MustLoad(bad) }})
	}
	r := carry(t, newFake(nil), specs...)
	var began []string
	for _, rec := range r.records {
		if b, ok := rec.(record.Begin); ok {
			began = append(began, b.Spec)
		}
	}
	if diff := cmp.Diff(want, began); diff != "" || r.err != nil {
		t.Errorf("error %v\n%s", r.err, diff)
	}
}

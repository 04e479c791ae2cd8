// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/suites/runner"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// carryAll does what [carry] does, with a new loader for every conversation. begin makes it, and
// gets the number of conversations before.
func carryAll(t *testing.T, begin func(number int) loader.Loader, body func(*Session)) (ran, int) {
	t.Helper()
	begun := 0
	several := func(_ *record.Order, d *runner.Deps) {
		d.Driver = func(
			_ context.Context, _ requirements.Surroundings, trace func(loader.Exchange),
		) (loader.Loader, error) {
			begun++
			return loader.Traced(begin(begun-1), trace), nil
		}
	}
	r := carryWith(t, t.Context(), nil, several, spec{id: "fake.first", body: body})
	return r, begun
}

func fakes(int) loader.Loader { return newFake(nil) }

func TestAnotherConversationIsWithAnotherLoader(t *testing.T) {
	r, begun := carryAll(t, fakes, func(s *Session) {
		ours, theirs := s.MustLoad(good), s.Another().MustLoad(good)
		Expect(ours.MapID("m")).NotTo(Equal(theirs.MapID("m")))
		ours.Close()
		Expect(theirs.Map("m").Type).To(Equal("array"))
	})
	if got := r.finishes()["fake.first"]; got.Outcome != record.Passed || begun != 2 {
		t.Errorf("%+v after %d conversations", got, begun)
	}
	greetings := 0
	for _, rec := range r.records {
		if _, ok := rec.(record.Greeting); ok {
			greetings++
		}
	}
	if greetings != 1 {
		t.Errorf("%d greetings, want one for the spec", greetings)
	}
}

func TestWhatEveryLoaderLeavesIsSeen(t *testing.T) {
	var leaky *fakeLoader
	r, _ := carryAll(t, func(number int) loader.Loader {
		if number == 0 {
			return newFake(nil)
		}
		leaky = newFake(func(_ *fakeLoader, req loader.Request) (loader.Reply, error) {
			if req.Op() == loader.OpClose || req.Op() == loader.OpReset {
				return &loader.OK{}, nil
			}
			return nil, nil
		})
		return leaky
	}, func(s *Session) { s.Another().MustLoad(good) })
	for session := range leaky.maps {
		leaky.close(session)
	}
	got := r.finishes()["fake.first"]
	if got.Outcome != record.Failed || !strings.Contains(got.Seen, "m (array)") || !strings.Contains(got.Detail, "2> ") {
		t.Errorf("%+v", got)
	}
	numbers := map[int]bool{}
	for _, rec := range r.records {
		if step, ok := rec.(record.Step); ok {
			numbers[step.Conversation] = true
		}
	}
	if diff := cmp.Diff(map[int]bool{0: true, 2: true}, numbers); diff != "" {
		t.Errorf("conversations of the steps: %s", diff)
	}
}

func TestALoaderThatDiesBesideAnotherFailsTheSpec(t *testing.T) {
	r, _ := carryAll(t, func(number int) loader.Loader {
		if number == 0 {
			return newFake(nil)
		}
		return newFake(wrong(loader.OpLoad, dies))
	}, func(s *Session) {
		ours, theirs := s.Open(good), s.Another().Open(good)
		LoadTogether(ours, theirs)
	})
	want := record.Finish{
		Outcome: record.Failed, Expected: "an answer to load", Seen: "the loader died: panic: gone",
	}
	got := r.finishes()["fake.first"]
	got.Detail, got.Spec, got.Duration = "", "", 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestARestartedLoaderIsAnotherAndHoldsNothing(t *testing.T) {
	r, begun := carryAll(t, fakes, func(s *Session) {
		before := s.Kernel()
		s.MustLoad(good)
		s.Restart()
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		Expect(s.MustLoad(good).Map("m").Type).To(Equal("array"))
	})
	if got := r.finishes()["fake.first"]; got.Outcome != record.Passed || begun != 2 {
		t.Errorf("%+v after %d conversations", got, begun)
	}
}

// Each loader waits, in its load, for the other to load as well: one after the other would never
// end.
func TestLoadsTogetherAreInFlightTogether(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	r, _ := carryAll(t, func(int) loader.Loader {
		return newFake(func(_ *fakeLoader, req loader.Request) (loader.Reply, error) {
			if req.Op() == loader.OpLoad {
				both.Done()
				both.Wait()
			}
			return nil, nil
		})
	}, func(s *Session) {
		ours, theirs := s.Open(good), s.Another().Open(good)
		LoadTogether(ours, theirs)
		Expect(ours).To(BeOK())
		Expect(theirs).To(BeOK())
		Expect(ours.MapID("m")).NotTo(Equal(theirs.MapID("m")))
	})
	if got := r.finishes()["fake.first"]; got.Outcome != record.Passed {
		t.Errorf("%+v", got)
	}
}

func TestLoadsTogetherLeaveOutWhatIsRefusedAlready(t *testing.T) {
	r, _ := carryAll(t, fakes, func(s *Session) {
		s.Control(good)
		ours, theirs := s.Open(bad), s.Another().Open(atLoad)
		LoadTogether(ours, theirs)
		Expect(ours).To(BeRejected(AtOpen, UnknownMapField))
		Expect(theirs).To(BeRejected(AtCreate, Invalid))
	})
	if got := r.finishes()["fake.first"]; got.Outcome != record.Passed {
		t.Errorf("%+v", got)
	}
}

func TestARequestThatALoaderDoesNotHave(t *testing.T) {
	lacks := func(op loader.Op, feature loader.Feature) *fakeLoader {
		return newFake(wrong(op, says(&loader.Unsupported{Feature: feature}, nil)))
	}
	oneStep := func(f *fakeLoader) *fakeLoader {
		f.features[loader.OneStep] = loader.Claim{Support: loader.Yes}
		return f
	}
	setsPath := func(s *Session) { Expect(s.Open(good).SetMap("m", PinPath, "/p").Load()).To(BeOK()) }
	pins := func(s *Session) { Expect(s.MustLoad(good).PinMap("m", "/p")).To(BeOK()) }
	reads := func(s *Session) { Expect(s.Load(good, PinRoot("/p"))).To(BeOK()) }
	for _, tc := range []struct {
		name   string
		loader *fakeLoader
		body   func(*Session)
		want   record.Outcome
	}{
		{"an attribute", lacks(loader.OpSet, "pin_path"), setsPath, record.Refused},
		{"an attribute, named with its operation", lacks(loader.OpSet, "set/pin_path"), setsPath, record.Refused},
		{"an operation", lacks(loader.OpPin, "pin"), pins, record.Refused},
		{"an option", lacks(loader.OpOpen, "pin_root"), reads, record.Refused},
		{"an option, in one step", oneStep(lacks(loader.OpLoad, "pin_root")), reads, record.Refused},
		{"an option, after it was opened", lacks(loader.OpLoad, "pin_root"), reads, record.Failed},
		{"another attribute", lacks(loader.OpSet, "numa_node"), setsPath, record.Failed},
		{"another option", lacks(loader.OpOpen, "pin_mount"), reads, record.Failed},
		{"opening", lacks(loader.OpOpen, "open"), reads, record.Failed},
		{"loading", lacks(loader.OpLoad, "load"), reads, record.Failed},
		{"what it claims", lacks(loader.OpSet, loader.BTFMaps), setsPath, record.Failed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := carry(t, tc.loader,
				spec{id: "fake.first", body: tc.body}).finishes()["fake.first"]
			if got.Outcome != tc.want {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAnAnswerAboutAPinLeavesTheObjectLoaded(t *testing.T) {
	refuses := newFake(wrong(loader.OpPin,
		says(&loader.Rejected{Stage: loader.AtPin, Class: loader.NameConflict, Errno: 17}, nil)))
	r := carry(t, refuses, spec{id: "fake.first", body: func(s *Session) {
		loaded := s.MustLoad(good)
		Expect(loaded.PinMap("m", "/p")).To(BeRejected(AtPin, NameConflict))
		Expect(loaded.UnpinMap("m", "/p")).To(BeOK())
		Expect(loaded.Map("m").Type).To(Equal("array"))
	}})
	if got := r.finishes()["fake.first"]; got.Outcome != record.Passed {
		t.Errorf("%+v", got)
	}
}

// A verdict names the loader that was asked for.
func TestDriverThatGreetsAsAnotherLoaderIsBroken(t *testing.T) {
	for asked, want := range map[string]record.Outcome{
		"fake@1": record.Passed, "fake": record.Passed, "": record.Passed, "libbpf@1.7": record.Broken,
	} {
		r := carryWith(t, t.Context(), newFake(nil),
			func(o *record.Order, _ *runner.Deps) { o.Loader.Name = asked },
			spec{id: "fake.first", body: func(s *Session) { s.MustLoad(good) }})
		if got := r.finishes()["fake.first"]; got.Outcome != want {
			t.Errorf("asked for as %q: %+v", asked, got)
		}
	}
}

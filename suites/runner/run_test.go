// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/oracle/turn"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
	"github.com/loadstone-bpf/loadstone/suites/runner"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "the tests of package runner make BPF maps and need root for it: run make test, or sudo go test")
		os.Exit(1)
	}
	mine, err := turn.ForTests(os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	mine.End()
	os.Exit(code)
}

// wrong answers requests of one kind, and leaves the others to the fake loader.
func wrong(
	op loader.Op, answer func(*fakeLoader, loader.Request) (loader.Reply, error),
) func(*fakeLoader, loader.Request) (loader.Reply, error) {
	return func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		if req.Op() != op {
			return nil, nil
		}
		return answer(f, req)
	}
}

// says returns an answer that is always the same.
func says(reply loader.Reply, err error) func(*fakeLoader, loader.Request) (loader.Reply, error) {
	return func(*fakeLoader, loader.Request) (loader.Reply, error) { return reply, err }
}

func dies(*fakeLoader, loader.Request) (loader.Reply, error) { panic("gone") }

func claiming(support loader.Support, reason string) *fakeLoader {
	f := newFake(nil)
	f.features[loader.BTFMaps] = loader.Claim{Support: support, Reason: reason}
	return f
}

// leavingOut returns a loader that says ok, and makes no map.
func leavingOut(support loader.Support) *fakeLoader {
	f := newFake(lies(&loader.OK{Maps: []loader.MapView{{Name: "m"}}}))
	f.features[loader.BTFMaps] = loader.Claim{Support: support, Reason: "maps in use"}
	return f
}

// lies returns what is wrong with a loader that loads as asked, and then answers otherwise.
func lies(reply *loader.OK) func(*fakeLoader, loader.Request) (loader.Reply, error) {
	return wrong(loader.OpLoad, func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		if loaded, err := f.load(req.(loader.Load)); err != nil {
			return loaded, err
		}
		return reply, nil
	})
}

// idle returns a loader that says that it loaded, and did not. The map that it claims has the id.
func idle(support loader.Support, id uint32) *fakeLoader {
	f := newFake(wrong(loader.OpLoad,
		says(&loader.OK{Maps: []loader.MapView{{Name: "m", ID: id}}}, nil)))
	f.features[loader.BTFMaps] = loader.Claim{Support: support, Reason: "maps in use"}
	return f
}

func loadsGood(s *Session) { Expect(s.Load(good)).To(BeOK()) }

func TestOutcome(t *testing.T) {
	for _, tc := range []struct {
		name   string
		loader *fakeLoader
		id     string // fake.first where it is ""
		body   func(*Session)
		want   record.Finish
	}{
		{
			name: "an object that loads",
			body: func(s *Session) {
				Expect(s.Load(good)).To(BeOK())
				Expect(s.MustLoad(good).Map("m").ValueSize).To(Equal(uint32(8)))
			},
			want: record.Finish{Outcome: record.Passed},
		},
		{
			name: "a refusal with its control",
			body: func(s *Session) { s.Refuses(good, bad, AtOpen, UnknownMapField) },
			want: record.Finish{Outcome: record.Passed},
		},
		{
			name: "a refusal at any stage",
			body: func(s *Session) { s.Refuses(good, atLoad, AtAnyStage, Invalid) },
			want: record.Finish{Outcome: record.Passed},
		},
		{
			name: "a coarse answer is taken",
			body: func(s *Session) { s.Refuses(good, atLoad, AtCreate, BadMapDef) },
			want: record.Finish{Outcome: record.Passed},
		},
		{
			name: "a refusal of another class",
			body: func(s *Session) { s.Refuses(good, bad, AtOpen, BadMapDef, MalformedBTF) },
			want: record.Finish{
				Outcome:  record.Failed,
				Expected: "rejected at open, class invalid/map-definition or malformed/btf",
				Seen:     "rejected at open, class not-supported/map-field, errno 95 (what is this?)",
			},
		},
		{
			name: "a refusal at another stage",
			body: func(s *Session) { s.Refuses(good, atLoad, AtVerify, Invalid) },
			want: record.Finish{
				Outcome:  record.Failed,
				Expected: "rejected at load/verify, class invalid",
				Seen:     "rejected at load/create, class invalid, errno 22",
			},
		},
		{
			name: "a bad object that loads",
			body: func(s *Session) {
				s.Refuses(good, fakeObject("subtle"), AtOpen,
					UnknownMapField)
			},
			want: record.Finish{
				Outcome:  record.Failed,
				Expected: "rejected at open, class not-supported/map-field",
				Seen:     "ok; maps m=ID",
			},
		},
		{
			name: "a refusal without a control",
			body: func(s *Session) { Expect(s.Load(bad)).To(BeRejected(AtOpen)) },
			want: record.Finish{
				Outcome: record.Broken,
				Reason:  "the refusal of bad has no control: load its well-formed twin first",
			},
		},
		{
			name: "a control that is refused",
			body: func(s *Session) { s.Refuses(bad, bad, AtOpen, UnknownMapField) },
			want: record.Finish{
				Outcome:  record.Failed,
				Expected: "ok: bad loads",
				Seen:     "rejected at open, class not-supported/map-field, errno 95 (what is this?)",
			},
		},
		{
			name: "a control that is refused, not claimed", id: "fake.legacy",
			body: func(s *Session) { s.Refuses(bad, bad, AtOpen, UnknownMapField) },
			want: record.Finish{
				Outcome: record.Refused,
				Reason:  "the loader does not claim legacy-maps: rejected at open, class not-supported/map-field, errno 95 (what is this?)",
			},
		},
		{
			name: "unsupported, claimed",
			body: func(s *Session) { s.MustLoad(lacking) },
			want: record.Finish{
				Outcome: record.Failed, Expected: "ok: lacking loads",
				Seen: "unsupported: btf-maps (not yet)",
			},
		},
		{
			name: "unsupported, not claimed", loader: claiming(loader.No, "no time"),
			body: func(s *Session) { Expect(s.Load(lacking)).To(BeOK()) },
			want: record.Finish{Outcome: record.Refused, Reason: "the loader does not claim btf-maps (no time): unsupported: btf-maps (not yet)"},
		},
		{
			name: "unsupported, claimed in part", loader: claiming(loader.Partial, "arrays only"),
			body: func(s *Session) { s.MustLoad(lacking) },
			want: record.Finish{
				Outcome: record.Refused,
				Reason:  "the loader claims btf-maps as partial (arrays only): unsupported: btf-maps (not yet)",
			},
		},
		{
			name:   "unsupported where a rejection was expected, not claimed",
			loader: claiming(loader.No, ""),
			body:   func(s *Session) { s.Refuses(good, lacking, AtOpen, UnknownMapField) },
			want: record.Finish{
				Outcome: record.Refused,
				Reason:  "the loader does not claim btf-maps: unsupported: btf-maps (not yet)",
			},
		},
		{
			name: "rejected at load, not claimed", loader: claiming(loader.No, ""),
			body: func(s *Session) { s.MustLoad(atLoad).Map("m") },
			want: record.Finish{Outcome: record.Refused, Reason: "the loader does not claim btf-maps: rejected at load/create, class invalid, errno 22"},
		},
		{
			name: "more than it claims", loader: claiming(loader.No, ""),
			body: loadsGood,
			want: record.Finish{Outcome: record.Passed, UnderClaim: true},
		},
		{
			name: "all of what it claims in part", loader: claiming(loader.Partial, ""),
			body: loadsGood,
			want: record.Finish{Outcome: record.Passed},
		},
		{
			name: "pretends what it does not claim", loader: claiming(loader.No, ""),
			body: func(s *Session) {
				Expect(s.MustLoad(good).Map("m")).To(BeTheSameMapAs(oracle.MapFacts{
					Name: "m", Type: "hash", KeySize: 4, ValueSize: 8, MaxEntries: 1,
				}))
			},
			want: record.Finish{
				Outcome:  record.Failed,
				Reason:   "the loader does not claim btf-maps, and it pretends: it neither refuses nor does it",
				Expected: "the same map",
				Seen:     "a map that differs: type array, not hash",
			},
		},
		{
			name: "a map that it leaves out, claimed", loader: leavingOut(loader.Yes),
			body: func(s *Session) { s.MustLoad(good).Map("m") },
			want: record.Finish{
				Outcome: record.Failed, Expected: "a map made of good.m", Seen: "ok; maps m",
			},
		},
		{
			name: "a map that it leaves out, claimed in part", loader: leavingOut(loader.Partial),
			body: func(s *Session) { s.MustLoad(good).Map("m") },
			want: record.Finish{
				Outcome: record.Refused,
				Reason:  "the loader claims btf-maps as partial (maps in use): it left out good.m",
			},
		},
		{
			name: "a map that it leaves out, not claimed", loader: leavingOut(loader.No),
			body: func(s *Session) { s.MustLoad(good).Map("m") },
			want: record.Finish{
				Outcome:  record.Failed,
				Reason:   "the loader does not claim btf-maps (maps in use), and it pretends: it neither refuses nor does it",
				Expected: "a map made of good.m", Seen: "ok; maps m",
			},
		},
		{
			name:   "an id that the kernel does not have",
			loader: newFake(lies(&loader.OK{Maps: []loader.MapView{{Name: "m", ID: 1 << 30}}})),
			body:   func(s *Session) { s.MustLoad(good).Map("m") },
			want: record.Finish{
				Outcome:  record.Failed,
				Expected: "map m in the kernel",
				Seen:     "the loader claims map 1073741824, which the kernel does not have",
			},
		},
		{
			name: "it says that it loaded, and did nothing", loader: idle(loader.Yes, 1<<30),
			body: loadsGood,
			want: record.Finish{
				Outcome:  record.Failed,
				Expected: "something in the kernel that was not there before the spec",
				Seen:     "nothing, and the loader says ok; maps m=ID",
			},
		},
		{
			name: "it did nothing, before a refusal", loader: idle(loader.Yes, 0),
			body: func(s *Session) {
				s.Control(good)
				Expect(s.Load(bad)).To(BeRejected(AtOpen))
			},
			want: record.Finish{
				Outcome:  record.Failed,
				Expected: "something in the kernel that was not there before the spec",
				Seen:     "nothing, and the loader says ok; maps m",
			},
		},
		{
			name: "it left out everything, claimed in part", loader: idle(loader.Partial, 0),
			body: loadsGood,
			want: record.Finish{
				Outcome: record.Refused,
				Reason:  "the loader claims btf-maps as partial (maps in use): it left out good",
			},
		},
		{
			name: "it did nothing, claimed in part", loader: idle(loader.Partial, 1<<30),
			body: loadsGood,
			want: record.Finish{
				Outcome:  record.Failed,
				Expected: "something in the kernel that was not there before the spec",
				Seen:     "nothing, and the loader says ok; maps m=ID",
			},
		},
		{
			name: "a map that the loader does not name",
			body: func(s *Session) { s.MustLoad(good).Map("n") },
			want: record.Finish{
				Outcome: record.Failed, Expected: "a map made of good.n", Seen: "ok; maps m=ID",
			},
		},
		{
			name: "a matcher of Gomega's own",
			body: func(s *Session) { Expect(s.MustLoad(good).Map("m").MaxEntries).To(Equal(uint32(7))) },
			want: record.Finish{
				Outcome:  record.Failed,
				Expected: "to equal 7",
				Seen:     "1",
			},
		},
		{
			name: "a panic", body: func(s *Session) { panic("oh") },
			want: record.Finish{Outcome: record.Panicked, Reason: "oh"},
		},
		{
			name: "nothing asked", body: func(s *Session) {},
			want: record.Finish{
				Outcome: record.Broken, Reason: "the spec asked nothing of the loader",
			},
		},
		{
			name: "a NUMA node that may not be there, and is",
			body: func(s *Session) { s.NeedsNoNode(0); loadsGood(s) },
			want: record.Finish{
				Outcome: record.Skipped, Reason: "NUMA node: needs no node 0, has one",
			},
		},
		{
			name: "a NUMA node that may not be there, and is not",
			body: func(s *Session) { s.NeedsNoNode(1 << 20); loadsGood(s) },
			want: record.Finish{Outcome: record.Passed},
		},
		{
			name: "a silent skip", body: func(s *Session) { ginkgo.Skip("not today") },
			want: record.Finish{
				Outcome: record.Broken,
				Reason:  "the spec ended as skipped, which is no way to end one",
			},
		},
		{
			name: "a fault in a spec that is not hidden", body: func(s *Session) { s.Faults() },
			want: record.Finish{
				Outcome: record.Broken, Reason: "only a hidden spec may cause faults",
			},
		},
		{
			name: "a kernel that is too old", id: "fake.new", body: loadsGood,
			want: record.Finish{Outcome: record.Skipped, Reason: "kernel: needs 99.0, has RELEASE"},
		},
		{
			name: "no greeting",
			loader: newFake(wrong(loader.OpHello,
				says(&loader.Error{Message: "which suite?"}, nil))),
			body: loadsGood,
			want: record.Finish{
				Outcome: record.Broken,
				Reason:  "driver does not greet: it answers hello with driver error: which suite?",
			},
		},
		{
			name:   "a driver's error",
			loader: newFake(wrong(loader.OpLoad, says(&loader.Error{Message: "no memory"}, nil))),
			body:   loadsGood,
			want: record.Finish{
				Outcome: record.Broken, Reason: "driver error at load: no memory",
			},
		},
		{
			name:   "dies with an object in its hands",
			loader: newFake(wrong(loader.OpLoad, dies)),
			body:   loadsGood,
			want: record.Finish{
				Outcome: record.Failed, Expected: "an answer to load",
				Seen: "the loader died: panic: gone",
			},
		},
		{
			name:   "dies of hello",
			loader: newFake(wrong(loader.OpHello, dies)),
			body:   loadsGood,
			want: record.Finish{
				Outcome: record.Broken, Reason: "driver died (request 1, hello): panic: gone",
			},
		},
		{
			name:   "does not reset",
			loader: newFake(wrong(loader.OpReset, says(&loader.Error{Message: "busy"}, nil))),
			body:   loadsGood,
			want: record.Finish{
				Outcome: record.Broken, Reason: "driver answers reset with driver error: busy",
			},
		},
		{
			name: "does not close",
			loader: newFake(wrong(loader.OpClose,
				says(&loader.Rejected{Stage: AtLoad, Class: Busy}, nil))),
			body: func(s *Session) { s.Control(good) },
			want: record.Finish{
				Outcome: record.Failed, Expected: "a loader that closes what it opened",
				Seen: "rejected at load, class busy",
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, id := tc.loader, tc.id
			if l == nil {
				l = newFake(nil)
			}
			if id == "" {
				id = "fake.first"
			}
			tc.want.Spec = id
			r := carry(t, l, spec{id: id, body: tc.body})
			if r.err != nil || !r.ended() {
				t.Fatalf("run: %v, ended: %t", r.err, r.ended())
			}
			got := normal(t, r.finishes()[id])
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(record.Finish{}, "Duration", "Detail")); diff != "" {
				t.Errorf("%s\n%s", diff, got.Detail)
			}
		})
	}
}

// normal returns a record without what differs from machine to machine.
func normal(t *testing.T, f record.Finish) record.Finish {
	t.Helper()
	release, _, err := oracle.Release()
	if err != nil {
		t.Fatal(err)
	}
	f.Reason = strings.ReplaceAll(f.Reason, release, "RELEASE")
	if before, id, found := strings.Cut(f.Seen, "m="); found &&
		strings.Trim(id, "0123456789") == "" {
		f.Seen = before + "m=ID"
	}
	return f
}

func TestFailureHasPlaceAndConversation(t *testing.T) {
	r := carry(t, newFake(nil), spec{id: "fake.first", body: func(s *Session) {
		fmt.Fprintln(ginkgo.GinkgoWriter, strings.Repeat("a word of the spec's own ", 1<<12))
		s.MustLoad(bad)
	}})
	detail := r.finishes()["fake.first"].Detail
	for _, want := range []string{
		"at runner/run_test.go:", `> {"v":1,"seq":2,"spec":"fake.first","op":"open"`,
		`< {"seq":2,"rejected"`, "a word of the spec's own",
	} {
		if !strings.Contains(detail, want) {
			t.Errorf("detail lacks %q:\n%s", want, phrase.Shorten(detail, 2<<10))
		}
	}
	if len(detail) > runner.DetailLen {
		t.Errorf("detail has %d bytes", len(detail))
	}
}

// Who keeps the steps of a conversation does not get it twice.
func TestADetailDoesNotRepeatTheSteps(t *testing.T) {
	keeps := func(_ *record.Order, d *runner.Deps) { d.Transcripts = false }
	for name, body := range map[string]func(*Session){
		"fails": func(s *Session) { s.MustLoad(bad) },
		"leaks": loadsGood,
	} {
		leaky := newFake(func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
			if req.Op() == loader.OpClose || req.Op() == loader.OpReset {
				return &loader.OK{}, nil
			}
			return nil, nil
		})
		r := carryWith(t, t.Context(), leaky, keeps, spec{id: "fake.first", body: body})
		for session := range leaky.maps {
			leaky.close(session)
		}
		f, steps := r.finishes()["fake.first"], 0
		for _, rec := range r.records {
			if _, ok := rec.(record.Step); ok {
				steps++
			}
		}
		if f.Outcome != record.Failed || strings.Contains(f.Detail, `"op"`) || steps == 0 {
			t.Errorf("%s: %d steps, and %+v", name, steps, f)
		}
	}
}

func TestAFailureWithoutALineOfItsOwnIsAtTheRegistration(t *testing.T) {
	refusal := runner.Registering(func() {
		Refusal("fake.first", good, fakeObject("subtle"),
			AtOpen)
	})[0]
	moved := spec{id: refusal.ID, below: refusal.Body, place: "fake/a.go:7"}
	if detail := carry(t, newFake(nil), moved).finishes()["fake.first"].Detail; !strings.Contains(detail, "at fake/a.go:7\n") {
		t.Errorf("detail lacks the place:\n%s", detail)
	}
}

func TestRecordsOfASpec(t *testing.T) {
	r := carryWith(t, t.Context(), newFake(nil),
		func(_ *record.Order, d *runner.Deps) { d.Log = &fakeLog{lines: []string{"a line"}} },
		spec{id: "fake.first", body: loadsGood})
	var got []string
	for _, rec := range r.records {
		word := strings.TrimPrefix(fmt.Sprintf("%T", rec), "record.")
		if step, ok := rec.(record.Step); ok {
			var request struct{ Op string }
			if err := json.Unmarshal(step.Request, &request); err != nil {
				t.Fatal(err)
			}
			word += " " + request.Op
		}
		got = append(got, word)
	}
	want := []string{
		"Accepted", "Begin", "Step hello", "Greeting", "Step open", "Step load",
		"Step close", "Step reset", "Step bye", "KernelLog", "Finish", "End",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A fakeLog stands in for a kernel's log.
type fakeLog struct {
	lines []string
	err   error
}

func (l *fakeLog) Mark() error              { return nil }
func (l *fakeLog) Since() ([]string, error) { return l.lines, l.err }

func TestALogThatCannotBeReadIsRecorded(t *testing.T) {
	log := &fakeLog{lines: []string{"half"}, err: errors.New("overrun")}
	r := carryWith(t, t.Context(), newFake(nil),
		func(_ *record.Order, d *runner.Deps) { d.Log = log },
		spec{id: "fake.first", body: loadsGood})
	want := record.KernelLog{Spec: "fake.first", Lines: []string{"half"}, Error: "overrun"}
	for _, rec := range r.records {
		if got, ok := rec.(record.KernelLog); ok {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return
		}
	}
	t.Error("no record of the log")
}

func TestRecordsAreBounded(t *testing.T) {
	huge := strings.Repeat("<", 1<<19)
	log := &fakeLog{lines: []string{"first", strings.Repeat("\x00", runner.MaxLog), "last"}}
	talkative := newFake(wrong(loader.OpOpen,
		says(&loader.Rejected{Stage: AtOpen, Class: Invalid, Message: huge}, nil)))
	boastful := newFake(wrong(loader.OpHello, says(&loader.OK{
		Protocol: 1, Loader: &loader.Identity{Name: "fake", Version: "1", Homepage: huge},
	}, nil)))
	for name, l := range map[string]*fakeLoader{"rejection": talkative, "greeting": boastful} {
		r := carryWith(t, t.Context(), l, func(_ *record.Order, d *runner.Deps) { d.Log = log },
			spec{id: "fake.first", body: loadsGood})
		if r.err != nil || !r.ended() {
			t.Errorf("%s: run: %v, ended: %t", name, r.err, r.ended())
		}
		for _, rec := range r.records {
			line, err := record.Marshal(rec)
			if err != nil || len(line) > record.MaxLen {
				t.Errorf("%s: a %T of %d bytes, %v", name, rec, len(line), err)
			}
			if log, ok := rec.(record.KernelLog); ok && (len(log.Lines) != 1 ||
				log.Error != "2 lines of 3 are too many for a record") {
				t.Errorf("%s: %d lines of the log, error %q", name, len(log.Lines), log.Error)
			}
		}
	}
}

func TestALoaderThatHangsBreaksItsSpecOnly(t *testing.T) {
	hang := newFake(nil)
	hang.wrong = func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		if r, ok := req.(loader.Open); ok && strings.Contains(r.Object, "hang") {
			select {}
		}
		return nil, nil
	}
	r := carryWith(t, t.Context(), hang,
		func(o *record.Order, _ *runner.Deps) { o.Limits.Request = 50 * time.Millisecond },
		spec{id: "fake.first", body: func(s *Session) { s.MustLoad(fakeObject("hang")) }},
		spec{id: "fake.second", body: loadsGood})
	if r.err != nil || !r.ended() {
		t.Fatalf("run: %v, ended: %t", r.err, r.ended())
	}
	first, second := r.finishes()["fake.first"], r.finishes()["fake.second"]
	if first.Outcome != record.Broken || !strings.Contains(first.Reason, "did not answer in time") {
		t.Errorf("hung spec: %+v", first)
	}
	if first.Overran != "request" || first.Limit != 50*time.Millisecond {
		t.Errorf("hung spec overran %q of %v, want the request's 50 ms", first.Overran, first.Limit)
	}
	if second.Outcome != record.Passed {
		t.Errorf("next spec: %+v", second)
	}
}

func TestASpecWhoseTimeIsUp(t *testing.T) {
	limit := func(o *record.Order, d *runner.Deps) {
		o.Limits.Spec = 50 * time.Millisecond
		d.SetGrace(2 * time.Second)
	}
	r := carryWith(t, t.Context(), newFake(nil), limit,
		spec{id: "fake.first", below: func(x *runner.Execution) { <-x.Context().Done() }},
		spec{id: "fake.second", body: loadsGood})
	if r.err != nil || !r.ended() {
		t.Fatalf("run: %v, ended: %t", r.err, r.ended())
	}
	f := r.finishes()["fake.first"]
	if f.Outcome != record.TimedOut || f.Reason != "50ms" || f.Overran != "spec" ||
		f.Limit != 50*time.Millisecond {
		t.Errorf("slow spec: %+v", f)
	}
	if f := r.finishes()["fake.second"]; f.Outcome != record.Passed {
		t.Errorf("next spec: %+v", f)
	}
}

func TestAStuckSpecEndsTheRun(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	limit := func(o *record.Order, d *runner.Deps) {
		o.Limits.Spec = 50 * time.Millisecond
		d.SetGrace(50 * time.Millisecond)
	}
	r := carryWith(t, t.Context(), newFake(nil), limit,
		spec{id: "fake.first", body: func(s *Session) { <-release }},
		spec{id: "fake.second", body: loadsGood})
	if !errors.Is(r.err, runner.ErrStuck) || r.ended() {
		t.Errorf("run: %v, ended: %t", r.err, r.ended())
	}
	if f := r.finishes()["fake.first"]; f.Outcome != record.TimedOut {
		t.Errorf("stuck spec: %+v", f)
	}
	if f, found := r.finishes()["fake.second"]; found {
		t.Errorf("a spec after a stuck one was run: %+v", f)
	}
}

func TestLeakIsNamed(t *testing.T) {
	leaky := newFake(func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		if req.Op() == loader.OpClose || req.Op() == loader.OpReset {
			return &loader.OK{}, nil
		}
		return nil, nil
	})
	t.Cleanup(func() {
		for session := range leaky.maps {
			leaky.close(session)
		}
	})
	r := carry(t, leaky, spec{id: "fake.first", body: loadsGood})
	f := r.finishes()["fake.first"]
	if f.Outcome != record.Failed || !strings.HasSuffix(f.Seen, " m (array)") {
		t.Errorf("leak: %+v", f)
	}
	if f.Overran != "settle" || f.Limit != 200*time.Millisecond {
		t.Errorf("leak overran %q of %v, want settle's 200 ms", f.Overran, f.Limit)
	}
	if f.Expected != "nothing of the loader's in the kernel after reset, but pins that were asked for" {
		t.Errorf("expected %q", f.Expected)
	}
}

func TestARefusalThatLeavesSomethingFails(t *testing.T) {
	leaky := claiming(loader.No, "")
	leaky.wrong = func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		r, ok := req.(loader.Load)
		if !ok {
			return nil, nil
		}
		if _, err := f.load(loader.Load{Session: "left"}); err != nil {
			return nil, err
		}
		delete(f.objects, r.Session)
		return &loader.Rejected{Stage: AtLoad, Class: Invalid}, nil
	}
	keep := leaky.wrong
	leaky.wrong = func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		if req.Op() == loader.OpReset {
			return &loader.OK{}, nil
		}
		return keep(f, req)
	}
	t.Cleanup(func() { leaky.close("left") })
	f := carry(t, leaky, spec{id: "fake.first", body: loadsGood}).finishes()["fake.first"]
	if f.Outcome != record.Failed || !strings.HasSuffix(f.Seen, " m (array)") {
		t.Errorf("refused and left something: %+v", f)
	}
}

func TestWhatTheKernelFreesLateIsNoLeak(t *testing.T) {
	late := newFake(wrong(loader.OpClose, func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		m := f.maps[req.(loader.Close).Session]
		delete(f.maps, req.(loader.Close).Session)
		time.AfterFunc(20*time.Millisecond, func() { m.Close() })
		return &loader.OK{}, nil
	}))
	f := carryWith(t, t.Context(), late, func(_ *record.Order, d *runner.Deps) {
		d.Settle = 30 * time.Second // how late is the host's kernel's affair
	}, spec{id: "fake.first", body: func(s *Session) { s.Refuses(good, bad, AtOpen) }}).finishes()["fake.first"]
	if f.Outcome != record.Passed {
		t.Errorf("%+v", f)
	}
}

// pinning returns a loader that makes a file where a pin would be: pins are files to the suite.
func pinning(place *string) *fakeLoader {
	var bpffs string
	return newFake(func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		switch r := req.(type) {
		case loader.Hello:
			bpffs = filepath.Join(*place, r.Dirs.BPFFS)
		case loader.Load:
			if err := os.WriteFile(filepath.Join(bpffs, "m"), nil, 0o600); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
}

func TestPinsThatStay(t *testing.T) {
	var place string
	change := func(_ *record.Order, d *runner.Deps) { place = d.Folders.Root }
	r := carryWith(t, t.Context(), pinning(&place), change,
		spec{id: "fake.first", body: loadsGood},
		spec{id: "fake.second", body: func(s *Session) {
			s.Keep("m")
			loadsGood(s)
			Expect(s.Pins()).To(ConsistOf("m"))
		}})
	if f := r.finishes()["fake.first"]; f.Outcome != record.Failed || f.Seen != "pin m" {
		t.Errorf("a pin that was not asked for: %+v", f)
	}
	if f := r.finishes()["fake.second"]; f.Outcome != record.Passed {
		t.Errorf("a pin that is kept: %+v", f)
	}
}

func TestRecordsThatCannotBeSentEndTheRun(t *testing.T) {
	broken := errors.New("no more room")
	var sent int
	r := carryWith(t, t.Context(), newFake(nil), func(_ *record.Order, d *runner.Deps) {
		d.Records = func(rec record.Record) error {
			if _, ok := rec.(record.Finish); ok {
				return broken
			}
			sent++
			return nil
		}
	}, spec{id: "fake.first", body: loadsGood}, spec{id: "fake.second", body: func(*Session) { t.Error("the second spec was run") }})
	if !errors.Is(r.err, broken) {
		t.Errorf("run: %v", r.err)
	}
}

func TestAnInterruptedRunSaysNothingOfItsSpec(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := carryWith(t, ctx, newFake(nil), func(*record.Order, *runner.Deps) {},
		spec{id: "fake.first", body: func(s *Session) {
			cancel()
			s.MustLoad(good)
		}},
		spec{id: "fake.second", body: loadsGood})
	if !errors.Is(r.err, context.Canceled) || r.ended() || len(r.finishes()) > 0 {
		t.Errorf("run: %v, ended: %t, %v", r.err, r.ended(), r.finishes())
	}
}

func TestAVanishedSpecLeavesNoLastRecord(t *testing.T) {
	r := carry(t, newFake(nil),
		spec{id: "faults.silent", hidden: true, below: func(x *runner.Execution) { x.Vanish() }},
		spec{id: "fake.second", body: loadsGood})
	if r.err != nil {
		t.Fatal(r.err)
	}
	if _, found := r.finishes()["faults.silent"]; found {
		t.Error("the silent spec left a last record")
	}
	if diff := cmp.Diff(record.Record(record.End{Specs: 1}), r.records[len(r.records)-1]); diff != "" {
		t.Error(diff)
	}
}

func TestFaultsAreForMachinesOfOurOwn(t *testing.T) {
	r := carry(t, newFake(nil),
		spec{id: "faults.panic", hidden: true, body: func(s *Session) { s.Faults().Raw() }})
	want := record.Finish{
		Spec: "faults.panic", Outcome: record.Broken, Reason: "this machine is not ours to break",
	}
	if diff := cmp.Diff(want, r.finishes()["faults.panic"], cmpopts.IgnoreFields(record.Finish{}, "Duration", "Detail")); diff != "" {
		t.Error(diff)
	}
}

func TestImpossibleOrders(t *testing.T) {
	specs := []spec{{id: "fake.first"}}
	for _, tc := range []struct {
		name string
		ids  []string
		want string
	}{
		{"no specs", nil, "impossible order: no specs"},
		{"unknown", []string{"fake.third"}, "impossible order: no spec is named fake.third"},
		{"twice", []string{"fake.first", "fake.first"}, "impossible order: spec fake.first is ordered twice"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := runner.Ordered(tc.ids, registered(specs))
			if !errors.Is(err, runner.ErrOrder) || err.Error() != tc.want {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

var rubbish []byte

func TestALostDescriptorIsALeakWhateverTheCollectorDoes(t *testing.T) {
	lossy := newFake(wrong(loader.OpClose, func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		delete(f.maps, req.(loader.Close).Session) // and with it the only way to the map
		return &loader.OK{}, nil
	}))
	garbage := func(s *Session) {
		s.Control(good)
		for range 64 {
			rubbish = make([]byte, 1<<20)
		}
	}
	if f := carry(t, lossy, spec{id: "fake.first", body: garbage}).finishes()["fake.first"]; f.Outcome != record.Failed {
		t.Errorf("%+v", f)
	}
}

func TestWarmUpLeavesThePlaceToTheRun(t *testing.T) {
	runner.WithRegistered(registered([]spec{{id: "faults.warm", hidden: true, body: loadsGood}}),
		func() { warmsUp(t) })
}

func warmsUp(t *testing.T) {
	deps := runner.Deps{
		Driver: func(
			_ context.Context, _ requirements.Surroundings, trace func(loader.Exchange),
		) (loader.Loader, error) {
			return loader.Traced(newFake(nil), trace), nil
		},
		Folders: runner.Folders{Root: t.TempDir(), Work: "/work", BPFFS: "/bpf"},
		Shared:  true,
		Records: func(record.Record) error { t.Error("a warm-up sends records"); return nil },
	}
	order := record.Order{Specs: []string{"faults.warm"}}
	if err := runner.WarmUp(t.Context(), order, deps); err != nil {
		t.Fatal(err)
	}
	var finish record.Finish
	deps.Records = func(rec record.Record) error {
		if f, ok := rec.(record.Finish); ok {
			finish = f
		}
		return nil
	}
	if err := runner.Run(t.Context(), order, deps); err != nil || finish.Outcome != record.Passed {
		t.Errorf("after the warm-up: %v, %+v", err, finish)
	}
}

// What a spec waits for has longer where the order's limits are longer, and what passes in time
// overruns nothing.
func TestPatienceFollowsTheLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		limits record.Limits
		want   time.Duration
	}{
		"default":    {record.DefaultLimits, 5 * time.Second},
		"longer":     {record.DefaultLimits.Times(6), 30 * time.Second},
		"shorter":    {record.DefaultLimits.Times(0.1), 5 * time.Second},
		"one longer": {record.Limits{Request: time.Hour, Spec: time.Second}, 5 * time.Second},
		"none":       {record.Limits{}, 5 * time.Second},
	} {
		var got time.Duration
		r := carryWith(t, t.Context(), newFake(nil),
			func(o *record.Order, _ *runner.Deps) { o.Limits = tt.limits },
			spec{id: "fake.first", body: func(s *Session) {
				got = s.Patience(5 * time.Second)
				loadsGood(s)
			}})
		if f := r.finishes()["fake.first"]; f.Outcome != record.Passed ||
			f.Overran != "" || got != tt.want {
			t.Errorf("%s: %v, want %v; %+v", name, got, tt.want, f)
		}
	}
}

func TestAnEventuallyThatIsNeverTrue(t *testing.T) {
	r := carry(t, newFake(nil), spec{id: "fake.first", body: func(s *Session) {
		loadsGood(s)
		Eventually(func() int { return 1 }).WithTimeout(30 * time.Millisecond).Should(Equal(2))
	}})
	f := r.finishes()["fake.first"]
	if f.Outcome != record.Failed || f.Overran != "settle" || f.Limit < 30*time.Millisecond {
		t.Errorf("%+v", f)
	}
}

// What the loader holds stays: a spec that it fails is not made to wait as long as for what the
// kernel frees late.
func TestALeakThatIsHeldIsNotWaitedFor(t *testing.T) {
	leaky := newFake(func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		if req.Op() == loader.OpClose || req.Op() == loader.OpReset {
			return &loader.OK{}, nil
		}
		return nil, nil
	})
	t.Cleanup(func() {
		for session := range leaky.maps {
			leaky.close(session)
		}
	})
	r := carryWith(t, t.Context(), leaky,
		func(_ *record.Order, d *runner.Deps) { d.Settle = time.Hour },
		spec{id: "fake.first", body: loadsGood})
	f := r.finishes()["fake.first"]
	if f.Outcome != record.Failed || !strings.HasSuffix(f.Seen, " m (array)") || f.Overran != "" {
		t.Errorf("%+v", f)
	}
}

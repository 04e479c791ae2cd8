// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
)

var (
	cell = Cell{
		Loader: "libbpf", LoaderVersion: "1.1", Kernel: "6.12",
		KernelRelease: "6.12.48-cloud-amd64",
	}
	wantOne = Expected{
		Spec: "mapdefs.one", Suite: "mapdefs", Cell: cell,
		Requirements: []Requirement{{
			ID: "mapdefs.one", Level: Must, Sentence: "A loader does one thing.",
			Sources: []Source{{Text: "seed 000"}},
		}},
	}
	off = Ending{Cause: PoweredOff}
)

// heard makes a stream of records, and of faults where it is given text.
func heard(items ...any) []Heard {
	var hs []Heard
	for _, item := range items {
		switch x := item.(type) {
		case string:
			hs = append(hs, Heard{Fault: x})
		case record.Record:
			hs = append(hs, Heard{Record: x})
		default:
			panic("neither a record nor a fault")
		}
	}
	return hs
}

func begin(spec string) record.Begin { return record.Begin{Spec: spec} }
func log(spec string, lines ...string) record.KernelLog {
	return record.KernelLog{Spec: spec, Lines: lines}
}
func finish(spec string, o record.Outcome, reason ...string) record.Finish {
	return record.Finish{
		Spec: spec, Outcome: o, Reason: strings.Join(reason, ""), Duration: 12 * time.Millisecond,
	}
}

func accepted(n int) record.Accepted { return record.Accepted{Specs: n} }
func end(n int) record.End           { return record.End{Specs: n} }

const one, two, three = "mapdefs.one", "mapdefs.two", "mapdefs.three"

// TestOneSpecInAClone shows the rule, case by case, for the usual clone: one that was told to run
// one spec.
func TestOneSpecInAClone(t *testing.T) {
	const (
		warn = "[   12.345678] WARNING: CPU: 1 PID: 77 at kernel/bpf/core.c:2345 bpf_prog_free+0x1b/0x30"
		oops = "[   12.345678] BUG: kernel NULL pointer dereference, address: 0000000000000008"
	)
	tests := []struct {
		name   string
		heard  []Heard
		ending Ending
		kind   Kind
		reason string // contained in the verdict's
	}{
		{"passes", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), end(1)), off, Pass, ""},
		{"passes, with a greeting and steps", heard(accepted(1), record.Greeting{Name: "libbpf"}, begin(one), record.Step{Spec: one, Seq: 1}, log(one, "[    1.000000] tun: loaded"), finish(one, record.Passed), end(1)), off, Pass, ""},
		{"fails", heard(accepted(1), begin(one), log(one), record.Finish{Spec: one, Outcome: record.Failed, Seen: "ok; map 41\nand more"}, end(1)), off, Fail, "ok; map 41"},
		{"fails and does not say why", heard(accepted(1), begin(one), log(one), finish(one, record.Failed), end(1)), off, Fail, "does not say why"},
		{"refused", heard(accepted(1), begin(one), log(one), finish(one, record.Refused, "legacy-maps: removed in 1.0"), end(1)), off, Refused, "legacy-maps: removed in 1.0"},
		{"skipped", heard(accepted(1), begin(one), log(one), finish(one, record.Skipped, "no BPF arena"), end(1)), off, Skip, "no BPF arena"},
		{"silent skip", heard(accepted(1), begin(one), log(one), finish(one, record.Skipped), end(1)), off, Broken, "nobody says why"},
		{"silent refusal", heard(accepted(1), begin(one), log(one), finish(one, record.Refused), end(1)), off, Broken, "nobody says why"},
		{"spec panics", heard(accepted(1), begin(one), log(one), finish(one, record.Panicked, "index out of range"), end(1)), off, Broken, "the spec itself panicked: index out of range"},
		{"spec times out", heard(accepted(1), begin(one), log(one), finish(one, record.TimedOut), end(1)), off, Broken, "did not end within its limit"},
		{"driver breaks the protocol", heard(accepted(1), begin(one), log(one), finish(one, record.Broken, "reply 7 to request 6"), end(1)), off, Broken, "reply 7 to request 6"},
		{"outcome nobody knows", heard(accepted(1), begin(one), log(one), finish(one, "splendid"), end(1)), off, Broken, `outcome "splendid"`},
		{"no outcome", heard(accepted(1), begin(one), log(one), finish(one, ""), end(1)), off, Broken, `outcome ""`},

		{"nothing was heard", nil, off, Missing, "powered off"},
		{"virtual machine did not start", nil, Ending{Cause: NotStarted, Detail: "exec: no such file"}, Missing, "did not start: exec: no such file"},
		{"spec skipped silently", heard(accepted(1), end(0)), off, Missing, "without running the spec"},
		{"another spec than the one ordered", heard(accepted(1), begin(two), log(two), finish(two, record.Passed), end(1)), off, Broken, `spec "mapdefs.two" began, which was not ordered next`},
		{"another spec after it", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), begin(two)), Ending{Cause: GuestHung}, Broken, `spec "mapdefs.two" began, which was not ordered next`},
		{"began and never finished", heard(accepted(1), begin(one), log(one), end(0)), off, Missing, "no record of how it finished"},
		{"power off in the middle", heard(accepted(1), begin(one)), off, Missing, "no record of how it finished"},
		{"power off without the end record", heard(accepted(1), begin(one), log(one), finish(one, record.Passed)), off, Broken, "without its end record"},
		{"interrupted in the middle", heard(accepted(1), begin(one)), Ending{Cause: Interrupted}, Missing, "interrupted"},
		{"interrupted before the end", heard(accepted(1), begin(one), log(one), finish(one, record.Passed)), Ending{Cause: Interrupted}, Missing, "interrupted"},

		{"kernel panics in the middle", heard(accepted(1), begin(one)), Ending{Cause: Panicked, Detail: "Fatal exception"}, Crash, "kernel panic: Fatal exception"},
		{"kernel panics in a record", heard(accepted(1), begin(one), "half a record"), Ending{Cause: Panicked}, Crash, "kernel panic"},
		{"kernel panics after the finish", heard(accepted(1), begin(one), log(one), finish(one, record.Passed)), Ending{Cause: Panicked}, Crash, "after the spec finished: kernel panic"},
		{"kernel panics after the end", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), end(1)), Ending{Cause: Panicked}, Crash, "after the spec finished"},
		{"kernel panics before the spec", heard(accepted(1)), Ending{Cause: Panicked}, Missing, "never began: kernel panic"},
		{"machine resets", heard(accepted(1), begin(one)), Ending{Cause: Reset}, Crash, "machine reset"},
		{"kernel hangs with interrupts off", heard(accepted(1), begin(one)), Ending{Cause: KernelHung, Detail: "no record for 20s"}, Crash, "kernel hang: no record for 20s"},
		{"guest hangs in user space", heard(accepted(1), begin(one)), Ending{Cause: GuestHung, Detail: "no record for 20s"}, Broken, "while the spec ran: guest hang"},
		{"guest hangs after the finish", heard(accepted(1), begin(one), log(one), finish(one, record.Passed)), Ending{Cause: GuestHung}, Broken, "after the spec: guest hang"},
		{"guest hangs at power off", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), end(1)), Ending{Cause: GuestHung}, Broken, "after the spec: guest hang"},
		{"guest gives up in the middle", heard(accepted(1), begin(one)), Ending{Cause: Unfinished, Detail: "guest: no bpffs"}, Missing, "while the spec ran: guest gave up: guest: no bpffs"},
		{"guest gives up after its end record", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), end(1)), Ending{Cause: Unfinished}, Broken, "after the spec: guest gave up"},
		{"guest hangs, and says where when asked", heard(accepted(1), begin(one)), Ending{Cause: GuestHung, Console: "[    9.000000] sysrq: Show backtrace of all active CPUs\n[    9.100000] Call Trace:\n[    9.900000] Kernel panic - not syncing: NMI: Not continuing\n"}, Broken, "while the spec ran: guest hang"},
		{"guest hangs after a warning", heard(accepted(1), begin(one)), Ending{Cause: GuestHung, Console: warn + "\n[   19.000000] sysrq: Show Blocked State\n"}, Broken, "guest hang; kernel splat: WARNING"},
		{"QEMU is killed", heard(accepted(1), begin(one)), Ending{Cause: Died, Detail: "signal: killed"}, Broken, "virtual machine died: signal: killed"},
		{"nobody knows how the machine ended", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), end(1)), Ending{}, Broken, "nobody says how the machine ended"},

		{"garbage in the middle", heard(accepted(1), begin(one), "garbage on the record port", log(one), finish(one, record.Passed), end(1)), off, Broken, "garbage on the record port"},
		{"record too large", heard(accepted(1), begin(one), "record too large: 4194304 bytes", log(one), finish(one, record.Passed), end(1)), off, Broken, "record too large"},
		{"garbage before the spec", heard("garbage", begin(one), log(one), finish(one, record.Passed), end(1)), off, Broken, "garbage"},
		{"nothing but garbage", heard("garbage"), off, Broken, "the spec never began, and the guest said what it may not: garbage"},
		{"garbage after the finish", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), "garbage", end(1)), off, Broken, "garbage"},
		{"garbage after the end", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), end(1), "garbage"), off, Broken, "went on after its end"},
		{"an empty line of the stream", heard(accepted(1), begin(one), "", log(one), finish(one, record.Passed), end(1)), off, Broken, "empty record"},

		{"no kernel log", heard(accepted(1), begin(one), finish(one, record.Passed), end(1)), off, Broken, "no record of what the kernel logged"},
		{"kernel log comes late", heard(accepted(1), begin(one), finish(one, record.Passed), log(one), end(1)), off, Broken, "late kernel log"},
		{"two kernel logs", heard(accepted(1), begin(one), log(one), log(one), finish(one, record.Passed), end(1)), off, Broken, "second or late kernel log"},
		{"kernel log lost lines", heard(accepted(1), begin(one), record.KernelLog{Spec: one, Error: "lost 12 lines"}, finish(one, record.Passed), end(1)), off, Broken, "could not be read whole: lost 12 lines"},
		{"kernel log of another spec", heard(accepted(1), begin(one), log(two), finish(one, record.Passed), end(1)), off, Broken, `a record about "mapdefs.two" came while "mapdefs.one" ran`},

		{"begins twice", heard(accepted(1), begin(one), begin(one), log(one), finish(one, record.Passed), end(1)), off, Broken, `spec "mapdefs.one" began, which was not ordered next`},
		{"finishes twice", heard(accepted(1), begin(one), log(one), finish(one, record.Failed), finish(one, record.Passed), end(2)), off, Broken, "finished twice: failed, then passed"},
		{"finishes without a beginning", heard(accepted(1), log(one), finish(one, record.Passed), end(1)), off, Broken, "never began"},
		{"counts more than it sent", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), end(2)), off, Broken, "says that it finished 2 specs, records came of 1"},
		{"ends twice", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), end(1), end(1)), off, Broken, "went on after its end"},
		{"accepted another order", heard(accepted(2), begin(one), log(one), finish(one, record.Passed), end(1)), off, Broken, "accepted 2 specs"},
		{"says hello again", heard(accepted(1), record.Hello{}, begin(one), log(one), finish(one, record.Passed), end(1)), off, Broken, "said hello"},

		{"warning under a pass", heard(accepted(1), begin(one), log(one, warn), finish(one, record.Passed), end(1)), off, Fail, "kernel splat: WARNING: CPU: 1"},
		{"warning in an entry of several lines", heard(accepted(1), begin(one), log(one, `4,812,12345678,-;first\x0a`+"WARNING: CPU: 1 PID: 77 at x"), finish(one, record.Passed), end(1)), off, Fail, "kernel splat: WARNING: CPU: 1"},
		{"warning under a refusal", heard(accepted(1), begin(one), log(one, warn), finish(one, record.Refused, "no"), end(1)), off, Fail, "kernel splat: WARNING"},
		{"warning under a skip", heard(accepted(1), begin(one), log(one, warn), finish(one, record.Skipped, "no"), end(1)), off, Fail, "kernel splat: WARNING"},
		{"warning under a broken driver", heard(accepted(1), begin(one), log(one, warn), finish(one, record.Broken, "driver died"), end(1)), off, Broken, "driver died; kernel splat: WARNING"},
		{"oops under a pass", heard(accepted(1), begin(one), log(one, oops), finish(one, record.Passed), end(1)), off, Crash, "kernel splat: BUG: kernel NULL"},
		{"oops that kills the driver", heard(accepted(1), begin(one), log(one, oops), finish(one, record.Broken, "driver died"), end(1)), off, Crash, "kernel splat: BUG: kernel NULL"},
		{"warning on the console after the log", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), end(1)), Ending{Cause: PoweredOff, Console: "hello\r\n" + warn + "\r\n"}, Fail, "kernel splat: WARNING"},
		{"user space shouts on the console", heard(accepted(1), begin(one), log(one), finish(one, record.Passed), end(1)), Ending{Cause: PoweredOff, Console: "WARNING: CPU: 1 PID: 77 at me\r\n"}, Pass, ""},
		{"panic names its reason", heard(accepted(1), begin(one)), Ending{Cause: Panicked, Console: "[    2.000000] Kernel panic - not syncing: Fatal exception in interrupt"}, Crash, "kernel panic: Kernel panic - not syncing: Fatal exception in interrupt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Judge(wantOne,
				Evidence{Ordered: []string{one}, Heard: tt.heard, Ending: tt.ending, Took: time.Second})
			if v.Kind != tt.kind || !strings.Contains(v.Reason, tt.reason) ||
				(v.Reason == "") != (tt.kind == Pass) {
				t.Errorf("got %s (%s), want %s (%s)", v.Kind, v.Reason, tt.kind, tt.reason)
			}
			if err := v.check(); err != nil {
				t.Errorf("the verdict cannot be written: %v", err)
			}
		})
	}
}

// TestOneBadSpecCostsNoOther runs clones with several specs: whatever goes wrong with the second,
// the first keeps its pass, and the third, which never began, is owed.
func TestOneBadSpecCostsNoOther(t *testing.T) {
	first := []any{accepted(3), begin(one), log(one), finish(one, record.Passed), begin(two)}
	tests := []struct {
		name   string
		second []any
		ending Ending
		kinds  [3]Kind
		owed   []string
	}{
		{"nothing is wrong", []any{log(two), finish(two, record.Passed), begin(three), log(three), finish(three, record.Passed), end(3)}, off, [3]Kind{Pass, Pass, Pass}, nil},
		{"the second fails", []any{log(two), finish(two, record.Failed, "no"), begin(three), log(three), finish(three, record.Passed), end(3)}, off, [3]Kind{Pass, Fail, Pass}, nil},
		{"panic in the second", nil, Ending{Cause: Panicked}, [3]Kind{Pass, Crash, Missing}, []string{three}},
		{"panic after the second", []any{log(two), finish(two, record.Passed)}, Ending{Cause: Panicked}, [3]Kind{Pass, Crash, Missing}, []string{three}},
		{"hang in the second", nil, Ending{Cause: KernelHung}, [3]Kind{Pass, Crash, Missing}, []string{three}},
		{"user space hangs in the second", nil, Ending{Cause: GuestHung}, [3]Kind{Pass, Broken, Missing}, []string{three}},
		{"no end record after the second", []any{log(two), finish(two, record.Passed)}, off, [3]Kind{Pass, Broken, Missing}, []string{three}},
		{"the third is skipped silently", []any{log(two), finish(two, record.Passed), end(2)}, off, [3]Kind{Pass, Pass, Missing}, nil},
		{"the second is left in the middle", []any{begin(three), log(three), finish(three, record.Passed), end(2)}, off, [3]Kind{Pass, Missing, Pass}, nil},
		{"garbage in the second", []any{"garbage", log(two), finish(two, record.Passed), begin(three), log(three), finish(three, record.Passed), end(3)}, off, [3]Kind{Pass, Broken, Pass}, nil},
		{"garbage swallows the second's finish", []any{log(two), "garbage", begin(three), log(three), finish(three, record.Passed), end(3)}, off, [3]Kind{Pass, Broken, Broken}, nil},
		{"warning in the second", []any{log(two, "WARNING: CPU: 0 PID: 1 at x"), finish(two, record.Passed), begin(three), log(three), finish(three, record.Passed), end(3)},
			Ending{Cause: PoweredOff, Console: "[    1.000000] WARNING: CPU: 0 PID: 1 at x\n"}, [3]Kind{Pass, Fail, Pass}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := Evidence{
				Ordered: []string{one, two, three},
				Heard:   heard(append(append([]any{}, first...), tt.second...)...), Ending: tt.ending,
			}
			var kinds [3]Kind
			for i, spec := range ev.Ordered {
				v := Judge(Expected{Spec: spec, Suite: "mapdefs", Cell: cell}, ev)
				kinds[i] = v.Kind
				t.Logf("%s: %s (%s)", spec, v.Kind, v.Reason)
			}
			if diff := cmp.Diff(tt.kinds, kinds); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.owed, Owed(ev)); diff != "" {
				t.Errorf("owed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNothingBegunIsAllOwed(t *testing.T) {
	got := Owed(Evidence{
		Ordered: []string{one, two}, Heard: heard(accepted(2)), Ending: Ending{Cause: Panicked},
	})
	if diff := cmp.Diff([]string{one, two}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAFailureTellsItAll compares the whole verdict: what a report shows is what is here.
func TestAFailureTellsItAll(t *testing.T) {
	want := Expected{
		Spec: "pinning.reuse/numa", Suite: "pinning", Cell: cell, Attempt: 2,
		Requirements: []Requirement{
			{ID: "pinning.reuse", Level: Must, Sentence: "A loader names what differs.", Sources: []Source{{Text: "seed 000"}}, Profiles: []string{"pinning"}},
			{ID: "pinning.numa", Level: Should, Sentence: "A loader looks at the node.", Sources: []Source{{Text: "seed 000"}}, Profiles: []string{"pinning", "numa"}, Commits: []string{"96eabe7a40aa"}},
		},
	}
	spec := want.Spec
	ev := Evidence{
		Ordered: []string{spec},
		Heard: heard(accepted(1), begin(spec),
			record.Step{
				Spec: spec, Seq: 1, Request: json.RawMessage(`{"op":"open"}`),
				Reply: json.RawMessage(`{"ok":{}}`), Duration: 2 * time.Millisecond,
			},
			record.Step{
				Spec: spec, Seq: 2, Request: json.RawMessage(`{"op":"load"}`),
				Fault: "no reply within 5s", Stderr: "libbpf: map 'm'\nlibbpf: no",
				Duration: 5 * time.Second,
			},
			log(spec, "[    1.000000] loop: module loaded"),
			record.Finish{
				Spec: spec, Outcome: record.Failed, Expected: "rejected at pin", Seen: "ok; map 41",
				Detail: "numa.go:12", UnderClaim: true, Duration: 12345 * time.Microsecond,
			},
			end(1)),
		Ending: Ending{Cause: PoweredOff, Console: "[    1.000000] loop: module loaded\r\n"},
	}
	got := Judge(want, ev)
	diff := cmp.Diff(Verdict{
		Spec: spec, Requirement: []string{"pinning.reuse", "pinning.numa"}, Suite: "pinning",
		Cell: cell,
		Kind: Fail, Reason: "ok; map 41", DurationMS: 12,
		Level:    Must,
		Sentence: []string{"A loader names what differs.", "A loader looks at the node."},
		Sources:  []Source{{Text: "seed 000"}},
		Commits:  []string{"96eabe7a40aa"}, Profiles: []string{"pinning", "numa"},
		Expected: "rejected at pin", Seen: "ok; map 41", Detail: "numa.go:12", Attempt: 2,
		Conversation: []string{
			`> {"op":"open"}`, `< {"ok":{}}  (2ms)`, `> {"op":"load"}`,
			`! no reply within 5s  (5s)`, "| libbpf: map 'm'", "| libbpf: no",
		},
		Again: "loadstone run --kernel 6.12 --loader libbpf@1.1 --spec pinning.reuse/numa",
	}, got)
	if diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHangIsTheKernelsUnlessItAnswers(t *testing.T) {
	tests := map[string]Cause{
		"": KernelHung,
		"[    1.000000] nothing of note\nsysrq: says user space\n":                         KernelHung,
		"[    1.000000] Kernel panic - not syncing: NMI: Not continuing\n":                 KernelHung,
		"[    1.000000] sysrq: This sysrq operation is disabled.\r\n":                      GuestHung,
		"[    1.000000][    T0] sysrq: Show backtrace of all active CPUs\r\nand so on\r\n": GuestHung,
	}
	for console, want := range tests {
		if got := HangOf(console); got != want {
			t.Errorf("%q: got %s, want %s", console, got, want)
		}
	}
}

func TestUnderClaimIsNoted(t *testing.T) {
	f := finish(one, record.Passed)
	f.UnderClaim = true
	v := Judge(wantOne,
		Evidence{Ordered: []string{one}, Heard: heard(accepted(1), begin(one), log(one), f, end(1)), Ending: off})
	if v.Kind != Pass || !v.UnderClaim {
		t.Errorf("got %s, under claim %t", v.Kind, v.UnderClaim)
	}
}

func TestCrashKeepsConsoleAndBacktrace(t *testing.T) {
	console := strings.Repeat("boring\r\n",
		100) + "[    3.000000] Kernel panic - not syncing: softlockup: hung tasks\r\n"
	v := Judge(wantOne,
		Evidence{Ordered: []string{one}, Heard: heard(accepted(1), begin(one)), Ending: Ending{Cause: KernelHung, Console: console, Backtrace: "CPU 0: spin"}})
	if len(v.Console) != keptConsole || !strings.Contains(v.Console[keptConsole-1], "softlockup") ||
		v.Backtrace != "CPU 0: spin" {
		t.Errorf("console %q, backtrace %q", v.Console, v.Backtrace)
	}
	if len(v.Splats) != 1 || v.Splats[0].ID != "panic" {
		t.Errorf("splats: %+v", v.Splats)
	}
}

// TestWhatIsKeptIsBounded holds a guest that talks without end to what a verdict keeps.
func TestWhatIsKeptIsBounded(t *testing.T) {
	items := []any{accepted(1), begin(one)}
	for range 1000 {
		items = append(items,
			record.Step{Spec: one, Request: json.RawMessage(`"` + strings.Repeat("x", 10_000) + `"`), Stderr: strings.Repeat("\xff", 10_000)})
	}
	lines := make([]string, 1000)
	for i := range lines {
		lines[i] = "[    1.000000] WARNING: CPU: 0 PID: 1 at " + strings.Repeat("y", 1000)
	}
	f := finish(one, record.Failed, strings.Repeat("z", 10_000))
	f.Detail = strings.Repeat("d", 1<<19)
	items = append(items, log(one, lines...), f, end(1))
	v := Judge(wantOne, Evidence{Ordered: []string{one}, Heard: heard(items...), Ending: off})
	line, err := marshalLine("verdict", v)
	if err != nil {
		t.Fatal(err)
	}
	if len(line) > 256<<10 {
		t.Errorf("the line has %d bytes", len(line))
	}
}

// A limit that passed is kept with how busy the host was meanwhile, and the reason says both.
func TestAnOverrunSaysTheHostsLoad(t *testing.T) {
	const spec = "a.b"
	busy := Load{Stretch: 11.26, Tasks: 12, Allowed: 2}
	all := Load{Stretch: 3, Tasks: 4, Allowed: 2} // of the whole guest
	const inWords = "; host's load: 12.0 runnable tasks per core, guest slowed 11.3 times"
	for name, tt := range map[string]struct {
		finish record.Finish
		load   Load
		kind   Kind
		reason string
		load2  Load // that the verdict keeps
	}{
		"request": {
			record.Finish{Outcome: record.Broken, Overran: "request", Limit: 20 * time.Second,
				Reason: "driver did not answer in time (request 1, hello, limit 20s)"}, busy, Broken,
			"driver did not answer in time (request 1, hello, limit 20s)" + inWords, busy,
		},
		"spec": {
			record.Finish{Outcome: record.TimedOut, Overran: "spec", Limit: time.Minute, Reason: "1m0s"},
			busy, Broken, "the spec did not end within its limit: 1m0s" + inWords, busy,
		},
		"settle": {
			record.Finish{Outcome: record.Failed, Overran: "settle", Limit: 15 * time.Second,
				Seen: "map 7"}, busy, Fail, "map 7; limit to settle 15s" + inWords, busy,
		},
		"a load of the guest": {
			record.Finish{Outcome: record.TimedOut, Overran: "spec", Limit: time.Minute, Reason: "1m0s"},
			Load{}, Broken, "the spec did not end within its limit: 1m0s" +
				"; host's load: 4.0 runnable tasks per core, guest slowed 3.0 times", all,
		},
	} {
		t.Run(name, func(t *testing.T) {
			tt.finish.Spec = spec
			ev := Evidence{
				Ordered: []string{spec}, Ending: Ending{Cause: PoweredOff, Load: all},
				Heard: []Heard{
					{Record: record.Accepted{Specs: 1}}, {Record: record.Begin{Spec: spec}},
					{Record: record.KernelLog{Spec: spec}}, {Record: tt.finish, Load: tt.load},
					{Record: record.End{Specs: 1}},
				},
			}
			v := Judge(Expected{Spec: spec}, ev)
			if v.Kind != tt.kind || v.Reason != tt.reason {
				t.Errorf("%s, %q, want %s, %q", v.Kind, v.Reason, tt.kind, tt.reason)
			}
			want := &Overrun{
				Of: tt.finish.Overran, LimitMS: tt.finish.Limit.Milliseconds(), Load: tt.load2,
			}
			if diff := cmp.Diff(want, v.Overrun); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What decided a verdict is what its reason says: a limit that passed beside a kernel that died is
// not it. A hang is one, and says the load of its guest.
func TestAnOverrunThatDecidedNothing(t *testing.T) {
	const spec = "a.b"
	heard := []Heard{
		{Record: record.Accepted{Specs: 1}}, {Record: record.Begin{Spec: spec}},
		{Record: record.KernelLog{Spec: spec}},
		{Record: record.Finish{Spec: spec, Outcome: record.TimedOut, Overran: "spec", Reason: "1s"}},
	}
	load := Load{Stretch: 1.5, Tasks: 2.5, Allowed: 2}
	for cause, want := range map[Cause]string{
		Panicked: "after the spec finished: kernel panic: why",
		GuestHung: "after the spec: guest hang: why; " +
			"host's load: 2.5 runnable tasks per core, guest slowed 1.5 times",
	} {
		v := Judge(Expected{Spec: spec}, Evidence{
			Ordered: []string{spec}, Heard: heard,
			Ending: Ending{Cause: cause, Detail: "why", Load: load},
		})
		if v.Overrun != nil || v.Reason != want {
			t.Errorf("%s: %+v, reason %q, want %q", cause, v.Overrun, v.Reason, want)
		}
	}
}

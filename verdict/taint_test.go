// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/record"
)

// late returns what the kernel said too late for the log of a spec.
func late(lines ...string) record.Late { return record.Late{Lines: lines} }

const lateWarning = "4,9,9,-;WARNING: CPU: 0 PID: 7 at kernel/bpf/core.c:1 x+0x1/0x2"

func TestWhatTheKernelSaysOfItselfBesideItsLog(t *testing.T) {
	tainted := func(bits uint64) record.KernelLog {
		return record.KernelLog{Spec: one, Tainted: bits}
	}
	off := Ending{Cause: PoweredOff}
	for name, tt := range map[string]struct {
		log  record.KernelLog
		late record.Late
		kind Kind
		says string
	}{
		"nothing":             {log(one), late(), Pass, ""},
		"it was asked for":    {tainted(1 << 6), late(), Fail, "kernel splat: the kernel is tainted: U (bit 6)"},
		"it died":             {tainted(1<<7 | 1<<6), late(), Crash, "D (bit 7)"},
		"a module of another": {tainted(1<<12 | 1<<13), late(), Pass, ""},
		"nobody knows":        {tainted(1 << 40), late(), Fail, "? (bit 40)"},
		"a late warning":      {log(one), late(lateWarning), Fail, "kernel splat: WARNING"},
		"a late line":         {log(one), late("6,9,9,-;tun: loaded"), Pass, ""},
		"a late taint":        {log(one), record.Late{Tainted: 1 << 9}, Fail, "W (bit 9)"},
		"a late log in part":  {log(one), record.Late{Error: "overrun"}, Broken, "could not be read whole: overrun"},
	} {
		t.Run(name, func(t *testing.T) {
			done := end(1)
			done.Late = tt.late
			v := Judge(Expected{Spec: one, Cell: cell}, Evidence{
				Ordered: []string{one}, Ending: off,
				Heard: heard(accepted(1), begin(one), tt.log, finish(one, record.Passed), done),
			})
			if v.Kind != tt.kind || !strings.Contains(v.Reason, tt.says) {
				t.Errorf("got %s (%s), want %s (%s)", v.Kind, v.Reason, tt.kind, tt.says)
			}
		})
	}
}

// What comes before the next spec begins is of the one before it.
func TestALateLineIsOfTheSpecBefore(t *testing.T) {
	next := begin(two)
	next.Late = late(lateWarning)
	ev := Evidence{
		Ordered: []string{one, two}, Ending: Ending{Cause: PoweredOff},
		Heard: heard(accepted(2), begin(one), log(one), finish(one, record.Passed),
			next, log(two), finish(two, record.Passed), end(2)),
	}
	for spec, want := range map[string]Kind{one: Fail, two: Pass} {
		if v := Judge(Expected{Spec: spec, Cell: cell}, ev); v.Kind != want {
			t.Errorf("%s: got %s (%s), want %s", spec, v.Kind, v.Reason, want)
		}
	}
}

func TestTaintThatSaysTooLittle(t *testing.T) {
	for _, entry := range []string{
		"{bit: 1, letter: F, says: x}", "{bit: 1, letter: F, says: x, means: splat, allowed: why}",
		"{bit: 64, letter: F, says: x, means: splat}", "{bit: 1, says: x, means: splat}",
		"{bit: 1, letter: F, means: splat}", "{bit: 1, letter: F, says: x, means: fine, allowed: why}",
	} {
		text := "patterns: [{id: a, match: b, means: splat}]\ntaints: [" + entry + "]\n"
		if _, err := ParseSplats([]byte(text)); err == nil {
			t.Errorf("%s: no error", entry)
		}
	}
}

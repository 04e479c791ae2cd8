// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"testing"

	"github.com/loadstone-bpf/loadstone/record"
)

func TestEarlyStateProvesNothing(t *testing.T) {
	want := wantOne
	want.Spec = two
	// the state after one came before it finished; none came after it
	v := Judge(want, Evidence{Ordered: []string{one, two}, Watched: true, Ending: off, Heard: heard(accepted(2),
		cleanAfter(""), begin(one), cleanAfter(one), log(one), finish(one, record.Passed),
		begin(two), log(two), finish(two, record.Passed), cleanAfter(two), end(2))})
	if v.Kind == Pass {
		t.Error("counts, although no state followed the finish of one")
	}
}

func TestNoFinishStill(t *testing.T) {
	want := wantOne
	want.Spec = two
	v := Judge(want, Evidence{Ordered: []string{one, two}, Watched: true, Ending: off, Heard: heard(accepted(2),
		cleanAfter(""), begin(one), cleanAfter(one),
		begin(two), log(two), finish(two, record.Passed), cleanAfter(two), end(1))})
	t.Log(v.Kind, v.Reason)
	if v.Kind == Pass {
		t.Error("counts, although one never finished")
	}
}

func TestReordered(t *testing.T) {
	want := wantOne
	want.Spec = one
	v := Judge(want, Evidence{Ordered: []string{one, two}, Watched: true, Ending: off, Heard: heard(accepted(2),
		cleanAfter(""), begin(two), log(two), finish(two, record.Passed), cleanAfter(two),
		begin(one), log(one), finish(one, record.Passed), cleanAfter(one), end(2))})
	if v.Kind == Pass {
		t.Error("counts, in another order than the seed's")
	}
}

func TestDirtyLinesOnly(t *testing.T) {
	want := wantOne
	want.Spec = two
	v := Judge(want, Evidence{Ordered: []string{one, two}, Watched: true, Ending: off, Heard: heard(accepted(2),
		cleanAfter(""), begin(one), log(one, "1,2,3,-;UBSAN: shift-out-of-bounds in kernel/x.c:1"), finish(one, record.Passed),
		record.State{Spec: one, Lines: []string{"1,2,3,-;WARNING: possible circular locking dependency detected"}},
		begin(two), log(two), finish(two, record.Passed), cleanAfter(two), end(2))})
	if v.Kind == Pass {
		t.Error("counts, although the kernel had complained before in the guest")
	}
}

func TestLostStateAtTheEndIsNoted(t *testing.T) {
	v := Judge(wantOne, Evidence{Ordered: []string{one}, Watched: true, Ending: off, Heard: heard(accepted(1),
		cleanAfter(""), begin(one), log(one), finish(one, record.Passed), end(1))})
	t.Log(v.Kind, v.Guest)
	if v.Kind == Pass {
		t.Error("a watched guest whose last state is missing passes (its late log is not there)")
	}
}

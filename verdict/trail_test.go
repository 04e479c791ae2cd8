// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
)

func TestATrailIsOfOneSpecAndWhole(t *testing.T) {
	step := func(spec string, seq int) record.Step {
		return record.Step{Spec: spec, Seq: seq, Request: json.RawMessage(`{}`)}
	}
	var ev Evidence
	for _, r := range []record.Record{
		record.Accepted{Specs: 2},
		record.Begin{Spec: "a.1"},
		record.File{Spec: "a.1", Path: "/work/other.o", Size: 1, Data: []byte("x")},
		step("a.1", 1),
		record.KernelLog{Spec: "a.1", Lines: []string{"of a.1"}},
		record.Finish{Spec: "a.1", Outcome: record.Passed},
		record.Begin{Spec: "a.2"},
		record.File{Spec: "a.2", Path: "/work/whole.o", Size: 5, Data: []byte("abc")},
		record.File{Spec: "a.2", Path: "/work/whole.o", Size: 5, Offset: 3, Data: []byte("de")},
		record.File{Spec: "a.2", Path: "/work/torn.o", Size: 9, Data: []byte("abc")},
		record.File{Spec: "a.2", Path: "/work/torn.o", Size: 9, Offset: 6, Data: []byte("ghi")},
		record.File{Spec: "a.2", Path: "/work/large.o", Size: 1 << 30},
		step("a.2", 1), step("a.2", 2),
		record.KernelLog{Spec: "a.2", Lines: []string{"one"}},
		record.Finish{Spec: "a.2", Outcome: record.Failed},
		record.End{Specs: 2, Late: record.Late{Lines: []string{"two"}}},
	} {
		ev.Heard = append(ev.Heard, Heard{Record: r})
	}
	ev.Ordered, ev.Ending = []string{"a.1", "a.2"}, Ending{Cause: PoweredOff, Console: "booted"}

	want := Trail{
		Steps: []record.Step{step("a.2", 1), step("a.2", 2)},
		Files: []GivenFile{
			{Path: "/work/whole.o", Size: 5, Data: []byte("abcde")},
			{Path: "/work/torn.o", Size: 9, Data: []byte("abc")},
			{Path: "/work/large.o", Size: 1 << 30},
		},
		Log: []string{"one", "two"}, Console: "booted",
	}
	got := TrailOf("a.2", ev)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for i, whole := range []bool{true, false, false} {
		if got.Files[i].Whole() != whole {
			t.Errorf("%s is whole: %v", got.Files[i].Path, !whole)
		}
	}
	if first := TrailOf("a.1", ev); first.Console != "" || len(first.Steps) != 1 {
		t.Errorf("a spec that others followed has %+v", first)
	}
	if v := Judge(Expected{Spec: "a.1"}, ev); v.Kind != Pass {
		t.Errorf("files make a verdict %s: %s", v.Kind, v.Reason)
	}
}

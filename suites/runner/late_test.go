// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A scriptedLog hands out its lines one at a time, each when it is asked.
type scriptedLog struct{ lines []string }

func (l *scriptedLog) Mark() error {
	_, err := l.Since()
	return err
}

func (l *scriptedLog) Since() ([]string, error) {
	if len(l.lines) == 0 {
		return nil, nil
	}
	line := l.lines[0]
	l.lines = l.lines[1:]
	return []string{line}, nil
}

// All that the kernel logs from the first spec to the end is recorded, and what taints it is said
// once.
func TestLogAndTaintAreReadUntilTheEnd(t *testing.T) {
	taints := []uint64{1, 1, 1 | 64, 1 | 64, 1 | 64 | 512}
	r := carryWith(t, t.Context(), newFake(nil), func(_ *record.Order, d *runner.Deps) {
		d.Log = &scriptedLog{lines: []string{"before", "first", "between", "second", "at the end"}}
		d.Taint = func() (uint64, error) {
			bits := taints[0]
			taints = taints[1:]
			return bits, nil
		}
	}, spec{id: "fake.first", body: func(s *Session) { s.MustLoad(good) }},
		spec{id: "fake.second", body: func(s *Session) { s.MustLoad(good) }})
	if r.err != nil {
		t.Fatal(r.err)
	}
	type said struct {
		Lines   []string
		Tainted uint64
	}
	var got []said
	for _, rec := range r.records {
		switch rec := rec.(type) {
		case record.Begin:
			got = append(got, said{rec.Lines, rec.Tainted})
		case record.KernelLog:
			got = append(got, said{rec.Lines, rec.Tainted})
		case record.End:
			got = append(got, said{rec.Lines, rec.Tainted})
		}
	}
	want := []said{
		{}, {[]string{"first"}, 0}, {[]string{"between"}, 64}, {[]string{"second"}, 0},
		{[]string{"at the end"}, 512},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

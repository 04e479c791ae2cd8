// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// file returns a whole run of these verdicts.
func file(vs ...Verdict) *File {
	f := &File{Run: plan(len(vs)), Verdicts: vs, End: &End{Complete: true}}
	f.Run.Planned, f.Run.Plan = len(vs), nil
	for _, v := range vs {
		p := v.part()
		p.Specs = 1
		f.Run.Plan = append(f.Run.Plan, p)
	}
	return f
}

func TestExitCodes(t *testing.T) {
	of := func(k Kind) Verdict { return Verdict{Spec: one, Suite: "mapdefs", Cell: cell, Kind: k, Reason: "why"} }
	should := of(Fail)
	should.Level = Should
	splat := should
	splat.Splats = []Splat{{ID: "warning"}}
	known := of(Flaky)
	known.Expectation = &Expectation{}
	other := of(Refused)
	other.Loader = "bpftool"
	incomplete := file(of(Pass))
	incomplete.End = nil
	owing := file(of(Pass))
	owing.Run.Planned, owing.End.Complete = 2, false
	stale := file(of(Pass))
	stale.End.Problems = []string{"stale"}
	tests := []struct {
		name string
		file *File
		code int
	}{
		{"all pass", file(of(Pass), of(Refused), of(Skip), of(XFail)), 0},
		{"known flaky", file(of(Pass), known), 0},
		{"should not met", file(of(Pass), should), 0},
		{"all refused", file(of(Refused), of(Refused)), 1},
		{"all skipped", file(of(Skip)), 1},
		{"all as badly as expected", file(of(XFail)), 1},
		{"nothing but a should that is not met", file(should), 1},
		{"nothing but what is known to be flaky", file(known), 1},
		{"all refused by one of two loaders", file(of(Pass), other), 1},
		{"fail", file(of(Pass), of(Fail)), 1},
		{"should not met, with a splat", file(splat), 1},
		{"passes against expectation", file(of(XPass)), 1},
		{"flaky, and nobody knew", file(of(Flaky)), 1},
		{"crash", file(of(Crash)), 1},
		{"stale expectation", stale, 1},
		{"broken", file(of(Pass), of(Broken)), 3},
		{"missing", file(of(Missing)), 3},
		{"broken beside a fail", file(of(Fail), of(Broken)), 3},
		{"no end", incomplete, 3},
		{"owing", owing, 3},
		{"nothing at all", &File{}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code := 0
			if err := tt.file.Err(); err != nil {
				code = err.(*RunError).ExitCode()
				if err.Error() == "" {
					t.Error("an error without a text")
				}
			}
			if code != tt.code {
				t.Errorf("got %d (%v), want %d", code, tt.file.Err(), tt.code)
			}
		})
	}
}

func TestMatrixCountsWhatIsNotThere(t *testing.T) {
	advice := pass(two)
	advice.Kind, advice.Reason, advice.Level = Fail, "no", Should
	f := &File{Run: plan(3), Verdicts: []Verdict{pass(one), advice}}
	f.Run.Kernels = append(f.Run.Kernels, Kernel{Name: "7.3"})
	f.Run.Planned = 3
	m := f.Matrix()
	if diff := cmp.Diff([]string{"6.12", "7.3"}, m.Kernels); diff != "" {
		t.Error(diff)
	}
	got := m.At("libbpf@1.1", "6.12", "mapdefs")
	if diff := cmp.Diff(Count{Planned: 3, Kinds: map[Kind]int{Pass: 1, Fail: 1}, Advisory: 1},
		got); diff != "" {
		t.Error(diff)
	}
	if got.Of(Missing) != 1 || f.Count().Of(Missing) != 1 || f.Owed() != 1 {
		t.Errorf("missing: %d in the matrix, %d in all, %d owed", got.Of(Missing),
			f.Count().Of(Missing), f.Owed())
	}
	if c := m.At("libbpf@1.1", "7.3", "mapdefs"); c.Planned != 0 || c.Of(Missing) != 0 {
		t.Errorf("where nothing was planned: %+v", c)
	}
}

func TestAgainCanBePasted(t *testing.T) {
	tests := []struct {
		cell Cell
		more []string
		want string
	}{
		{cell, nil, "loadstone run --kernel 6.12 --loader libbpf@1.1 --spec mapdefs.a/b"},
		{cell, []string{"7.3"}, "loadstone run --kernel 6.12 --kernel 7.3 --loader libbpf@1.1 --spec mapdefs.a/b"},
		{Cell{Loader: "reference", Kernel: "my kernel/bzImage"}, nil, "loadstone run --kernel 'my kernel/bzImage' --loader reference --spec mapdefs.a/b"},
		{Cell{Loader: "it's", Kernel: "$(reboot)"}, nil, `loadstone run --kernel '$(reboot)' --loader 'it'\''s' --spec mapdefs.a/b`},
		{Cell{Loader: "é", Kernel: ""}, nil, `loadstone run --kernel '' --loader 'é' --spec mapdefs.a/b`},
	}
	for _, tt := range tests {
		if got := Again(tt.cell, "mapdefs.a/b", tt.more...); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// run of the given verdicts: "libbpf@1.1 6.12 spec kind".
func fileOf(t *testing.T, lines ...string) *File {
	t.Helper()
	f := &File{End: &End{Complete: true}}
	for _, line := range lines {
		var loader, kernel, spec, kind string
		if _, err := fmt.Sscan(line, &loader, &kernel, &spec, &kind); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		v := Verdict{Spec: spec, Kind: Kind(kind), Cell: Cell{Kernel: kernel}}
		fmt.Sscanf(loader, "%6s@%s", &v.Loader, &v.LoaderVersion)
		if kind == "splat" {
			v.Kind, v.Splats = Fail, []Splat{{Text: "WARNING"}}
		}
		f.Verdicts = append(f.Verdicts, v)
	}
	return f
}

func TestChanges(t *testing.T) {
	const absent = "absent"
	for _, tt := range []struct {
		was, is string
		want    ChangeKind
	}{
		{"pass", "pass", ""}, {"fail", "fail", ""}, {"skip", "skip", ""}, {"crash", "crash", ""},
		{"pass", "fail", Regressed}, {"pass", "crash", Regressed}, {"pass", "flaky", Regressed},
		{"pass", "splat", Regressed}, {"fail", "splat", Regressed}, {"splat", "crash", Regressed},
		{"fail", "crash", Regressed}, {"refused", "fail", Regressed}, {"xfail", "crash", Regressed},
		{"pass", "refused", Lost}, {"pass", "skip", Lost}, {"pass", "broken", Lost},
		{"pass", "missing", Lost}, {"pass", absent, Lost}, {"fail", "skip", Lost},
		{"fail", absent, Lost}, {"refused", "skip", Lost}, {"refused", absent, Lost},
		{"skip", "fail", NewFail}, {absent, "fail", NewFail}, {"missing", "crash", Regressed}, {"skip", "splat", Regressed},
		{"fail", "pass", Fixed}, {"crash", "fail", Fixed}, {"fail", "refused", Fixed},
		{"splat", "fail", Fixed}, {"xfail", "pass", Fixed}, {"xfail", "xpass", Fixed},
		{"skip", "pass", Gained}, {absent, "pass", Gained}, {"broken", "refused", Other},
		{"fail", "xfail", Other}, {"pass", "xpass", Other}, {"skip", "missing", Other},
		{"refused", "pass", Gained},
		{"skip", absent, ""}, {absent, "skip", ""},
	} {
		t.Run(tt.was+" to "+tt.is, func(t *testing.T) {
			side := func(kind string) *File {
				lines := []string{"libbpf@1.1 6.12 other pass"}
				if kind != absent {
					lines = append(lines, "libbpf@1.1 6.12 s "+kind)
				}
				return fileOf(t, lines...)
			}
			c, err := Compare(side(tt.was), side(tt.is), nil)
			if err != nil {
				t.Fatal(err)
			}
			var got ChangeKind
			if len(c.Changes) > 0 {
				got = c.Changes[0].Kind
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if worse := tt.want == Regressed || tt.want == Lost; c.Worse() != worse {
				t.Errorf("worse: %t", c.Worse())
			}
		})
	}
}

// What both runs have one of need not be called the same.
func TestWhichCellsAreCompared(t *testing.T) {
	for _, tt := range []struct {
		name    string
		old, is []string
		want    map[ChangeKind]int
		err     error
	}{
		{"another version", []string{"libbpf@1.1 6.12 s pass"}, []string{"libbpf@1.7 6.12 s fail"}, map[ChangeKind]int{Regressed: 1}, nil},
		{"another kernel", []string{"libbpf@1.1 6.12 s pass"}, []string{"libbpf@1.1 ./bz s fail"}, map[ChangeKind]int{Regressed: 1}, nil},
		{"another loader", []string{"libbpf@1.1 6.12 s pass"}, []string{"cilium@0.2 6.12 s fail"}, map[ChangeKind]int{Regressed: 1}, nil},
		{"a kernel more", []string{"libbpf@1.1 6.12 s pass"}, []string{"libbpf@1.1 6.12 s pass", "libbpf@1.1 7.3 s fail"}, map[ChangeKind]int{NewFail: 1}, nil},
		{"a kernel less", []string{"libbpf@1.1 6.12 s pass", "libbpf@1.1 7.3 s pass"}, []string{"libbpf@1.1 6.12 s pass"}, map[ChangeKind]int{Lost: 1}, nil},
		{
			"two versions, one new", []string{"libbpf@1.1 6.12 s pass", "libbpf@1.2 6.12 s pass"},
			[]string{"libbpf@1.1 6.12 s pass", "libbpf@1.3 6.12 s fail"}, map[ChangeKind]int{Lost: 1, NewFail: 1}, nil,
		},
		{"nothing in common", []string{"libbpf@1.1 6.12 s pass", "libbpf@1.1 6.1 s pass"}, []string{"cilium@0.2 7.3 s pass", "cilium@0.2 5.10 s pass"}, nil, ErrNothingToCompare},
		{"nothing at all", nil, []string{"libbpf@1.1 6.12 s pass"}, nil, ErrNothingToCompare},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Compare(fileOf(t, tt.old...), fileOf(t, tt.is...), nil)
			if !errors.Is(err, tt.err) {
				t.Fatalf("%v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			got := make(map[ChangeKind]int)
			for _, change := range c.Changes {
				got[change.Kind]++
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRenamedSpecsAreFoundAgain(t *testing.T) {
	now := func(id string) (string, string) {
		switch id {
		case "old":
			return "new", ""
		case "gone":
			return "", "it asked the same as new"
		}
		return id, ""
	}
	old := fileOf(t, "libbpf@1.1 6.12 old pass", "libbpf@1.1 6.12 gone pass")
	c, err := Compare(old, fileOf(t, "libbpf@1.1 6.12 new pass"), now)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Changes) > 0 || c.Same != 1 || len(c.Notes) != 1 {
		t.Errorf("%+v", c)
	}
	half := fileOf(t, "libbpf@1.1 6.12 new pass")
	half.End = nil
	if c, err = Compare(half, half, now); err != nil || len(c.Notes) != 2 {
		t.Errorf("incomplete runs: %+v, %v", c, err)
	}
}

func TestAgainNamesAKernelAsItWasAskedFor(t *testing.T) {
	c := Cell{Loader: "libbpf", Kernel: "mine", KernelGiven: "mine=./bzImage"}
	want := "loadstone run --kernel mine=./bzImage --loader libbpf --spec a.b"
	if got := Again(c, "a.b"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

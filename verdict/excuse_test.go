// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every way in which an entry and a run disagree fails the run, and says which line to change.
func TestEntriesAreEnforced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "known.yaml")
	fail := Verdict{
		Spec: one, Suite: "mapdefs", Cell: cell, Kind: Fail, Reason: "no", Level: Must,
		Expected: "rejected at open, class invalid", Seen: "ok; maps m", Profiles: []string{"btf-maps"},
	}
	with := func(change func(*Verdict)) Verdict {
		v := fail
		change(&v)
		return v
	}
	should := with(func(v *Verdict) { v.Level = Should })
	for _, tt := range []struct {
		name, file string
		verdict    Verdict
		all        bool
		kind       Kind
		says       string // "" for a clean run
	}{
		{"listed", "- {match: mapdefs.one, expect: fail, class: accepted, issue: I}", fail, false, XFail, ""},
		{"unlisted", "- {match: mapdefs.two, expect: fail, issue: I}", fail, false, Fail, "no"},
		{"listed pass", "\n- {match: mapdefs.one, expect: fail, issue: I}", with(func(v *Verdict) { v.Kind, v.Reason = Pass, "" }), false, XPass, "take the entry out: FILE:2, I"},
		{"another class", "- {match: mapdefs.one, expect: fail, class: died, issue: I}", fail, false, Fail, "(expected to fail, but as died, and this is accepted: FILE:1, I)"},
		{"a should of another class", "- {match: mapdefs.one, expect: fail, class: died, issue: I}", should, false, Fail, "FILE:1: mapdefs.one of " + cell.String() + " fails in another way"},
		{"a should as listed", "- {match: mapdefs.one, expect: fail, issue: I}", should, false, XFail, ""},
		{"listed skip", "- {match: mapdefs.one, expect: fail, issue: I}", with(func(v *Verdict) { v.Kind, v.Reason = Skip, "it lacks" }), false, Skip, "FILE:1: mapdefs.one of " + cell.String() + " is listed (fail), and was skipped (it lacks)"},
		{"nothing matched", "- {match: mapdefs.two, expect: fail, issue: I}", with(func(v *Verdict) { v.Kind, v.Reason = Pass, "" }), true, Pass, `FILE:1: "mapdefs.two" came up in no cell (any cell); take it out (I)`},
		{"left out", "- {match: mapdefs.two, expect: fail, issue: I}", with(func(v *Verdict) { v.Kind, v.Reason = Pass, "" }), false, Pass, ""},
		{"another feature", "- {match: mapdefs.one, when: {feature: numa}, expect: fail, issue: I}", with(func(v *Verdict) { v.Kind, v.Reason = Pass, "" }), false, Pass, `FILE:1: "mapdefs.one" came up in no cell (feature numa)`},
		{"the feature", "- {match: mapdefs.one, when: {feature: btf-maps}, expect: fail, issue: I}", fail, false, XFail, ""},
		{"another architecture", "- {match: mapdefs.one, when: {arch: s390x}, expect: fail, issue: I}", fail, false, Fail, "no"},
		{"behind another", "- {match: mapdefs.one, expect: fail, issue: I}\n- {match: mapdefs.o*, expect: fail, issue: J}", fail, false, XFail, `FILE:2: "mapdefs.o*" never counts: FILE:1 is before it`},
		{"not mended yet", "- {match: mapdefs.one, expect: fail, issue: I, fixed-in: {loader: '99'}}", fail, false, XFail, ""},
		{"mended, and fails", "- {match: mapdefs.one, expect: fail, issue: I, fixed-in: {loader: '1'}}", fail, false, Fail, "(expected to fail, but only before libbpf 1: FILE:1, I)"},
		{"mended, and passes", "- {match: mapdefs.one, expect: fail, issue: I, fixed-in: {loader: '1'}}", with(func(v *Verdict) { v.Kind, v.Reason = Pass, "" }), false, Pass, ""},
		{"mended in a kernel", "- {match: mapdefs.one, expect: fail, issue: I, fixed-in: {kernel: '5'}}", fail, false, Fail, "only before kernel 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(tt.file), 0o644); err != nil {
				t.Fatal(err)
			}
			e, err := ReadExpectations(dir)
			if err != nil {
				t.Fatal(err)
			}
			v := e.Apply(tt.verdict)
			said := e.Problems([]Verdict{v}, tt.all)
			if v.Kind != tt.kind || (v.Fails() || len(said) > 0) != (tt.says != "") {
				t.Errorf("%s, fails %v, problems %q", v.Kind, v.Fails(), said)
			}
			text := strings.ReplaceAll(v.Reason+"\n"+strings.Join(said, "\n"), path, "FILE")
			if !strings.Contains(text, tt.says) {
				t.Errorf("%q\nwant %q", text, tt.says)
			}
		})
	}
}

func TestSpecsThatAreNotRun(t *testing.T) {
	e := expectations(t, "- {match: mapdefs.one, when: {loader: libbpf}, expect: do-not-run, issue: I, owner: me}")
	v, not := e.NotRun(Expected{Spec: one, Suite: "mapdefs", Cell: cell})
	want := &Expectation{Expect: "do-not-run", Issue: "I", Owner: "me", Entry: "line 1"}
	if diff := cmp.Diff(want, v.Expectation); !not || diff != "" || v.Kind != Skip || v.Lacks() != "" {
		t.Errorf("%v, %s (%s), lacks %q: %s", not, v.Kind, v.Reason, v.Lacks(), diff)
	}
	if said := e.Problems([]Verdict{v}, true); said != nil {
		t.Errorf("a listed skip: %q", said)
	}
	f := &File{Verdicts: []Verdict{v}}
	if diff := cmp.Diff([]Untried{{NotRun, 1}}, f.Untried()); diff != "" {
		t.Error(diff)
	}
	if _, not := e.NotRun(Expected{Spec: one, Cell: Cell{Loader: "cilium", Kernel: "6.12"}}); not {
		t.Error("another loader's spec is not run")
	}
}

func TestAFolderOfExpectations(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadExpectations(dir); err == nil {
		t.Error("a folder without a file is read")
	}
	for name, text := range map[string]string{
		"a.yaml": "- {match: mapdefs.gone, expect: fail, issue: I}", "b.yaml": "- {match: mapdefs.one, expect: fail, issue: J, until: 2020-01-01}",
		"note.txt": "no",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	e, err := ReadExpectations(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = e.Check([]string{one}, time.Now())
	for _, want := range []string{dir + "/a.yaml:1: \"mapdefs.gone\" matches no spec", dir + "/b.yaml:1: \"mapdefs.one\" expired"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestClasses(t *testing.T) {
	for _, tt := range []struct {
		expected, seen string
		want           Class
	}{
		{"rejected at load/pin, class invalid", "ok; maps m", ClassAccepted},
		{"with strict: rejected at open, class malformed", "ok", ClassAccepted},
		{"ok: programs loads", "rejected at open, class not-supported, errno 95", ClassRejected},
		{"rejected at open, class malformed", "rejected at load, class verifier", ClassOther},
		{"ok: maps m", "unsupported: pin", ClassUnsupported},
		{"an answer to load", "the loader died: signal: segmentation fault", ClassDied},
		{"nothing in the kernel that was not there before", "map 4 m", ClassLeftOver},
		{"m on NUMA node 1", "m on no NUMA node in particular", ClassWrong},
	} {
		if got := (Verdict{Kind: Fail, Expected: tt.expected, Seen: tt.seen}).Class(); got != tt.want {
			t.Errorf("%q, seen %q: %s, want %s", tt.expected, tt.seen, got, tt.want)
		}
	}
	if got := (Verdict{Kind: Fail, Splats: []Splat{{}}}).Class(); got != ClassSplat {
		t.Errorf("with a splat: %s", got)
	}
	if got := (Verdict{Kind: Pass}).Class(); got != "" {
		t.Errorf("a pass: %s", got)
	}
}

// What an expectation makes of a verdict does not hide how the spec ended.
func TestUnexcusedIsHowTheSpecEnded(t *testing.T) {
	dir := t.TempDir()
	for _, expect := range []string{"fail", "flaky", "crash"} {
		path := filepath.Join(dir, "known.yaml")
		if err := os.WriteFile(path, []byte("- {match: mapdefs.one, expect: "+expect+", issue: I}"), 0o644); err != nil {
			t.Fatal(err)
		}
		e, err := ReadExpectations(dir)
		if err != nil {
			t.Fatal(err)
		}
		changed := 0
		for _, kind := range Kinds {
			if slices.Contains([]Kind{XFail, XPass, Flaky}, kind) {
				continue
			}
			v := Verdict{Spec: one, Suite: "mapdefs", Cell: cell, Kind: kind, Reason: "map 1 is on node 0", Level: Must}
			if kind == Pass {
				v.Reason = ""
			}
			excused := e.Apply(v)
			if excused.Kind != kind {
				changed++
			}
			if got := excused.Unexcused(); got != kind {
				t.Errorf("%s, expected to %s, is %s, and without that %s", kind, expect, excused.Kind, got)
			}
		}
		if changed < 2 {
			t.Errorf("expected to %s: %d verdicts are changed", expect, changed)
		}
	}
}

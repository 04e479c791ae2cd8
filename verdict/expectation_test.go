// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func expectations(t *testing.T, text string) *Expectations {
	t.Helper()
	e, err := ParseExpectations([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestExpectationsApply(t *testing.T) {
	const (
		fail     = "- {match: mapdefs.*, expect: fail, issue: I}"
		reason   = "- {match: mapdefs.*, expect: fail, issue: I, reason: 'class not-supported'}"
		splat    = "- {match: mapdefs.*, expect: fail, issue: I, reason: 'kernel splat: WARNING'}"
		flaky    = "- {match: mapdefs.*, expect: flaky, issue: I}"
		crash    = "- {match: mapdefs.*, expect: crash, issue: I}"
		onOld    = "- {match: mapdefs.*, when: {kernel: '<6.1'}, expect: fail, issue: I}"
		onNew    = "- {match: mapdefs.*, when: {kernel: '>=6.1'}, expect: fail, issue: I}"
		libbpf   = "- {match: mapdefs.*, when: {loader: libbpf}, expect: fail, issue: I}"
		libbpf11 = "- {match: mapdefs.*, when: {loader: libbpf@1.1}, expect: fail, issue: I}"
		libbpf2  = "- {match: mapdefs.*, when: {loader: 'libbpf@>=2'}, expect: fail, issue: I}"
		cilium   = "- {match: mapdefs.*, when: {loader: cilium}, expect: fail, issue: I}"
		narrow   = "- {match: 'mapdefs.o?e', expect: fail, issue: I}"
		other    = "- {match: mapdefs.one.*, expect: fail, issue: I}"
		first    = flaky + "\n" + fail
	)
	warning := []Splat{{ID: "warning", Means: SplatOnly, Text: "WARNING: x"}}
	tests := []struct {
		name, file string
		kind       Kind
		seen       string
		splats     []Splat
		want       Kind
		reason     string
	}{
		{"fails as expected", fail, Fail, "no", nil, XFail, "no"},
		{"passes against expectation", fail, Pass, "", nil, XPass, `expected to fail, and it is "pass"`},
		{"refused where a failure was expected", fail, Refused, "no", nil, XPass, `and it is "refused"`},
		{"skipped", fail, Skip, "no", nil, Skip, "no"},
		{"broken", fail, Broken, "no", nil, Broken, "no"},
		{"missing", fail, Missing, "no", nil, Missing, "no"},
		{"crashes where a failure was expected", fail, Crash, "no", nil, Crash, "no"},
		{"fails for the expected reason", reason, Fail, "rejected, class not-supported", nil, XFail, ""},
		{"fails for another reason", reason, Fail, "ok", nil, Fail, "(expected to fail, but otherwise: line 1, I)"},
		{"fails with a splat too", fail, Fail, "no", warning, Fail, "(expected to fail, but not with a kernel splat: line 1, I)"},
		{"fails with a splat that was expected", splat, Fail, "kernel splat: WARNING: x", warning, XFail, ""},
		{"fails with another splat as well", splat, Fail, "kernel splat: WARNING: x", append(warning, Splat{ID: "bug", Text: "BUG: y"}), Fail, "not with a kernel splat"},
		{"fails with the taint of that splat", splat, Fail, "kernel splat: WARNING: x", append(warning, Splat{ID: "taint", Text: "tainted"}), XFail, ""},
		{"flaky passes", flaky, Pass, "", nil, Flaky, "passed this time"},
		{"flaky fails", flaky, Fail, "no", nil, Flaky, "failed this time: no"},
		{"flaky refuses", flaky, Refused, "no", nil, Refused, "no"},
		{"flaky crashes", flaky, Crash, "no", nil, Crash, "no"},
		{"flaky fails with a splat", flaky, Fail, "no", warning, Fail, "not with a kernel splat"},
		{"crashes as expected", crash, Crash, "no", nil, XFail, "no"},
		{"passes where a crash was expected", crash, Pass, "", nil, XPass, "expected to crash"},
		{"fails where a crash was expected", crash, Fail, "no", nil, Fail, "no"},
		{"another kernel", onOld, Fail, "no", nil, Fail, "no"},
		{"this kernel", onNew, Fail, "no", nil, XFail, "no"},
		{"this loader", libbpf, Fail, "no", nil, XFail, "no"},
		{"this version", libbpf11, Fail, "no", nil, XFail, "no"},
		{"another version", libbpf2, Fail, "no", nil, Fail, "no"},
		{"another loader", cilium, Fail, "no", nil, Fail, "no"},
		{"one character", narrow, Fail, "no", nil, XFail, "no"},
		{"dots are dots", other, Fail, "no", nil, Fail, "no"},
		{"the first entry counts", first, Fail, "no", nil, Flaky, "failed this time: no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Verdict{
				Spec: one, Suite: "mapdefs", Cell: cell, Kind: tt.kind, Reason: tt.seen,
				Seen: tt.seen, Splats: tt.splats,
			}
			got := expectations(t, tt.file).Apply(v)
			if got.Kind != tt.want || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("got %s (%s), want %s (%s)", got.Kind, got.Reason, tt.want, tt.reason)
			}
			marked := got.Kind == XFail || got.Kind == XPass || got.Kind == Flaky
			if (got.Expectation != nil) != marked {
				t.Errorf("%s with expectation %+v", got.Kind, got.Expectation)
			}
		})
	}
}

// A spec that fails as expected says so in what was seen, also where the kernel complained: that is
// another failure, and of the kernel.
func TestAnExpectedFailureDoesNotExcuseASplat(t *testing.T) {
	e := expectations(t, "- {match: mapdefs.one, expect: fail, issue: I, reason: 'not-supported'}")
	v := Verdict{Spec: one, Cell: cell, Kind: Fail, Reason: "class not-supported", Seen: "class not-supported"}
	if got := e.Apply(v); got.Kind != XFail {
		t.Errorf("alone: %s (%s), want %s", got.Kind, got.Reason, XFail)
	}
	v.Reason = "kernel splat: WARNING: x"
	v.Splats = []Splat{{ID: "warning", Means: SplatOnly, Text: "WARNING: x"}}
	if got := e.Apply(v); got.Kind != Fail || !got.Fails() {
		t.Errorf("with a splat: %s (%s), want %s", got.Kind, got.Reason, Fail)
	}
}

func TestNoExpectationsChangeNothing(t *testing.T) {
	v := Verdict{Spec: one, Cell: cell, Kind: Fail, Reason: "no"}
	var none *Expectations
	if diff := cmp.Diff(v, none.Apply(v)); diff != "" {
		t.Error(diff)
	}
	if err := none.Check(nil, time.Now()); err != nil {
		t.Error(err)
	}
	if got := none.Problems([]Verdict{v}, true); got != nil {
		t.Error(got)
	}
}

func TestXFailTellsItsEntry(t *testing.T) {
	e := expectations(t,
		"- {match: mapdefs.one, expect: fail, issue: https://example.org/7, owner: net-team, until: 2027-03-31}")
	got := e.Apply(Verdict{Spec: one, Cell: cell, Kind: Fail, Reason: "no"})
	want := &Expectation{
		Expect: "fail", Issue: "https://example.org/7", Owner: "net-team", Until: "2027-03-31",
		Entry: "line 1",
	}
	if diff := cmp.Diff(want, got.Expectation); diff != "" {
		t.Error(diff)
	}
}

func TestExpectationsFileIsReadStrictly(t *testing.T) {
	tests := []struct{ name, file, complaint string }{
		{"not a list", "match: x", "cannot unmarshal"},
		{"not YAML", "- [", "yaml"},
		{"empty file", "", "the file is empty"},
		{"empty entry", "-\n", "line 1: an empty entry"},
		{"unknown key", "- {match: a, expect: fail, issue: I, because: no}", "because"},
		{"unknown condition", "- {match: a, when: {moon: full}, expect: fail, issue: I}", "moon"},
		{"no match", "- {expect: fail, issue: I}", "line 1: match is needed"},
		{"no issue", "- {match: a, expect: fail}", "line 1: issue is needed"},
		{"blank issue", "- {match: a, expect: fail, issue: ' '}", "issue is needed"},
		{"no expectation", "- {match: a, issue: I}", `expect is ""`},
		{"unknown expectation", "- {match: a, issue: I, expect: skip}", `expect is "skip"`},
		{"bad kernel", "- {match: a, issue: I, expect: fail, when: {kernel: new}}", "no range of versions"},
		{"bad loader version", "- {match: a, issue: I, expect: fail, when: {loader: 'libbpf@<new'}}", "no range of versions"},
		{"loader without a name", "- {match: a, issue: I, expect: fail, when: {loader: '@1'}}", `loader "@1"`},
		{"loader without its version", "- {match: a, issue: I, expect: fail, when: {loader: 'libbpf@'}}", `loader "libbpf@"`},
		{"bad reason", "- {match: a, issue: I, expect: fail, reason: '('}", "missing closing )"},
		{"reason for everything", "- {match: a, issue: I, expect: fail, reason: '.*'}", "matches every failure"},
		{"unknown class", "- {match: a, issue: I, expect: fail, class: bad}", `class is "bad"; there are accepted, rejected`},
		{"class of what is not run", "- {match: a, issue: I, expect: do-not-run, class: wrong}", "does not go with do-not-run"},
		{"bad fixed-in", "- {match: a, issue: I, expect: fail, fixed-in: {loader: new}}", `"new" is no version`},
		{"fixed in two", "- {match: a, issue: I, expect: fail, fixed-in: {loader: '1', kernel: '6'}}", "not both"},
		{"bad day", "- {match: a, issue: I, expect: fail, until: soon}", "no day"},
		{"two documents", "- {match: a, issue: I, expect: fail}\n---\n- {match: b, issue: I, expect: fail}", "more than one document"},
		{"second entry", "- {match: a, expect: fail, issue: I}\n- {match: b, expect: fail}", "line 2: issue is needed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseExpectations([]byte(tt.file))
			var wrong *ExpectationError
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.complaint) ||
				wrong.ExitCode() != 2 {
				t.Errorf("got %v, want a complaint about %q", err, tt.complaint)
			}
		})
	}
}

func TestExpectationsFileThatIsNotThere(t *testing.T) {
	_, err := ReadExpectations(filepath.Join(t.TempDir(), "none.yaml"))
	var wrong *ExpectationError
	if !errors.As(err, &wrong) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestErrorsNameTheExpectationsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known.yaml")
	if err := os.WriteFile(path, []byte("- {match: a, expect: fail}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadExpectations(path); err == nil ||
		!strings.Contains(err.Error(), "known.yaml:1: issue") {
		t.Errorf("got %v", err)
	}
}

func TestExpectationsAreHeldAgainstTheCatalogue(t *testing.T) {
	var catalogue []string
	for i := range 21 {
		catalogue = append(catalogue, fmt.Sprintf("mapdefs.many.%d", i))
	}
	catalogue = append(catalogue, one)
	now := time.Date(2027, 4, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct{ name, file, complaint string }{
		{"fits", "- {match: mapdefs.one, expect: fail, issue: I, until: 2027-04-01}", ""},
		{"matches no spec", "- {match: mapdefs.gone, expect: fail, issue: I}", `"mapdefs.gone" matches no spec`},
		{"too wide", "- {match: mapdefs.many.*, expect: fail, issue: I}", `matches 21 specs, at most 20`},
		{"wide enough", "- {match: mapdefs.many.1*, expect: fail, issue: I}", ""},
		{"expired", "- {match: mapdefs.one, expect: fail, issue: I, owner: net-team, until: 2027-03-30}", "expired on 2027-03-30 (owner net-team, I)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := expectations(t, tt.file).Check(catalogue, now)
			if (err == nil) != (tt.complaint == "") || err != nil &&
				!strings.Contains(err.Error(), tt.complaint) {
				t.Errorf("got %v, want %q", err, tt.complaint)
			}
		})
	}
}

func FuzzExpectations(f *testing.F) {
	f.Add("- {match: mapdefs.*, when: {loader: 'libbpf@<1', kernel: '>=5'}, expect: fail, issue: I, until: 2027-03-31, reason: a}")
	f.Fuzz(func(t *testing.T, file string) {
		if e, err := ParseExpectations([]byte(file)); err == nil {
			e.Apply(Verdict{Spec: one, Cell: cell, Kind: Fail, Reason: "no"})
		}
	})
}

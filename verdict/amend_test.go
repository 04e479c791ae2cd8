// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// askedRun returns a run of libbpf 1.1 and 1.7 on 5.10 and 6.12, with what failed where.
func askedRun(specs []string, failed map[string]Class) *File {
	f := &File{End: &End{Complete: true}}
	for _, version := range []string{"1.1", "1.7"} {
		for _, kernel := range []string{"5.10", "6.12"} {
			for _, spec := range specs {
				v := Verdict{
					Spec: spec, Suite: "mapdefs", Level: Must, Kind: Pass,
					Cell: Cell{Loader: "libbpf", LoaderVersion: version, Kernel: kernel, KernelRelease: kernel + ".1"},
				}
				for _, where := range []string{spec, spec + " " + version, spec + " " + version + " " + kernel} {
					switch failed[where] {
					case ClassAccepted:
						v.Kind, v.Reason, v.Expected, v.Seen = Fail, "ok", "rejected at open, class x", "ok; maps m"
					case ClassDied:
						v.Kind, v.Reason, v.Expected, v.Seen = Fail, "died", "ok", "the loader died: signal"
					}
				}
				f.Verdicts = append(f.Verdicts, v)
			}
		}
	}
	return f
}

func TestAmend(t *testing.T) {
	specs := []string{"m.all", "m.cell", "m.gone", "m.kept", "m.other", "m.version"}
	run := askedRun(specs, map[string]Class{
		"m.all": ClassAccepted, "m.version 1.1": ClassDied, "m.cell 1.7 5.10": ClassAccepted,
		"m.kept": ClassAccepted, "m.other": ClassDied,
	})
	const file = `# SPDX-License-Identifier: Apache-2.0
#
# Known failures.

# It is mended.
- match: m.gone
  when: {loader: libbpf}
  expect: fail
  issue: I

# A comment that stays.
- match: m.kept # and this
  when: {loader: libbpf}
  expect: fail
  issue: J

- match: m.other
  when: {loader: libbpf}
  expect: fail
  class: accepted
  issue: https://example.org/K

- {match: m.kept, when: {loader: cilium}, expect: fail, issue: L}
`
	const want = `# SPDX-License-Identifier: Apache-2.0
#
# Known failures.

# A comment that stays.
- match: m.kept # and this
  when: {loader: libbpf}
  expect: fail
  class: accepted
  issue: J

- match: m.other
  when: {loader: libbpf}
  expect: fail
  class: died
  issue: '' # another failure than that of https://example.org/K

- {match: m.kept, when: {loader: cilium}, expect: fail, issue: L}

- match: m.all
  when: {loader: libbpf}
  expect: fail
  class: accepted
  issue: '' # where is it reported?

- match: m.cell
  when: {loader: libbpf@1.7, kernel: "5.10"}
  expect: fail
  class: accepted
  issue: '' # where is it reported?

- match: m.version
  when: {loader: libbpf@1.1}
  expect: fail
  class: died
  issue: '' # where is it reported?
`
	a, err := Amend("known.yaml", []byte(file), []*File{run}, specs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(a.Text)); diff != "" {
		t.Error(diff)
	}
	if len(a.Changed) != 6 || len(a.Left) != 0 || !strings.Contains(a.Changed[0], "known.yaml:6: m.gone is taken out") {
		t.Errorf("changed %q, left %q", a.Changed, a.Left)
	}
	if _, err := ParseExpectations(a.Text); err == nil || !strings.Contains(err.Error(), "issue is needed") {
		t.Errorf("a file without reasons is read: %v", err)
	}

	// With the reasons written the file holds, and there is nothing more to change.
	written := strings.NewReplacer("'' # where is it reported?", "M", "'' # another failure than that of https://example.org/K", "N").Replace(string(a.Text))
	e := expectations(t, written)
	for _, v := range run.Verdicts {
		if v = e.Apply(v); v.Fails() {
			t.Errorf("%s of %s: %s (%s)", v.Spec, v.Cell, v.Kind, v.Reason)
		}
	}
	if said := e.Problems(run.Verdicts, false); said != nil {
		t.Errorf("%q", said)
	}
	again, err := Amend("known.yaml", []byte(written), []*File{run}, specs)
	if err != nil || string(again.Text) != written || len(again.Changed)+len(again.Left) > 0 {
		t.Errorf("%v, changed %q, left %q:\n%s", err, again.Changed, again.Left, cmp.Diff(written, string(again.Text)))
	}
}

func TestAmendRefusesWhatWasNotAsked(t *testing.T) {
	run := askedRun([]string{"m.one"}, nil)
	if _, err := Amend("x", nil, []*File{run}, []string{"m.one", "m.two"}); !errors.Is(err, ErrFiltered) || !strings.Contains(err.Error(), "m.two") {
		t.Errorf("a filtered run: %v", err)
	}
	run.End = nil
	if _, err := Amend("x", nil, []*File{run}, []string{"m.one"}); !errors.Is(err, ErrFiltered) {
		t.Errorf("a torn run: %v", err)
	}
}

func TestAmendLeavesToPeople(t *testing.T) {
	specs := []string{"m.one", "m.two"}
	met, torn := askedRun(specs, nil), askedRun(specs, map[string]Class{"m.one": ClassDied})
	a, err := Amend("known.yaml", nil, []*File{met, torn}, specs)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(a.Text), "expect: flaky") != 4 {
		t.Errorf("what fails in one of two runs: %s", a.Text)
	}
	a, err = Amend("known.yaml", []byte("- {match: m.*, expect: fail, issue: I}\n"), []*File{torn}, specs)
	if err != nil || len(a.Left) != 1 || !strings.Contains(a.Left[0], "known.yaml:1: m.* fails in libbpf@1.1 on 5.10, and is met in") {
		t.Errorf("%v, left %q", err, a.Left)
	}
	a, err = Amend("known.yaml", []byte("- {match: m.one, expect: fail, issue: I}\n"), []*File{met}, specs)
	if err != nil || string(a.Text) != "[]\n" {
		t.Errorf("%v: a file of nothing is %q", err, a.Text)
	}
	if e := expectations(t, string(a.Text)); len(e.entries) != 0 {
		t.Error("it is not read")
	}
}

// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestComparedSaysWhatIsWorseFirst(t *testing.T) {
	v := func(spec, kernel string, kind verdict.Kind, reason string) verdict.Verdict {
		return verdict.Verdict{
			Spec: spec, Kind: kind, Reason: reason,
			Cell: verdict.Cell{Loader: "libbpf", LoaderVersion: "1.7", Kernel: kernel},
		}
	}
	old := &verdict.File{End: &verdict.End{Complete: true}, Verdicts: []verdict.Verdict{
		v("a.fixed", "5.10", verdict.Fail, "map 1"), v("a.worse", "5.10", verdict.Pass, ""),
		v("a.worse", "6.12", verdict.Pass, ""), v("a.gone", "6.12", verdict.Pass, ""),
		v("b.gone", "6.12", verdict.Pass, ""), v("a.same", "6.12", verdict.Pass, ""),
	}}
	is := &verdict.File{End: &verdict.End{Complete: true}, Verdicts: []verdict.Verdict{
		v("a.fixed", "5.10", verdict.Pass, ""), v("a.worse", "5.10", verdict.Fail, "map \x1b[2J2"),
		v("a.worse", "6.12", verdict.Fail, "map \x1b[2J2"), v("a.same", "6.12", verdict.Pass, ""),
	}}
	c, err := verdict.Compare(old, is, nil)
	if err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	if err := Compared(&screen, c, Screen{}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"screen": screen.String(), "markdown": string(ComparedMarkdown(c))} {
		at := 0
		for _, want := range []string{"a.worse", "a.gone", "a.fixed"} {
			next := strings.Index(text[at:], want)
			if next < 0 {
				t.Errorf("%s: no %q in its place in:\n%s", name, want, text)
				break
			}
			at += next
		}
		if strings.Contains(text, "\x1b") {
			t.Errorf("%s: a guest's control characters get through:\n%s", name, text)
		}
		if strings.Contains(text, "a.same") {
			t.Errorf("%s: it names what is as before", name)
		}
	}
	for _, want := range []string{
		"REGRESSION  libbpf@1.7 on 5.10, libbpf@1.7 on 6.12  a.worse",
		"LOST  libbpf@1.7 on 6.12  2 specs, a.gone among them",
		"again     loadstone run --kernel 5.10 --loader libbpf@1.7 --spec a.worse",
		"WORSE  2 regressions, 2 lost, 1 fixed, 1 as before",
	} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("no %q in:\n%s", want, screen.String())
		}
	}
	same, err := verdict.Compare(is, is, nil)
	if err != nil {
		t.Fatal(err)
	}
	screen.Reset()
	if err := Compared(&screen, same, Screen{}); err != nil || screen.String() != "NO WORSE  4 as before\n" {
		t.Errorf("%v, %q", err, screen.String())
	}
}

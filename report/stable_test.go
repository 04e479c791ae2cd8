// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestRepeatedSaysWhichRunsDiffer(t *testing.T) {
	cell := verdict.Cell{Loader: "libbpf", LoaderVersion: "1.7", Kernel: "6.12"}
	pass := &verdict.Verdict{Spec: "a.one", Kind: verdict.Pass, Cell: cell}
	fail := &verdict.Verdict{Spec: "a.one", Kind: verdict.Fail, Reason: "map \x1b[2J2", Cell: cell}
	s := &verdict.Stability{Runs: 4, Same: 7, Unstable: []verdict.Unstable{
		{Spec: "a.one", Cell: cell, Verdicts: []*verdict.Verdict{pass, fail, pass, nil}},
	}}
	var screen bytes.Buffer
	if err := Repeated(&screen, s, Screen{}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"screen": screen.String(), "markdown": string(RepeatedMarkdown(s))} {
		for _, want := range []string{
			"a.one", "1.7 on 6.12", "1 of 4", "map", "run 2)", "run 4)", "2 of 4", "run 1, 3)",
			"7 of 8 specs ended the same in each of 4 runs",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
		if strings.Contains(text, "\x1b") {
			t.Errorf("%s: an escape sequence of a loader's got through\n%s", name, text)
		}
		if strings.Contains(text, "2 of 4") && strings.Index(text, "2 of 4") < strings.Index(text, "1 of 4") {
			t.Errorf("%s: the rarest ending is not first\n%s", name, text)
		}
	}
	if !strings.Contains(screen.String(), "NOT STABLE") {
		t.Errorf("no outcome in\n%s", screen.String())
	}
}

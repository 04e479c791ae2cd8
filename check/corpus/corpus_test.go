// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/check"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestListNamesSources(t *testing.T) {
	sources, err := readSources("../corpus.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 15 {
		t.Errorf("%d sources, want at least 15", len(sources))
	}
}

func TestBadListsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"- {name: ../x, module: m, version: v1}":                                "small letters",
		"- {name: x, module: m}":                                                "module and version",
		"- {name: x, package: p}":                                               "suite and package",
		"- {name: x, suite: s, package: p, module: m, version: v}":              "suite and package",
		"- {name: x, modul: m}":                                                 "modul",
		"- {name: x, module: m, version: v}\n- {name: x, suite: s, package: p}": "named twice",
	} {
		file := filepath.Join(t.TempDir(), "corpus.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readSources(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// The page says how many load, why others do not, and each difference with its kernels.
func TestPageSaysWhereLoadersDiffer(t *testing.T) {
	one := &check.Object{Label: "one.o", Path: "objects/tools/one.o"}
	two := &check.Object{Label: "two.o", Path: "objects/tools/two.o"}
	answer := func(o *check.Object, kernel, loader string, kind verdict.Kind) check.Answer {
		v := verdict.Verdict{Kind: kind, Reason: "no_such *map*", Checked: new(record.Checked)}
		v.Kernel, v.Loader = kernel, loader
		if kind == verdict.Pass {
			return check.Answer{Object: o, Verdict: v}
		}
		return check.Answer{Object: o, Verdict: v, Cause: check.CauseMap, Why: v.Reason}
	}
	c := &corpus{sources: []source{{Name: "tools"}, {Name: "empty"}}}
	c.answers = check.Answers{Kernels: []string{"5.10", "7.3"}, Loaders: []string{"a", "b"}}
	for _, k := range c.answers.Kernels {
		c.answers.All = append(c.answers.All,
			answer(one, k, "a", verdict.Pass), answer(one, k, "b", verdict.Refused),
			answer(two, k, "a", verdict.Pass), answer(two, k, "b", verdict.Pass))
	}
	page := c.page()
	for _, want := range []string{
		"2 different objects of 1 sources",
		"| `tools` | 2 | 2, 1 | 2, 1 |",
		"| all | 2 | 2, 1 | 2, 1 |",
		"| map | the kernel has the type of a map, and refuses the map | 0 | 2 |",
		"- `one`\n  - 5.10, 7.3: it is loaded by a, and not by b (map); b: no\\_such \\*map\\*\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "`two`") || strings.Contains(page, "empty") {
		t.Errorf("what does not differ, or has no objects, is in\n%s", page)
	}
}

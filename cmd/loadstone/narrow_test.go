// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/check"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// answered returns a narrowing of answers "kernel outcome": loads, not, ? for what cannot be told.
func answered(lines ...string) *narrowing {
	n := &narrowing{
		series: []string{"5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "7.3"}, objects: make([]check.Object, 1),
		answers: check.Answers{Loaders: []string{"libbpf@1.7"}},
	}
	for _, line := range lines {
		kernel, how, _ := strings.Cut(line, " ")
		a := check.Answer{Object: &n.objects[0], Verdict: verdict.Verdict{
			Kind: verdict.Pass, Cell: verdict.Cell{Loader: "libbpf", LoaderVersion: "1.7", Kernel: kernel},
		}}
		switch how {
		case "not":
			a.Cause, a.Verdict.Kind = check.CauseUnknown, verdict.Refused
		case "?":
			a.Cause, a.Verdict.Kind = check.CauseUnknown, verdict.Broken
		}
		n.answers.All = append(n.answers.All, a)
		n.answers.Kernels = append(n.answers.Kernels, kernel)
	}
	return n
}

func TestGapsLieWhereNeighborsEndOtherwise(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answers []string
		want    []string
	}{
		{"loads later", []string{"5.10 not", "6.1 not", "6.12 not", "6.18 loads", "7.3 loads"}, []string{"6.12 6.18"}},
		{"no longer loads", []string{"6.12 loads", "6.18 not"}, []string{"6.12 6.18"}},
		{"twice", []string{"5.10 not", "6.12 loads", "6.18 not"}, []string{"5.10 6.12", "6.12 6.18"}},
		{"nothing between", []string{"6.1 not", "6.12 loads"}, nil},
		{"alike", []string{"5.10 not", "7.3 not"}, nil},
		{"not told between", []string{"6.1 not", "6.12 ?", "6.16 loads"}, []string{"6.1 6.16"}},
		{"a kernel by its path", []string{"mine not", "6.12 loads"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, g := range answered(tt.answers...).gaps() {
				got = append(got, g.from+" "+g.to)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKernelsBetweenStandInTheirPlace(t *testing.T) {
	n := answered("6.12 not", "6.18 loads")
	for _, kernel := range []string{"6.17", "6.16", "7.3", "5.10"} {
		n.insert(kernel)
	}
	if want := []string{"5.10", "6.12", "6.16", "6.17", "6.18", "7.3"}; !slices.Equal(n.answers.Kernels, want) {
		t.Errorf("%v, want %v", n.answers.Kernels, want)
	}
	one := verdict.Run{Planned: 2, Kernels: []verdict.Kernel{{Name: "6.12"}}}
	other := verdict.Run{Planned: 3, Kernels: []verdict.Kernel{{Name: "6.16"}}, Plan: []verdict.Part{{Specs: 3}}}
	both := with(one, []verdict.Run{other})
	if both.Planned != 5 || len(both.Kernels) != 2 || len(both.Plan) != 1 || len(one.Kernels) != 1 {
		t.Errorf("%+v", both)
	}
}

// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega/types"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

var update = flag.Bool("update", false, "write testdata anew")

func attempt(reply loader.Reply) *Attempt { return &Attempt{Reply: reply, object: "object"} }

func TestWhatExpectationsSay(t *testing.T) {
	ok := &loader.OK{
		Maps:     []loader.MapView{{Name: "m", ID: 4}, {Name: "n"}},
		Programs: []loader.ProgramView{{Name: "p", ID: 5}},
	}
	rejected := &loader.Rejected{
		Stage: AtOpen, Class: UnknownMapField, Errno: 95,
		Message: "libbpf: map 'm': unknown field 'colour'.\n",
	}
	array := oracle.MapFacts{
		Name: "m", Type: "array", KeySize: 4, ValueSize: 8, MaxEntries: 1, Key: "int /*4*/",
	}
	hash := oracle.MapFacts{Name: "m", Type: "hash", KeySize: 4, ValueSize: 4, MaxEntries: 1}
	left := &holdNothingBeyond{left: []oracle.Object{
		{Kind: oracle.KindMap, ID: 41, Name: "m", Type: "hash"}, {Kind: oracle.KindProgram, ID: 7, Name: "p", Type: "xdp"},
		{Kind: oracle.KindBTF, ID: 9}, {Kind: oracle.KindPin, Name: "folder/pin"},
	}}
	var b strings.Builder
	for _, tc := range []struct {
		name    string
		matcher types.GomegaMatcher
		actual  any
	}{
		{"BeOK", BeOK(), attempt(rejected)},
		{"BeRejected", BeRejected(AtOpen, UnknownMapField), attempt(ok)},
		{"BeRejected, another class", BeRejected(AtLoad, BadMapDef, Verifier, IO), attempt(rejected)},
		{"BeRejected, any", BeRejected(AtAnyStage), attempt(&loader.Unsupported{Feature: loader.NUMA})},
		{"BeRejected, a long message", BeRejected(AtOpen), attempt(&loader.Rejected{Stage: AtLoad, Class: Verifier, Message: strings.Repeat("long ", 200)})},
		{"HoldNothingBeyond", left, nil},
		{"BeTheSameMapAs", BeTheSameMapAs(hash), array},
	} {
		fmt.Fprintf(&b, "-- %s --\n%s\n-- not %s --\n%s\n", tc.name,
			strings.TrimSpace(tc.matcher.FailureMessage(tc.actual)), tc.name,
			strings.TrimSpace(tc.matcher.NegatedFailureMessage(tc.actual)))
		if expected, seen := phrase.ReadFailure(tc.matcher.FailureMessage(tc.actual)); expected == "" || len(seen) > phrase.LineLen {
			t.Errorf("%s: a failure is not told in two lines", tc.name)
		}
	}
	golden(t, "testdata/expectations.golden", b.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update writes it anew):\n%s", name, diff)
	}
}

func TestExpectationsOfTheWrongThing(t *testing.T) {
	for want, matcher := range map[string]types.GomegaMatcher{
		"wants what s.Load or s.Open returned, not string":    BeOK(),
		"wants what s.Load or s.Open returned, not string ":   BeRejected(AtOpen),
		"HoldNothingBeyond wants s.Kernel(), not string":      HoldNothingBeyond(Kernel{}),
		"BeTheSameMapAs wants the facts of a map, not string": BeTheSameMapAs(oracle.MapFacts{}),
	} {
		if matched, err := matcher.Match("a string"); matched || err == nil ||
			err.Error() != strings.TrimSpace(want) {
			t.Errorf("%t, %v; want %s", matched, err, want)
		}
	}
}

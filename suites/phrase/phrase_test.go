// SPDX-License-Identifier: Apache-2.0

package phrase_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

func TestReadFailure(t *testing.T) {
	long := strings.Repeat("long ", 200)
	for _, tc := range []struct{ name, text, expected, seen string }{
		{"as it was written", phrase.Failure("ok", "rejected"), "ok", "rejected"},
		{"several lines in one", phrase.Failure("a\n b", "c\td"), "a b", "c d"},
		{"with a description", "bpf_elf_map\n" + phrase.Failure("the same map", "type array"), "bpf_elf_map: the same map", "type array"},
		{"with more behind it", phrase.Failure("the same map", "another") + "\n\nseen      not this", "the same map", "another"},
		{"of Gomega's own", "Expected\n    <int>: 1\nto equal\n    <int>: 2", "to equal 2", "1"},
		{"of Gomega's own, negated", "Expected\n    <string>: \nnot to be empty", "not to be empty", `""`},
		{"of Gomega's own, described", "maps\nof two\nExpected\n    <[]int>: [1]\nto contain element matching\n    <int>: 2", "maps of two: to contain element matching 2", "[1]"},
		{"of Gomega's own, late", "Timed out after 1.001s.\nExpected\n    <int>: 1\nto equal\n    <int>: 2", "Timed out after 1.001s.: to equal 2", "1"},
		{"of no form", "Unexpected error:\n    oh\noccurred", "", "Unexpected error: oh occurred"},
		{"a long one", phrase.Failure("ok", long), "ok", phrase.Line(long)},
	} {
		if expected, seen := phrase.ReadFailure(tc.text); expected != tc.expected ||
			seen != tc.seen {
			t.Errorf("%s: expected %q, seen %q; want %q, %q", tc.name, expected, seen, tc.expected,
				tc.seen)
		}
	}
}

func TestShortenKeepsBothEnds(t *testing.T) {
	whole := "begin" + strings.Repeat("ä", phrase.LineLen) + "end"
	short := phrase.Line(whole)
	if len(short) > phrase.LineLen || !utf8.ValidString(short) {
		t.Errorf("%d bytes, valid: %t", len(short), utf8.ValidString(short))
	}
	if !strings.HasPrefix(short, "begin") || !strings.HasSuffix(short, "end") || !strings.Contains(short, " … ") {
		t.Errorf("shortened to %q", short)
	}
}

func TestReadTimeout(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"Timed out after 5.001s.\nExpected\n    <int>: 1": 5001 * time.Millisecond,
		"Timed out after a while.\n":                      -1,
		"Expected\n    <int>: 1":                          -1,
		"Failed after 0.010s.\nExpected":                  -1, // a Consistently
	} {
		got, ok := phrase.ReadTimeout(text)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v, %t, want %v", text, got, ok, want)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"testing"

	"github.com/onsi/gomega/types"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
)

func TestWhatExpectationsSayOfPins(t *testing.T) {
	file := oracle.File{Inode: 7, Mode: 0o100600}
	ofMap := Pin{Path: "/p", Object: oracle.Object{Kind: oracle.KindMap, ID: 41}, File: file}
	replaced := ofMap
	replaced.File.Inode = 8
	none, folder := Pin{Path: "/p"}, Pin{Path: "/p", File: oracle.File{Inode: 9, Mode: 0o40700}}
	differs := &Attempt{Reply: &loader.Rejected{Stage: loader.AtPin, Class: loader.IncompatiblePin, Differs: []Difference{
		{Attribute: MaxEntries, Pinned: 4, Defined: 8}, {Attribute: KeySize, Pinned: 4, Defined: 2},
	}}}
	key, entries := Difference{Attribute: KeySize, Pinned: 4, Defined: 2}, Difference{
		Attribute: MaxEntries, Pinned: 4, Defined: 8,
	}
	for _, tc := range []struct {
		name    string
		actual  any
		matcher types.GomegaMatcher
		want    string // failure, "" for none
	}{
		{"the pin of a map", ofMap, BeThePinOfMap(41), ""},
		{"of another", ofMap, BeThePinOfMap(42), "expected  map 42 at /p\nseen      map 41 at /p"},
		{"of a map, not a program", ofMap, BeThePinOfProgram(41), "expected  program 41 at /p\nseen      map 41 at /p"},
		{"nothing", none, BeNoPin(), ""},
		{"nothing, not a map", none, BeThePinOfMap(41), "expected  map 41 at /p\nseen      nothing at /p"},
		{"a folder is something", folder, BeNoPin(), "expected  nothing at /p\nseen      a file that pins nothing at /p"},
		{"untouched", ofMap, BeUntouchedSince(ofMap), ""},
		{"made anew", replaced, BeUntouchedSince(ofMap),
			"expected  map 41 at /p, untouched: inode 7, mode 100600, owner 0:0\nseen      map 41 at /p: inode 8, mode 100600, owner 0:0"},
		{"gone", none, BeUntouchedSince(ofMap), "expected  map 41 at /p, untouched: inode 7, mode 100600, owner 0:0\nseen      nothing at /p: no file"},
		{"differences in any order", differs, NameTheDifferences(key, entries), ""},
		{"a difference that is not named", differs, NameTheDifferences(key), "expected  rejected, naming key_size (pinned 4, defined 2)\n" +
			"seen      max_entries (pinned 4, defined 8), key_size (pinned 4, defined 2); rejected at load/pin, class invalid/incompatible-pin"},
		{"no refusal", &Attempt{Reply: &loader.OK{}}, NameTheDifferences(key), "expected  rejected, naming key_size (pinned 4, defined 2)\nseen      ok"},
	} {
		matched, err := tc.matcher.Match(tc.actual)
		switch {
		case err != nil:
			t.Errorf("%s: %v", tc.name, err)
		case matched != (tc.want == ""):
			t.Errorf("%s: matches: %t", tc.name, matched)
		case !matched && tc.matcher.FailureMessage(tc.actual) != tc.want:
			t.Errorf("%s:\n%s\nwant\n%s", tc.name, tc.matcher.FailureMessage(tc.actual), tc.want)
		}
	}
	for _, matcher := range []types.GomegaMatcher{
		BeNoPin(), BeThePinOfMap(1), BeUntouchedSince(none), NameTheDifferences(key),
	} {
		if _, err := matcher.Match("a string"); err == nil {
			t.Errorf("%T takes a string", matcher)
		}
	}
}

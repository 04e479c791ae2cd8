// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryMistakeInACatalogueIsReported(t *testing.T) {
	for _, tc := range []struct {
		name string
		Catalogue
		want string // errors, a line each
	}{
		{"none", Catalogue{
			Specs: []string{"a.x", "b.x"},
			Renamed: []Rename{
				{From: "a.w", To: "a.v"}, {From: "a.v", To: "a.x"}, {From: "c.x", Removed: "the kernel forbids it"}, {From: "c.w", To: "c.x"},
			},
		}, ""},
		{"out of order", Catalogue{Specs: []string{"b.x", "a.x"}}, "spec a.x comes after b.x: ids are sorted, each once"},
		{"twice", Catalogue{Specs: []string{"a.x", "a.x"}}, "spec a.x comes after a.x: ids are sorted, each once"},
		{"neither", Catalogue{Renamed: []Rename{{From: "a.w"}}}, "renamed spec a.w: want one of to and removed"},
		{"both", Catalogue{
			Specs: []string{"a.x"}, Renamed: []Rename{{From: "a.w", To: "a.x", Removed: "why"}},
		}, "renamed spec a.w: want one of to and removed"},
		{"renamed twice", Catalogue{
			Specs: []string{"a.x"}, Renamed: []Rename{
				{From: "a.w", To: "a.x"}, {From: "a.w", Removed: "why"},
			},
		}, "renamed spec a.w is there twice"},
		{"still there", Catalogue{
			Specs: []string{"a.x"}, Renamed: []Rename{{From: "a.x", Removed: "why"}},
		}, "renamed spec a.x: there is a spec of that id"},
		{"to nothing", Catalogue{
			Specs: []string{"a.x"}, Renamed: []Rename{{From: "a.w", To: "a.y"}},
		}, "renamed spec a.w: no spec is named a.y"},
		{"in a circle", Catalogue{
			Renamed: []Rename{{From: "a.v", To: "a.w"}, {From: "a.w", To: "a.v"}},
		}, "renamed spec a.v leads back to a.v\nrenamed spec a.w leads back to a.w"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, err := tc.Text()
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if _, err := parse(text); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnknownFieldsOfTheFileAreRefused(t *testing.T) {
	if _, err := parse([]byte(`{"specs": [], "rename": []}`)); err == nil ||
		!strings.Contains(err.Error(), `"rename"`) {
		t.Errorf("error %v", err)
	}
}

func TestASpecDoesNotGoWithoutAWord(t *testing.T) {
	old := Catalogue{Specs: []string{"a.w", "a.x", "b.x"}}
	_, err := old.With([]string{"a.x", "a.z"})
	const gone = "spec %s is gone: add an entry to renamed that says what it is called now, or why it was removed"
	want := strings.ReplaceAll(gone, "%s", "a.w") + "\n" + strings.ReplaceAll(gone, "%s", "b.x")
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}

	old.Renamed = []Rename{{From: "a.w", To: "a.z"}, {From: "b.x", Removed: "said twice"}}
	got, err := old.With([]string{"a.x", "a.z"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Catalogue{Specs: []string{"a.x", "a.z"}, Renamed: old.Renamed}, got); diff != "" {
		t.Error(diff)
	}
}

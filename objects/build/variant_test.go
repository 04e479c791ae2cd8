// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// family holds a source with two variants of an array.
const family = license + `// An array,
// of any size.
//
// variants:
//   one: SIZE=[1] AFTER=;
//     // An array of one element.
//   two: SIZE=[1 + 1] // Of two.
#include "bpf.h"

int m SIZE SEC(".maps") AFTER
`

func TestVariantsOfASource(t *testing.T) {
	got, err := parseObjects("family", family)
	if err != nil {
		t.Fatal(err)
	}
	want := []object{
		{"one", "An array of one element.", []macro{{"SIZE", "[1]"}, {"AFTER", ";"}}},
		{"two", "Of two.", []macro{{"SIZE", "[1 + 1]"}, {"AFTER", ";"}}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(object{}, macro{})); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestVariantsAreBuiltAndCatalogued(t *testing.T) {
	dir := tree(t, family)
	if err := run(t.Context(), dir, changed, t.Output()); err != nil {
		t.Fatal(err)
	}
	got, err := generated(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"mapdefs/eb/one.o", "mapdefs/eb/two.o", "mapdefs/el/one.o", "mapdefs/el/two.o",
		"mapdefs_catalogue.go", sumName,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	text, err := os.ReadFile(filepath.Join(dir, "mapdefs_catalogue.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"One Object // An array of one element.\n", `One: embedded("mapdefs", "one", "one"),` + "\n",
		"Two Object // Of two.\n", `Two: embedded("mapdefs", "one", "two"),` + "\n",
	} {
		if !strings.Contains(string(text), line) {
			t.Errorf("the catalogue has no line %q:\n%s", line, text)
		}
	}
	if err := run(t.Context(), dir, compared, t.Output()); err != nil {
		t.Errorf("check after build: %v", err)
	}
}

func TestBadVariantIsRefused(t *testing.T) {
	const rows = "//   two: SIZE=[1 + 1] // Of two.\n"
	for _, tc := range []struct {
		fault, table, want string // the table in place of the row of two
	}{
		{"declared twice", rows + "//   one: SIZE=[3] // Of three.\n", "object mapdefs/one is declared in "},
		{"of the name of another source", "//   other: SIZE=[2] // Of two.\n", "object mapdefs/other is declared in "},
		{"without a sentence", "//   two: SIZE=[2]\n", "variant two has no sentence that says what it is"},
		{"with an empty sentence", "//   two: SIZE=[2] // \n", "variant two has no sentence that says what it is"},
		{"without a macro", "//   two: // Of two.\n", `variant two: "" does not begin with MACRO=`},
		{"with a macro in lower case", "//   two: size=2 // Of two.\n", `variant two: "size=2" does not begin with MACRO=`},
		{"with a macro of its own", "//   two: SIZES=[2] // Of two.\n", "variant two: sets SIZES, which the first variant does not"},
		{"with a macro twice", "//   two: SIZE=[2] SIZE=[3] // Of three.\n", "variant two sets SIZE twice"},
		{"without a name", "//   SIZE=[2] // Of two.\n", `variant "SIZE=[2] // Of two." does not begin with a name`},
		{"not indented", "// two: SIZE=[2] // Of two.\n", `line "// two: SIZE=[2] // Of two." among the variants is none`},
		{"before an empty line", rows + "//\n", `line "//" among the variants is none`},
		{"the same as another", "//   two: SIZE=[1] // Of one.\n", "mapdefs/one.bpf.c: mapdefs/e"},
		{"that changes what is not compiled", "//   two: AFTER=;;; // More.\n", "mapdefs/one.bpf.c: mapdefs/e"},
	} {
		t.Run(tc.fault, func(t *testing.T) {
			dir := tree(t, strings.Replace(family, rows, tc.table, 1))
			write(t, filepath.Join(dir, "mapdefs", "other.bpf.c"), text)
			err := run(t.Context(), dir, changed, t.Output())
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one that says %q", err, tc.want)
			}
			if present, err := generated(dir); err != nil || len(present) != 0 {
				t.Errorf("left %v, %v", present, err)
			}
		})
	}
}

func TestBadListOfVariantsIsRefused(t *testing.T) {
	for fault, tc := range map[string]struct{ source, want string }{
		"none in it":        {license + "// An array.\n//\n// variants:\nint m;\n", "has a list of variants without any"},
		"goes on with none": {license + "// An array.\n//\n// variants:\n//     SIZE=1 // One.\nint m;\n", "goes on with no variant"},
		"a macro that no line uses": {
			license + "// An array.\n//\n// variants:\n//   one: SIZE=1 // One.\nint SIZES;\n", "no line uses macro SIZE",
		},
		"no paragraph": {license + "// variants:\n//   one: SIZE=1 // One.\nint m[SIZE];\n", "has no comment that says what it is for"},
	} {
		if _, err := findSources(tree(t, tc.source)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error is %v, want one that says %q", fault, err, tc.want)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDependenciesOfABinaryPackage(t *testing.T) {
	for field, want := range map[string][][]relation{
		"":                     nil,
		", ":                   nil,
		"a":                    {{{name: "a"}}},
		"a:any (>= 1:2~rc1-3)": {{{"a", ">=", "1:2~rc1-3"}}},
		"a (<< 2), b|c (=1) ,": {{{"a", "<<", "2"}}, {{name: "b"}, {"c", "=", "1"}}},
	} {
		got, err := parseDependencies(field)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(relation{})); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", field, err, diff)
		}
	}
	for _, field := range []string{
		"a (>= 1", "a (~ 1)", "a (1)", "a (> 1)", "${shlibs:Depends}", "a [amd64]", "a <!nocheck>", "a b", "|",
	} {
		if got, err := parseDependencies(field); err == nil {
			t.Errorf("%q is %v", field, got)
		}
	}
}

func TestVersionThatIsNoneIsOld(t *testing.T) {
	for _, pair := range [][2]Version{{"", "0~~"}, {"a1", "0"}, {"1 2", "1"}, {"a", "b"}} {
		if pair[0].Compare(pair[1]) >= 0 || pair[1].Compare(pair[0]) <= 0 {
			t.Errorf("%q is not older than %q", pair[0], pair[1])
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCataloguePrintsEachRequirementOnce(t *testing.T) {
	spec := func(id, requirement, sentence string) listedSpec {
		return listedSpec{
			Spec: id, Requirement: requirement, Suite: "mapdefs", Level: "must", Sentence: sentence,
			Profiles: []string{"btf-maps", "numa"}, Needs: "kernel 5.8",
		}
	}
	var printed strings.Builder
	err := printCatalogue(&printed, []listedSpec{
		spec("mapdefs.same-map", "mapdefs.same-map", "It is the same."),
		spec("mapdefs.same-map-typed", "mapdefs.same-map-typed", "It has the same types."),
		spec("mapdefs.same-map/array", "mapdefs.same-map", "It is the same."),
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `mapdefs

  mapdefs.same-map  (must; btf-maps, numa)
      It is the same.
        needs kernel 5.8
      - mapdefs.same-map/array
        needs kernel 5.8

  mapdefs.same-map-typed  (must; btf-maps, numa)
      It has the same types.
        needs kernel 5.8

3 specs of 2 requirements
`
	if diff := cmp.Diff(want, printed.String()); diff != "" {
		t.Error(diff)
	}
}

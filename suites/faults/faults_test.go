// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"testing"

	"github.com/loadstone-bpf/loadstone/suites/runner"
)

func TestFaultsAreInNoCatalogue(t *testing.T) {
	entries, err := runner.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Suite == "faults" {
			t.Errorf("%s is in the catalogue", e.Spec)
		}
	}
}

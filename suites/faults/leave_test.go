// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"slices"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/oracle/hygiene"
)

// What no spec leaves could go unseen.
func TestEachKindIsLeftByASpec(t *testing.T) {
	for _, kind := range hygiene.Kinds {
		if !slices.ContainsFunc(Leaves, func(l Leaving) bool { return l.As == kind }) {
			t.Errorf("no spec leaves a %s", kind)
		}
	}
	for i, l := range Leaves {
		if !strings.HasPrefix(l.Spec, "faults.leave-") || l.leave == nil ||
			!slices.Contains(hygiene.Kinds, l.As) {
			t.Errorf("%s, caught as %q", l.Spec, l.As)
		}
		if slices.ContainsFunc(Leaves[:i], func(o Leaving) bool { return o.Spec == l.Spec }) {
			t.Errorf("%s is listed twice", l.Spec)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package mapdefs

import "testing"

func TestMapTypesAreAllFound(t *testing.T) {
	for _, names := range [][]string{legacyTypes, annotatedTypes, {"percpu_array"}, {"ringbuf"}} {
		if found := mapTypes(names...); len(found) != len(names) {
			t.Errorf("%d of %v", len(found), names)
		}
	}
}

func TestRoundUp(t *testing.T) {
	for _, tc := range []struct {
		n, to, want uint32
	}{{64, 2, 64}, {64, 3, 66}, {64, 6, 66}, {64, 64, 64}, {64, 96, 96}} {
		if got := roundUp(tc.n, tc.to); got != tc.want {
			t.Errorf("%d to a multiple of %d is %d, want %d", tc.n, tc.to, got, tc.want)
		}
	}
}

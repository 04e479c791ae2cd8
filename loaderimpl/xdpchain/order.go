// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"cmp"
	"slices"
	"strings"
)

// sortParts puts the programs of a chain in the order in which they are called, which is libxdp's
// (cmp_xdp_programs): by priority, then by name; then those that are loaded before those that are
// not; then by tag and by the time of the load. What is equal in all of it stays in the order in
// which it was added, where libxdp puts the shorter first of two that are not loaded.
func sortParts(parts []*part) {
	slices.SortStableFunc(parts, func(a, b *part) int {
		if c := cmp.Or(cmp.Compare(a.run.priority, b.run.priority),
			strings.Compare(a.name, b.name)); c != 0 {
			return c
		}
		switch aNew, bNew := a.program == nil, b.program == nil; {
		case aNew && !bNew:
			return 1
		case !aNew && bNew:
			return -1
		}
		return cmp.Or(strings.Compare(a.tag, b.tag), cmp.Compare(a.loaded, b.loaded))
	})
}

// SPDX-License-Identifier: Apache-2.0

package mutants

import (
	"bytes"
	"crypto/sha256"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Sample returns n of the mutants, or all if they are fewer, sorted by name. Which ones follows
// from the files below root that they change, as they are with the change: a tree always has the
// same sample, and a change to a file has others of its mutants tried. Errors wrap [ErrStale].
func Sample(all []Mutant, n int, root fs.FS) ([]Mutant, error) {
	lots := make(map[string][]byte, len(all)) // by name
	for _, m := range all {
		changed, err := m.edited(root)
		if err != nil {
			return nil, err
		}
		lot := sha256.New()
		for _, file := range slices.Sorted(maps.Keys(changed)) {
			lot.Write([]byte(file + "\n" + changed[file]))
		}
		lots[m.Name] = lot.Sum([]byte{})
	}
	drawn := slices.Clone(all)
	slices.SortFunc(drawn, func(a, b Mutant) int { return bytes.Compare(lots[a.Name], lots[b.Name]) })
	drawn = drawn[:min(n, len(drawn))]
	slices.SortFunc(drawn, func(a, b Mutant) int { return strings.Compare(a.Name, b.Name) })
	return drawn, nil
}

// SPDX-License-Identifier: Apache-2.0

package oracle

import "slices"

// Holders returns the processes that hold a descriptor of a map, program, link or BTF, ascending,
// by kind and id of the object. Processes that end meanwhile, and those that this one may not look
// at, are left out.
func Holders() (map[Object][]int, error) {
	ours, others, err := processes()
	if err != nil {
		return nil, err
	}
	all := slices.Concat(ours, others)
	slices.Sort(all)
	holders := map[Object][]int{}
	for _, pid := range all {
		held := map[Object]bool{}
		if err := heldBy(pid, held); err != nil {
			return nil, err
		}
		for o := range held {
			holders[o] = append(holders[o], pid)
		}
	}
	return holders, nil
}

// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// longterm lists the series of the default matrix beside the newest: those that
// Debian's releases have or had, and the last longterm series.
var longterm = []string{"5.10", "6.1", "6.12", "6.18"}

// DefaultMatrix returns the available series of the default matrix, from old to new: 5.10, 6.1,
// 6.12, 6.18 and the newest. What is missing is told as a notice; an empty matrix is an error.
func (s *Store) DefaultMatrix(ctx context.Context) ([]string, error) {
	offers, failed := s.List(ctx)
	matrix := matrixOf(offers)
	if len(matrix) == 0 {
		if failed != nil {
			return nil, failed
		}
		return nil, fmt.Errorf("%w: neither mirror nor cache has any", ErrUnknownKernel)
	}
	var missing []string
	for _, series := range longterm {
		if !slices.Contains(matrix, series) {
			missing = append(missing, series)
		}
	}
	if len(missing) > 0 {
		s.notice("the default matrix goes without %s: no suite of the mirror has it",
			strings.Join(missing, ", "))
	}
	if failed != nil {
		s.notice("not all suites could be looked at: %v", failed)
	}
	return matrix, nil
}

// matrixOf returns the series of the default matrix that are among the offers,
// which are sorted.
func matrixOf(offers []Offer) []string {
	if len(offers) == 0 {
		return nil
	}
	wanted := append(slices.Clone(longterm), offers[len(offers)-1].Series)
	var matrix []string
	for _, o := range offers {
		if slices.Contains(wanted, o.Series) && !slices.Contains(matrix, o.Series) {
			matrix = append(matrix, o.Series)
		}
	}
	return matrix
}

// markDefaults marks the newest offer of each series of the default matrix.
func markDefaults(offers []Offer) {
	for _, series := range matrixOf(offers) {
		i := slices.IndexFunc(offers, func(o Offer) bool { return o.Series == series && !o.Gone })
		if i < 0 {
			i = slices.IndexFunc(offers, func(o Offer) bool { return o.Series == series })
		}
		offers[i].Default = true
	}
}

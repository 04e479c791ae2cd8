// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
)

// Offer describes a kernel that is available: from a source, from the cache, or both.
type Offer struct {
	Series  string      `json:"series"`
	Release string      `json:"release"`
	Version apt.Version `json:"version"`
	Suite   string      `json:"suite"`
	Size    int64       `json:"size"`   // of the download, in bytes; 0 if only the cache has it
	Cached  bool        `json:"cached"` // it is in the cache
	Gone    bool        `json:"gone"`   // only the cache has it
	// its series is in the default matrix, and it is the newest of it
	Default bool `json:"default"`

	packages []apt.Package
}

// source offers kernels and fetches them. Tests have one that needs no network.
type source interface {
	// offers returns what there is, in any order, and beside it what could not
	// be looked at.
	offers(ctx context.Context) ([]Offer, error)
	// fetch unpacks the packages of an offer below dir.
	fetch(ctx context.Context, o Offer, dir string) error
	// refresh makes the next call of offers ask the mirror again.
	refresh(ctx context.Context) error
}

// compareSeries orders "5.10" before "6.1" before "6.12".
func compareSeries(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	return slices.CompareFunc(x, y, func(a, b string) int {
		m, errM := strconv.Atoi(a)
		n, errN := strconv.Atoi(b)
		if errM != nil || errN != nil {
			return strings.Compare(a, b)
		}
		return m - n
	})
}

// sortOffers sorts by series, and within it from new to old.
func sortOffers(offers []Offer) {
	slices.SortStableFunc(offers, func(a, b Offer) int {
		if c := compareSeries(a.Series, b.Series); c != 0 {
			return c
		}
		if c := b.Version.Compare(a.Version); c != 0 {
			return c
		}
		return strings.Compare(b.Release, a.Release)
	})
}

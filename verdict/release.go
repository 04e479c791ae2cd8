// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// A release describes a version as kernels and loaders have it: numbers separated by dots. What
// follows them is not looked at, because "6.12.0-160000.9-default" is a 6.12, and "7.3.0-rc2" is a
// 7.3 to an entry that excuses a fault of 7.3.
type release []int

var releaseNumbers = whenUsed(`^v?(\d{1,6}(?:\.\d{1,6}){0,3})`)

func parseRelease(s string) (release, bool) {
	m := releaseNumbers().FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	var r release
	for part := range strings.SplitSeq(m[1], ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false
		}
		r = append(r, n)
	}
	return r, true
}

// compare compares as many numbers as bound has, so that 6.12.5 is neither above nor below 6.12.
func (r release) compare(bound release) int {
	for i, b := range bound {
		n := 0
		if i < len(r) {
			n = r[i]
		}
		if c := cmp.Compare(n, b); c != 0 {
			return c
		}
	}
	return 0
}

// A Range matches a set of releases: comparisons that must all hold, separated by commas, such as
// "<6.1", ">=5.10,<6.12" or "6.12", which is every 6.12.x. The empty range holds everything.
type Range string

type bound struct {
	op string
	at release
}

var rangeBound = whenUsed(`^(<=|>=|<|>|=|)\s*(\d+(?:\.\d+){0,3})$`)

func (r Range) bounds() ([]bound, error) {
	if strings.TrimSpace(string(r)) == "" {
		return nil, nil
	}
	var bounds []bound
	for part := range strings.SplitSeq(string(r), ",") {
		m := rangeBound().FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return nil,
				fmt.Errorf("%q is no range of versions; write \"<6.1\", \">=5.10,<6.12\" or \"6.12\"", string(r))
		}
		at, ok := parseRelease(m[2])
		if !ok {
			return nil, fmt.Errorf("%q is no version", m[2])
		}
		bounds = append(bounds, bound{op: m[1], at: at})
	}
	return bounds, nil
}

// Holds reports whether the range holds a version. A version that cannot be read is in no range but
// the empty one, and a range that cannot be read holds nothing: what cannot be understood excuses
// nothing.
func (r Range) Holds(version string) bool {
	bounds, err := r.bounds()
	if err != nil {
		return false
	}
	if len(bounds) == 0 {
		return true
	}
	v, ok := parseRelease(version)
	if !ok {
		return false
	}
	for _, b := range bounds {
		c := v.compare(b.at)
		if !map[string]bool{
			"<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0, "=": c == 0, "": c == 0,
		}[b.op] {
			return false
		}
	}
	return true
}

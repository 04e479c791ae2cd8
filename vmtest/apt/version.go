// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"cmp"
	"strings"

	"pault.ag/go/debian/version"
)

// Version holds a Debian version, [epoch:]upstream[-revision]. Versions are ordered as in Debian
// Policy, section 5.6.12.
type Version string

// Compare returns a negative number if v is older than w, zero if neither is
// older, and a positive number if v is newer. Text that is no version is older
// than every version.
func (v Version) Compare(w Version) int {
	a, errA := version.Parse(string(v))
	b, errB := version.Parse(string(w))
	switch {
	case errA != nil && errB != nil:
		return strings.Compare(string(v), string(w))
	case errA != nil || errB != nil:
		return cmp.Compare(truth(errA == nil), truth(errB == nil))
	}
	return version.Compare(a, b)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Upstream returns the version without epoch and revision: 6.12.117 of
// 6.12.117-1~deb12u1. Of text that is no version it returns all.
func (v Version) Upstream() string {
	parsed, err := version.Parse(string(v))
	if err != nil {
		return string(v)
	}
	return parsed.Version
}

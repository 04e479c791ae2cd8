// SPDX-License-Identifier: Apache-2.0

package apt

import "strings"

// Version holds a Debian version, [epoch:]upstream[-revision]. Versions are ordered as in Debian
// Policy, section 5.6.12.
type Version string

// Compare returns a negative number if v is older than w, zero if neither is
// older, and a positive number if v is newer.
func (v Version) Compare(w Version) int {
	a, b := v.split(), w.split()
	for i := range a {
		if c := compareVersionPart(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// Upstream returns the version without epoch and revision: 6.12.117 of
// 6.12.117-1~deb12u1.
func (v Version) Upstream() string { return v.split()[1] }

// split returns epoch, upstream version and revision. An absent epoch or
// revision is empty, which compares equal to "0".
func (v Version) split() [3]string {
	epoch, rest, found := strings.Cut(string(v), ":")
	if !found {
		epoch, rest = "", string(v)
	}
	upstream, revision := rest, ""
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		upstream, revision = rest[:i], rest[i+1:]
	}
	return [3]string{epoch, upstream, revision}
}

// compareVersionPart compares runs of non-digits and runs of digits in turns.
func compareVersionPart(a, b string) int {
	for a != "" || b != "" {
		var textA, textB, numberA, numberB string
		textA, a = cutDigits(a, false)
		textB, b = cutDigits(b, false)
		if c := compareText(textA, textB); c != 0 {
			return c
		}
		numberA, a = cutDigits(a, true)
		numberB, b = cutDigits(b, true)
		if c := compareNumber(numberA, numberB); c != 0 {
			return c
		}
	}
	return 0
}

// cutDigits cuts the longest prefix of digits, or of non-digits.
func cutDigits(s string, digits bool) (prefix, rest string) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9') == digits {
		i++
	}
	return s[:i], s[i:]
}

// compareText orders by weight: a tilde before the end of the text, the end
// before letters, and letters before everything else.
func compareText(a, b string) int {
	for i := 0; i < len(a) || i < len(b); i++ {
		if c := weight(a, i) - weight(b, i); c != 0 {
			return c
		}
	}
	return 0
}

func weight(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	c := s[i]
	switch {
	case c == '~':
		return -1
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return int(c)
	default:
		return int(c) + 256
	}
}

// compareNumber compares decimal numbers of any length.
func compareNumber(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

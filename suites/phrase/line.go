// SPDX-License-Identifier: Apache-2.0

package phrase

import "strings"

// LineLen bounds a line of a record, in bytes. Of a longer one the middle is left out.
const LineLen = 400

// Line returns s without line ends, and no longer than [LineLen].
func Line(s string) string { return Shorten(strings.Join(strings.Fields(s), " "), LineLen) }

// Shorten leaves out the middle of a text that is longer than limit bytes.
func Shorten(s string, limit int) string {
	const gap = " … "
	if len(s) <= limit {
		return s
	}
	half := (limit - len(gap)) / 2
	return strings.ToValidUTF8(s[:half], "") + gap + strings.ToValidUTF8(s[len(s)-half:], "")
}

// WithReason appends a reason in brackets, where there is one.
func WithReason(s, reason string) string {
	if reason = strings.TrimSpace(reason); reason == "" {
		return s
	}
	return s + " (" + reason + ")"
}

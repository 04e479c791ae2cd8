// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	"strings"
	"time"
)

// A failure's text has these two lines, which become the record's, and as many more as it likes.
const (
	expectedPrefix = "expected  "
	seenPrefix     = "seen      "
)

// Failure returns the text of an expectation that did not hold.
func Failure(expected, seen string) string {
	return expectedPrefix + Line(expected) + "\n" + seenPrefix + Line(seen)
}

// ReadFailure finds what was expected and what was seen in a failure's text. What stands before
// them, the description that an expectation was given, goes in front of what was expected. A
// matcher of Gomega's own does not write the two lines: its whole text is what was seen.
func ReadFailure(text string) (expected, seen string) {
	description, _, _ := strings.Cut(text, expectedPrefix)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, expectedPrefix); ok && expected == "" {
			expected = rest
		}
		if rest, ok := strings.CutPrefix(line, seenPrefix); ok && seen == "" {
			seen = rest
		}
	}
	if expected == "" || seen == "" {
		return "what the requirement says", Line(text)
	}
	if description = Line(description); description != "" {
		expected = description + ": " + expected
	}
	return expected, seen
}

// ReadTimeout returns how long an Eventually of Gomega's asked again before it failed with a text,
// which begins with it (internal/async_assertion.go of Gomega).
func ReadTimeout(text string) (limit time.Duration, ok bool) {
	rest, ok := strings.CutPrefix(text, "Timed out after ")
	if !ok {
		return 0, false
	}
	seconds, _, _ := strings.Cut(rest, ".\n")
	limit, err := time.ParseDuration(seconds)
	return limit, err == nil
}

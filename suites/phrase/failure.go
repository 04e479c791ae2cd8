// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	"regexp"
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
// matcher of Gomega's own says first what it saw and then what it wanted (format.Message), which is
// told apart; of any other text, expected is empty, and all of it is what was seen.
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
		var found bool
		if description, expected, seen, found = readGomega(text); !found {
			return "", Line(text)
		}
	}
	if description = Line(description); description != "" {
		expected = description + ": " + expected
	}
	return expected, seen
}

// readGomega reads what a matcher of Gomega's own says: "Expected", what was seen, indented, then
// the rest, such as "to equal" and a value.
func readGomega(text string) (description, expected, seen string, found bool) {
	description, text, found = strings.Cut("\n"+text, "\nExpected\n")
	if !found {
		return "", "", "", false
	}
	var before, after []string
	for line := range strings.Lines(text) {
		if len(after) == 0 && (strings.HasPrefix(line, " ") || strings.TrimSpace(line) == "") {
			before = append(before, line)
		} else {
			after = append(after, line)
		}
	}
	expected, seen = values(strings.Join(after, "")), values(strings.Join(before, ""))
	return description, expected, seen, expected != "" && seen != ""
}

// typed finds the Go type that Gomega puts before a value (format.Object).
var typed = regexp.MustCompile(`<[^<>\n]*>: ?`)

// values returns what Gomega says of values in one line, without their Go types. An empty string
// would not be seen.
func values(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		value := strings.TrimSpace(typed.ReplaceAllString(line, ""))
		if value == "" && strings.Contains(line, "<string>:") {
			value = `""`
		}
		lines = append(lines, value)
	}
	return Line(strings.Join(lines, " "))
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

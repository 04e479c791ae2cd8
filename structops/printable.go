// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns a text that a terminal shows as it is: what others named, such as a process, a
// structure or a pin, may hold bytes that a terminal obeys. Those are written as \x1b or \u202e.
func Printable(text string) string {
	obeyed := func(r rune) bool { return !unicode.IsPrint(r) }
	if utf8.ValidString(text) && !strings.ContainsFunc(text, obeyed) {
		return text
	}
	quoted := strconv.QuoteToASCII(text)
	return quoted[1 : len(quoted)-1]
}

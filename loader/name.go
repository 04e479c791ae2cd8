// SPDX-License-Identifier: Apache-2.0

package loader

import "strings"

// The rules for names are code, not regular expressions: those would be compiled in every driver
// before its main function.

const maxName = 32 // bytes, so that a table of loaders stays readable

// isName reports whether s is a loader's name: isWords, and at most maxName bytes.
func isName(s string) bool { return len(s) <= maxName && isWords(s) }

// isWords reports whether s is lower-case words and numbers joined by hyphens, a letter first:
// ^[a-z][a-z0-9]*(-[a-z0-9]+)*$
func isWords(s string) bool {
	for i, word := range strings.Split(s, "-") {
		if word == "" || i == 0 && !strings.Contains(lower, word[:1]) ||
			strings.Trim(word, lower+digits) != "" {
			return false
		}
	}
	return true
}

// isVersion reports whether s is a version that does not move, a number first:
// ^v?[0-9][0-9A-Za-z.+~_-]*$
func isVersion(s string) bool {
	s = strings.TrimPrefix(s, "v")
	return s != "" && strings.Contains(digits, s[:1]) &&
		strings.Trim(s, lower+upper+digits+".+~_-") == ""
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

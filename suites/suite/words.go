// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
)

// inWords is a reply in one line.
func inWords(reply loader.Reply) string {
	switch r := reply.(type) {
	case *loader.OK:
		return okInWords(r)
	case *loader.Unsupported:
		return oneLine(withReason(fmt.Sprintf("unsupported: %s", r.Feature), r.Reason))
	case *loader.Rejected:
		s := fmt.Sprintf("rejected at %s, class %s", r.Stage, r.Class)
		if r.Errno != 0 {
			s += fmt.Sprintf(", errno %d", r.Errno)
		}
		return oneLine(withReason(s, r.Message))
	case *loader.Error:
		return oneLine("driver error: " + r.Message)
	default:
		return "no reply"
	}
}

func okInWords(r *loader.OK) string {
	s := "ok"
	if r.ID != 0 {
		s += fmt.Sprintf("; map %d", r.ID)
	}
	for i, m := range r.Maps {
		s += separator(i, "; maps ") + m.Name
		if m.ID != 0 {
			s += fmt.Sprintf("=%d", m.ID)
		}
	}
	for i, p := range r.Programs {
		s += separator(i, "; programs ") + p.Name
		if p.ID != 0 {
			s += fmt.Sprintf("=%d", p.ID)
		}
	}
	return oneLine(s)
}

func separator(i int, first string) string {
	if i == 0 {
		return first
	}
	return " "
}

func withReason(s, reason string) string {
	if reason = strings.TrimSpace(reason); reason == "" {
		return s
	}
	return s + " (" + reason + ")"
}

// lineLen is how long a line of a record gets, in bytes, before its middle is left out.
const lineLen = 400

// oneLine is s without line ends, and not longer than a line.
func oneLine(s string) string {
	return shorten(strings.Join(strings.Fields(s), " "), lineLen)
}

// shorten leaves out the middle of a text that is longer than limit bytes.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	half := (limit - len(" … ")) / 2
	return strings.ToValidUTF8(s[:half], "") + " … " + strings.ToValidUTF8(s[len(s)-half:], "")
}

// oneOf is "class a" or "class a, b or c".
func oneOf(classes []Class) string {
	words := make([]string, len(classes))
	for i, c := range classes {
		words[i] = string(c)
	}
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}

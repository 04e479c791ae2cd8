// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	"fmt"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
)

// Reply describes a loader's reply in one line.
func Reply(reply loader.Reply) string {
	switch r := reply.(type) {
	case *loader.OK:
		return ok(r)
	case *loader.Unsupported:
		return Line(WithReason(fmt.Sprintf("unsupported: %s", r.Feature), r.Reason))
	case *loader.Rejected:
		s := fmt.Sprintf("rejected at %s, class %s", r.Stage, r.Class)
		if r.Errno != 0 {
			s += fmt.Sprintf(", errno %d", r.Errno)
		}
		return Line(WithReason(s, r.Message))
	case *loader.Error:
		return Line("driver error: " + r.Message)
	default:
		return "no reply"
	}
}

func ok(r *loader.OK) string {
	s := "ok"
	if r.ID != 0 {
		s += fmt.Sprintf("; map %d", r.ID)
	}
	for i, m := range r.Maps {
		s += separator(i, "; maps ") + withID(m.Name, m.ID)
	}
	for i, p := range r.Programs {
		s += separator(i, "; programs ") + withID(p.Name, p.ID)
	}
	return Line(s)
}

func separator(i int, first string) string {
	if i == 0 {
		return first
	}
	return " "
}

// withID returns "name=id", or the name alone where the loader gave no id.
func withID(name string, id uint32) string {
	if id == 0 {
		return name
	}
	return fmt.Sprintf("%s=%d", name, id)
}

// Classes lists classes as "a", or "a, b or c".
func Classes(classes []loader.Class) string {
	words := make([]string, len(classes))
	for i, c := range classes {
		words[i] = string(c)
	}
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}

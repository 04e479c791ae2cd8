// SPDX-License-Identifier: Apache-2.0

package record

import (
	"fmt"
	"strings"
)

// A Lack names what a machine has not, and a spec needs: the reason of a Finish that says Skipped.
// Each of its words reads on from the one before: "map type: needs bloom_filter (5.16), has kernel
// 5.10.0".
type Lack struct{ Kind, Needs, Has string }

func (l Lack) String() string { return fmt.Sprintf("%s: needs %s, has %s", l.Kind, l.Needs, l.Has) }

// ParseLack reads the reason of a skipped spec. It reports false for one in other words.
func ParseLack(reason string) (Lack, bool) {
	kind, rest, found := strings.Cut(reason, ": needs ")
	at := strings.LastIndex(rest, ", has ")
	if !found || kind == "" || at <= 0 {
		return Lack{}, false
	}
	return Lack{Kind: kind, Needs: rest[:at], Has: rest[at+len(", has "):]}, true
}

// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"math/bits"
)

// A taint says what one bit of the kernel's taint means for a verdict.
type taint struct {
	Bit     int     `yaml:"bit"`
	Letter  string  `yaml:"letter"`
	Says    string  `yaml:"says"`
	Means   Meaning `yaml:"means"`   // empty where it is allowed
	Allowed string  `yaml:"allowed"` // the reason
}

// check returns an error for an entry that says too little, or too much.
func (t taint) check() error {
	meant := t.Means == SplatOnly || t.Means == SplatCrash
	if t.Bit < 0 || t.Bit > 63 || len(t.Letter) != 1 || t.Says == "" ||
		meant == (t.Allowed != "") || !meant && t.Means != "" {
		return fmt.Errorf("taint %d: bit, letter and says are needed, and either means or allowed",
			t.Bit)
	}
	return nil
}

// taintID is the id of splats that a taint is.
const taintID = "taint"

// warned is the taint that each warning of the kernel's leaves.
const warned = 1 << 9

// Find returns the splats of a kernel log, as [Scanner.Scan] does, and one for each bit of taint
// that came and is not allowed. What an excused warning leaves is excused with it.
func (s *Scanner) Find(lines []string, tainted uint64) []Splat {
	found, excused := s.scan(lines)
	if excused {
		tainted &^= warned
	}
	for ; tainted != 0; tainted &= tainted - 1 {
		bit := bits.TrailingZeros64(tainted)
		t := taint{Bit: bit, Letter: "?", Says: "what this project does not know", Means: SplatOnly}
		for _, known := range s.taints {
			if known.Bit == bit {
				t = known
			}
		}
		if t.Allowed != "" {
			continue
		}
		text := fmt.Sprintf("the kernel is tainted: %s (bit %d), %s", t.Letter, t.Bit, t.Says)
		found = append(found, Splat{ID: taintID, Means: t.Means, Text: text, Lines: []string{text}})
	}
	return found
}

// SPDX-License-Identifier: Apache-2.0

package repro

import (
	"fmt"
	"regexp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// An Outcome says how a failure did that was run again.
type Outcome string

// The outcomes.
const (
	Same   Outcome = "same"   // it fails in the same way
	Other  Outcome = "other"  // it fails in another way
	Passes Outcome = "passes" // it passes now
	Untold Outcome = "untold" // it was skipped or refused, or the harness could not tell
)

// OutcomeOf holds a verdict against the one that a bundle is of.
func OutcomeOf(was, is verdict.Verdict) Outcome {
	switch {
	case is.Kind == verdict.Pass:
		return Passes
	case is.Kind == was.Kind && way(is) == way(was):
		return Same
	case is.Kind == verdict.Fail || is.Kind == verdict.Crash:
		return Other
	}
	return Untold
}

// varies matches what is another from run to run of the same: ids of the kernel, addresses, times.
var varies = regexp.MustCompile(`0x[0-9a-f]+|[0-9]+(\.[0-9]+)?`)

// way returns in which way a spec fails: what was expected and seen, or else the reason, without
// numbers.
func way(v verdict.Verdict) [3]string {
	plain := func(s string) string { return varies.ReplaceAllString(s, "N") }
	if v.Overrun != nil {
		return [3]string{v.Overrun.Of} // the rest is how busy the host was
	}
	if v.Expected != "" || v.Seen != "" {
		return [3]string{"", plain(v.Expected), plain(v.Seen)}
	}
	return [3]string{"", plain(v.Reason)}
}

// Differences returns what a run has that is not as it was in the bundle's, a line each: its
// kernel, its loader, and the guest program with the specs.
func (m Manifest) Differences(run verdict.Run) []string {
	var all []string
	add := func(what, was, is string) {
		if was != "" && is != "" && was != is {
			all = append(all, fmt.Sprintf("%s: was %s, is %s", what, was, is))
		}
	}
	for _, k := range run.Kernels {
		add("kernel release", m.Kernel.Release, k.Release)
		add("SHA-256 of the kernel", m.Kernel.Digest, k.Digest)
	}
	for _, l := range run.Loaders {
		add("loader", m.Loader.Name, l.Name)
		add("SHA-256 of the loader", m.Loader.Digest, l.Digest)
	}
	if m.Guest != run.Guest { // its own digest tells a reader nothing
		add("loadstone", m.Loadstone.Version, run.Loadstone.Version)
		all = append(all, "the guest program, which has the specs, is another build")
	}
	return all
}

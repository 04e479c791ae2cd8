// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/record"
)

// judgeKernelLog holds what the kernel logged against a verdict: a splat makes a failure of
// whatever the guest thought it was, and a crash of whatever the kernel did not survive whole. The
// last spec of a clone also answers for what came on the console after its log was read, such as a
// use after free that only shows once RCU has run.
func (a account) judgeKernelLog(v *Verdict, ev Evidence) {
	if !a.begun {
		return
	}
	scanner, err := splatScanner()
	if err != nil {
		v.Kind, v.Reason = Broken, "the kernel log cannot be scanned: "+err.Error()
		return
	}
	kernel := scanner.on(cmp.Or(v.KernelRelease, v.Kernel), ev.Ended)
	if a.log != nil {
		v.Splats = kernel.Find(a.log.Lines, a.log.Tainted)
	}
	for _, late := range a.late {
		v.Splats = append(v.Splats, kernel.Find(late.Lines, late.Tainted)...)
	}
	if a.last {
		v.Splats = append(v.Splats, kernel.Scan(unlogged(ev))...)
	}
	if len(v.Splats) == 0 {
		return
	}
	v.Splats = firstSplats(v.Splats)
	worst := slices.MaxFunc(v.Splats,
		func(x, y Splat) int { return cmp.Compare(x.Means.rank(), y.Means.rank()) })
	switch {
	case v.Kind == Crash:
		v.Reason += ": " + worst.Text
	case worst.Means == SplatCrash:
		v.Kind, v.Reason = Crash, splatReason(worst)
	case v.Kind == Broken || v.Kind == Missing:
		v.Reason += "; " + splatReason(worst)
	default:
		v.Kind, v.Reason = Fail, splatReason(worst)
	}
}

// splatReason returns the reason of a verdict that a splat made.
func splatReason(s Splat) string { return "kernel splat: " + s.Text }

// firstSplats returns the first few splats, and among them the first that is a crash, if any is.
func firstSplats(splats []Splat) []Splat {
	if len(splats) <= keptSplats {
		return splats
	}
	crash := slices.IndexFunc(splats, func(s Splat) bool { return s.Means == SplatCrash })
	if crash >= keptSplats {
		splats[keptSplats-1] = splats[crash]
	}
	return splats[:keptSplats]
}

// unlogged returns what the kernel wrote on the console and no kernel log of the clone has.
func unlogged(ev Evidence) []string {
	logged := make(map[string]bool)
	for _, h := range ev.Heard {
		var known []string
		switch r := h.Record.(type) {
		case record.KernelLog:
			known = r.Lines
		case record.State:
			known = r.Lines
		case record.Begin:
			known = r.Late.Lines
		case record.End:
			known = r.Late.Lines
		}
		for _, line := range unfold(known) {
			_, message, _ := kernelMessage(line)
			logged[message] = true
		}
	}
	var lines []string
	for line := range strings.Lines(ev.Ending.Console) {
		line = strings.TrimRight(line, "\r\n")
		if ev.Ending.Cause != PoweredOff && hostsDoing().MatchString(line) {
			break
		}
		// The console is the guest's too: only what bears the kernel's timestamp is the kernel's.
		for _, line := range unfold([]string{line}) {
			if stamped, message, ok := kernelMessage(line); ok && stamped && !logged[message] {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

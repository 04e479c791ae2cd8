// SPDX-License-Identifier: Apache-2.0

package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// An Answer says how one object did with one loader on one kernel.
type Answer struct {
	Object  *Object
	Verdict verdict.Verdict // as the guest's records make it
	Cause   Cause           // "" where it loads, and attaches as far as it was asked for
	Why     string          // one line; "" where Cause is
	Lacks   []Need          // all that probes say the kernel lacks, of a refused object
	Said    []string        // the last lines that the loader wrote about a refusal

	// Wrong says what was expected instead, "" where the answer is as expected: where nothing is
	// said of an object, it has to load.
	Wrong string
}

// Loads reports whether the object was loaded, and given up without a trace, whatever became of
// attaching it.
func (a Answer) Loads() bool { return a.Cause == "" || a.Cause == CauseAttach }

// Unknown reports whether nothing is known of the object, because the harness or a driver could not
// do its job.
func (a Answer) Unknown() bool { return a.Verdict.Unknown() && a.Cause != CauseHang }

// Of makes the answer of a verdict on an object.
func Of(o *Object, v verdict.Verdict) Answer {
	a := Answer{Object: o, Verdict: v}
	if v.Kind != verdict.Pass {
		a.Cause, a.Why = why(o, v)
		if v.Checked != nil {
			a.Lacks = lacking(o, v.Checked)
		}
		a.Said = said(v.Conversation)
	}
	a.Wrong = a.wrong()
	return a
}

// wrong says what was expected instead of the answer. That an object does not load is as expected
// only if it was refused: it must not leave anything, nor a kernel die of it.
func (a Answer) wrong() string {
	expected := a.Object.Setting.Loads
	loads, known := expected.Says(cmp.Or(a.Verdict.KernelRelease, a.Verdict.Kernel), a.Verdict.Loader, a.Verdict.LoaderName())
	switch {
	case !known && a.Loads():
		return a.wrongAttached()
	case !known:
		return "it has to load"
	case loads && !a.Loads():
		return fmt.Sprintf("it has to load (settings, line %d: kernel %s)", expected.line, expected.Kernel)
	case !loads && a.Loads():
		return fmt.Sprintf("it must not load (settings, line %d: kernel %s)", expected.line, expected.Kernel)
	case !loads && a.Verdict.Kind != verdict.Refused:
		return "it has to be refused"
	case !loads && !a.saysOfKernel(expected):
		return fmt.Sprintf("it is refused, and not for what the kernel lacks (settings, line %d: kernel %s)",
			expected.line, expected.Kernel)
	}
	return a.wrongAttached()
}

// wrongAttached says what was expected instead of how a loaded object was attached; "" where that
// is as expected: where nothing is said of it, no program that is tried is refused.
func (a Answer) wrongAttached() string {
	expected, refused := a.Object.Setting.Attaches, a.Cause == CauseAttach
	attaches, known := expected.Says(cmp.Or(a.Verdict.KernelRelease, a.Verdict.Kernel), a.Verdict.Loader, a.Verdict.LoaderName())
	_, tried := a.Attaches()
	switch {
	case !known && refused:
		return "every program that is tried has to attach"
	case known && attaches && refused:
		return fmt.Sprintf("every program that is tried has to attach (settings, line %d: kernel %s)",
			expected.line, expected.Kernel)
	case known && attaches && tried == 0:
		return fmt.Sprintf("a program of it has to attach, and none was tried (settings, line %d: kernel %s)",
			expected.line, expected.Kernel)
	case known && !attaches && !refused && tried > 0:
		return fmt.Sprintf("a program of it must not attach (settings, line %d: kernel %s)",
			expected.line, expected.Kernel)
	}
	return ""
}

// saysOfKernel reports whether a refusal is one that another kernel could change. Where an object
// is expected to load on none, any refusal of the object is as expected.
func (a Answer) saysOfKernel(expected *Expected) bool {
	switch a.Cause {
	case CauseSettings:
		return false
	case CauseObject, CauseLoader, CauseByteOrder:
		return expected.Kernel == "none"
	}
	return true
}

// said returns what the driver wrote to its stderr with the last answer, its last lines: libbpf and
// commands say there what they do not say in an errno.
func said(conversation []string) []string {
	const most = 3
	var lines []string
	for _, line := range conversation {
		if text, ok := strings.CutPrefix(line, "| "); ok && strings.TrimSpace(text) != "" {
			lines = append(lines, strings.TrimSpace(text))
		}
	}
	return lines[max(0, len(lines)-most):]
}

// Made returns what the kernel has of the object, in a line: "2 maps, 3 programs"; "" where it was
// not loaded.
func (a Answer) Made() string {
	c := a.Verdict.Checked
	if c == nil || c.Refusal != nil {
		return ""
	}
	text := count(len(c.Maps), "map") + ", " + count(len(c.Programs), "program")
	if c.Links > 0 {
		text += ", " + count(c.Links, "link")
	}
	return text
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// SpecOf returns the id of the spec that is about the object of that number, from 1.
func (o Object) SpecOf(number int) string {
	return fmt.Sprintf("%s/%d-%s", record.ObjectSpec, number, o.Name())
}

// Complete adds to each answer whose cause cannot be told what another loader says of the same
// object on the same kernel. That need not be the cause here, so the cause stays as it is.
func (as Answers) Complete() {
	for i := range as.All {
		a := &as.All[i]
		if a.Cause != CauseUnknown || a.Unknown() {
			continue
		}
		for _, other := range as.All {
			if other.Object == a.Object && other.Verdict.Kernel == a.Verdict.Kernel &&
				other.Verdict.Kind == verdict.Refused && other.Cause != CauseUnknown && !other.Loads() {
				a.Why += fmt.Sprintf("; %s says of it: %s", other.Verdict.LoaderName(), other.Why)
				break
			}
		}
	}
}

// Compare returns how the answers about one object on one kernel differ, a sentence each: loaders
// of which some load it, and loaders after which the kernel has other maps or other programs.
func Compare(answers []Answer) []string {
	var loads, not []string
	made := make(map[string][]string) // what the kernel has, and after which loaders
	for _, a := range answers {
		name := a.Verdict.LoaderName()
		switch {
		case a.Unknown():
		case a.Loads():
			loads = append(loads, name)
			what := fingerprint(a.Verdict.Checked)
			made[what] = append(made[what], name)
		default:
			not = append(not, fmt.Sprintf("%s (%s)", name, a.Cause))
		}
	}
	var lines []string
	if len(loads) > 0 && len(not) > 0 {
		lines = append(lines, fmt.Sprintf("it is loaded by %s, and not by %s", list(loads), list(not)))
	}
	if len(made) > 1 {
		var groups []string
		for what, loaders := range made {
			slices.Sort(loaders)
			groups = append(groups, list(loaders)+": "+apart(what, made))
		}
		slices.Sort(groups)
		lines = append(lines, "what the kernel has differs: "+strings.Join(groups, "; "))
	}
	return lines
}

// fingerprint returns what of the maps and programs should not depend on the loader, not their
// names or ids, a line each.
func fingerprint(c *record.Checked) string {
	var lines []string
	for _, m := range c.Maps {
		lines = append(lines, fmt.Sprintf("map %s key %d value %d entries %d", m.Type, m.KeySize,
			m.ValueSize, m.MaxEntries))
	}
	for _, p := range c.Programs {
		lines = append(lines, "program "+p.Type+" tag "+p.Tag)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// apart returns what a fingerprint has that not all others have.
func apart(what string, all map[string][]string) string {
	var own, seen []string
	for line := range strings.SplitSeq(what, "\n") {
		if line == "" || slices.Contains(seen, line) {
			continue
		}
		seen = append(seen, line)
		times := func(text string) int { return strings.Count(text+"\n", line+"\n") }
		n, everywhere := times(what), true
		for other := range all {
			everywhere = everywhere && times(other) == n
		}
		switch {
		case everywhere:
		case n > 1:
			own = append(own, fmt.Sprintf("%d × %s", n, line))
		default:
			own = append(own, line)
		}
	}
	if len(own) == 0 {
		return "nothing more"
	}
	return strings.Join(own, ", ")
}

// list joins names as a sentence does.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// SPDX-License-Identifier: Apache-2.0

package check

import (
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
	Cause   Cause           // "" where it loads
	Why     string          // one line; "" where it loads
	Lacks   []Need          // all that probes say the kernel lacks, of a refused object
}

// Loads reports whether the object was loaded, and given up without a trace.
func (a Answer) Loads() bool { return a.Cause == "" }

// Unknown reports whether nothing is known of the object, because the harness or a driver could not
// do its job.
func (a Answer) Unknown() bool { return a.Verdict.Unknown() && a.Cause != CauseHang }

// Of makes the answer of a verdict on an object.
func Of(o *Object, v verdict.Verdict) Answer {
	a := Answer{Object: o, Verdict: v}
	if v.Kind == verdict.Pass {
		return a
	}
	a.Cause, a.Why = why(o, v)
	if v.Checked != nil {
		a.Lacks = lacking(o, v.Checked)
	}
	return a
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
		lines = append(lines, fmt.Sprintf("%s load it, %s do not", list(loads), list(not)))
	}
	if len(made) > 1 {
		var groups []string
		for what, loaders := range made {
			groups = append(groups, list(loaders)+": "+what)
		}
		slices.Sort(groups)
		lines = append(lines, "what the kernel has differs: "+strings.Join(groups, "; "))
	}
	return lines
}

// fingerprint returns what of the maps and programs should not depend on the loader: not their
// names or ids.
func fingerprint(c *record.Checked) string {
	var maps, programs []string
	for _, m := range c.Maps {
		maps = append(maps, fmt.Sprintf("%s %d:%d×%d", m.Type, m.KeySize, m.ValueSize, m.MaxEntries))
	}
	for _, p := range c.Programs {
		programs = append(programs, p.Type+" "+p.Tag)
	}
	slices.Sort(maps)
	slices.Sort(programs)
	return fmt.Sprintf("%s (%s), %s (%s)", count(len(maps), "map"), strings.Join(maps, ", "),
		count(len(programs), "program"), strings.Join(programs, ", "))
}

// list joins names as a sentence does.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

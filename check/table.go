// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Answers holds those of a whole check: every object with every loader on every kernel.
type Answers struct {
	Kernels, Loaders []string // in the order of the check, oldest kernel first
	All              []Answer
	// Floors is the table that objects are held beside; nil for none.
	Floors *Floors
	Attach bool // programs were attached
}

// Of returns the answers about one object, by kernel and then by loader. One that never came is
// nil.
func (as Answers) Of(o *Object) map[string]map[string]*Answer {
	found := make(map[string]map[string]*Answer)
	for i, a := range as.All {
		if a.Object != o {
			continue
		}
		kernel := a.Verdict.Kernel
		if found[kernel] == nil {
			found[kernel] = make(map[string]*Answer)
		}
		found[kernel][a.Verdict.LoaderName()] = &as.All[i]
	}
	return found
}

// Objects returns what was checked, in order.
func (as Answers) Objects() []*Object {
	var all []*Object
	for _, a := range as.All {
		if !slices.Contains(all, a.Object) {
			all = append(all, a.Object)
		}
	}
	slices.SortFunc(all, func(a, b *Object) int { return strings.Compare(a.Label, b.Label) })
	return all
}

// Write writes a table of objects and loaders by kernels, then why each refusal is one, where each
// object begins to load, and where loaders differ.
func (as Answers) Write(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "OBJECT\tLOADER\t%s\n", strings.Join(as.Kernels, "\t"))
	for _, o := range as.Objects() {
		of := as.Of(o)
		for i, l := range as.Loaders {
			label := ""
			if i == 0 {
				label = short(printable(o.Label))
			}
			cells := []string{label, l}
			for _, k := range as.Kernels {
				cells = append(cells, cellOf(of[k][l]))
			}
			fmt.Fprintln(table, strings.Join(cells, "\t"))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, o := range as.Objects() {
		if lines := as.about(o); len(lines) > 0 {
			fmt.Fprintf(w, "\n%s\n", printable(o.Label))
			for _, line := range lines {
				fmt.Fprintf(w, "  %s\n", line)
			}
		}
	}
	return nil
}

// short returns a label of at most 60 characters, without its middle.
func short(label string) string {
	const most = 60
	runes := []rune(label)
	if len(runes) <= most {
		return label
	}
	return string(runes[:most/2-1]) + "…" + string(runes[len(runes)-most/2:])
}

// cellOf returns what the table says of an answer.
func cellOf(a *Answer) string {
	attached, all := 0, 0
	if a != nil && a.Verdict.Checked != nil {
		attached, _ = a.Attaches()
		all = len(a.Verdict.Checked.Attached)
	}
	switch {
	case a == nil:
		return "-"
	case a.Unknown():
		return "?"
	case a.Cause == "" && a.Wrong != "" && a.Wrong == a.wrongAttached() && attached == 0:
		return "not tried!"
	case a.Cause == "" && a.Wrong != "" && a.Wrong == a.wrongAttached():
		return "attaches!"
	case a.Cause == "" && a.Wrong != "":
		return "loads!"
	case a.Cause == "" && attached > 0 && attached < all: // others were not tried
		return fmt.Sprintf("loads, attaches %d of %d", attached, all)
	case a.Cause == "" && attached > 0:
		return "loads, attaches"
	case a.Cause == "":
		return "loads"
	case a.Wrong == "":
		return "(" + string(a.Cause) + ")" // as expected
	}
	return string(a.Cause)
}

// A reason is why an object does not load, and where.
type reason struct {
	text string
	said []string
	by   map[string][]string // kernel to loaders
}

// about returns what is to be said of an object beside its row: where each loader begins to load
// it, from where on it could at best, each reason why not, with where it is the reason, where that
// and the bound disagree, and how loaders differ.
func (as Answers) about(o *Object) []string {
	of := as.Of(o)
	lines := as.begins(of)
	if as.Floors != nil {
		for _, line := range as.Floors.Of(o).Lines() {
			lines = append(lines, printable(line))
		}
	}
	for _, r := range as.reasons(of) {
		lines = append(lines, as.where(r.by)+" — "+printable(r.text))
		for _, text := range r.said {
			lines = append(lines, "    | "+printable(text))
		}
	}
	lines = append(lines, as.attachments(of)...)
	lines = append(lines, as.disagreements(of, o)...)
	return append(lines, as.differences(of, o)...)
}

// attachments says of each program how it was attached, or why that was not tried, and where.
func (as Answers) attachments(of map[string]map[string]*Answer) []string {
	return as.gather(of, Answer.Attachments)
}

// disagreements says where answers about an object and the table disagree.
func (as Answers) disagreements(of map[string]map[string]*Answer, o *Object) []string {
	if as.Floors == nil {
		return nil
	}
	floor := as.Floors.Of(o)
	return as.gather(of, func(a Answer) []string {
		if text := floor.Disagrees(a); text != "" {
			return []string{text}
		}
		return nil
	})
}

// gather returns what is said of answers about an object, each text once, with all of whom it is
// said.
func (as Answers) gather(of map[string]map[string]*Answer, say func(Answer) []string) []string {
	var texts []string
	by := make(map[string]map[string][]string) // what is said, of which kernels and loaders
	for _, k := range as.Kernels {
		for _, l := range as.Loaders {
			a := of[k][l]
			if a == nil {
				continue
			}
			for _, text := range say(*a) {
				if by[text] == nil {
					texts, by[text] = append(texts, text), make(map[string][]string)
				}
				by[text][k] = append(by[text][k], l)
			}
		}
	}
	var lines []string
	for _, text := range texts {
		lines = append(lines, as.where(by[text])+" — "+printable(text))
	}
	return lines
}

// Disagreements says of all objects where answers and the table disagree.
func (as Answers) Disagreements() []string {
	var lines []string
	for _, o := range as.Objects() {
		for _, line := range as.disagreements(as.Of(o), o) {
			lines = append(lines, printable(o.Label)+": "+line)
		}
	}
	return lines
}

// begins says where loaders begin to load an object, in one line where all do alike.
func (as Answers) begins(of map[string]map[string]*Answer) []string {
	var lines []string
	for _, l := range as.Loaders {
		if text := as.from(of, l); text != "" {
			lines = append(lines, l+": "+text)
		}
	}
	alike := len(lines) == len(as.Loaders) && len(lines) > 1
	for i := range lines {
		alike = alike && strings.TrimPrefix(lines[i], as.Loaders[i]) ==
			strings.TrimPrefix(lines[0], as.Loaders[0])
	}
	if alike {
		return []string{"every loader" + strings.TrimPrefix(lines[0], as.Loaders[0])}
	}
	return lines
}

// reasons returns why an object does not load, each reason once.
func (as Answers) reasons(of map[string]map[string]*Answer) []reason {
	var all []reason
	for _, k := range as.Kernels {
		for _, l := range as.Loaders {
			a := of[k][l]
			if a == nil || a.Cause == "" && a.Wrong == "" {
				continue
			}
			text := strings.TrimSuffix(string(a.Cause)+": "+a.Why, ": ")
			switch {
			case a.Cause == "" && a.Wrong == a.wrongAttached():
				text = "attaches: " + a.Wrong
			case a.Cause == "":
				text = "loads: " + a.Wrong
			}
			at := slices.IndexFunc(all, func(r reason) bool {
				return r.text == text && slices.Equal(r.said, a.words())
			})
			if at < 0 {
				at = len(all)
				all = append(all, reason{text: text, said: a.words(), by: make(map[string][]string)})
			}
			all[at].by[k] = append(all[at].by[k], l)
		}
	}
	return all
}

// words returns what the loader wrote, where the cause does not say it.
func (a Answer) words() []string {
	switch a.Cause {
	case CauseUnknown, CauseMap, CauseObject, CauseLoader, CausePermission:
		return a.Said
	}
	return nil
}

// where names loaders and kernels: those kernels together on which the same loaders are named.
func (as Answers) where(by map[string][]string) string {
	var groups []string
	done := make(map[string]bool)
	for _, k := range as.Kernels {
		if len(by[k]) == 0 || done[k] {
			continue
		}
		var kernels []string
		for _, other := range as.Kernels {
			if slices.Equal(by[other], by[k]) {
				kernels, done[other] = append(kernels, other), true
			}
		}
		loaders := list(by[k])
		if len(by[k]) == len(as.Loaders) && len(by[k]) > 1 {
			loaders = "every loader"
		}
		if len(as.Kernels) > 1 {
			loaders += " on " + list(kernels)
		}
		groups = append(groups, loaders)
	}
	return strings.Join(groups, "; ")
}

// differences says how loaders differ on each kernel, and what of the object could not be read.
func (as Answers) differences(of map[string]map[string]*Answer, o *Object) []string {
	var lines, texts []string
	on := make(map[string][]string) // what is said, and of which kernels
	for _, k := range as.Kernels {
		var here []Answer
		for _, l := range as.Loaders {
			if a := of[k][l]; a != nil {
				here = append(here, *a)
			}
		}
		for _, text := range Compare(here) {
			if len(on[text]) == 0 {
				texts = append(texts, text)
			}
			on[text] = append(on[text], k)
		}
	}
	for _, text := range texts {
		lines = append(lines, "on "+list(on[text])+" "+printable(text))
	}
	if o.Needs.Unread != "" {
		lines = append(lines, "what it needs of a kernel could not be read whole: "+
			printable(o.Needs.Unread))
	}
	return lines
}

// from says from which kernel on a loader loads an object; "" where it does on all of them, and
// where there is but one. Kernels that were not asked about it do not count.
func (as Answers) from(of map[string]map[string]*Answer, loader string) string {
	var asked []string
	var loads []bool
	for _, k := range as.Kernels {
		if a := of[k][loader]; a != nil {
			asked, loads = append(asked, k), append(loads, a.Loads())
		}
	}
	first := slices.Index(loads, true)
	switch {
	case len(loads) < 2 || !slices.Contains(loads, false):
		return ""
	case first < 0:
		return "loads on none of these kernels"
	case !slices.Contains(loads[first:], false):
		return fmt.Sprintf("loads from %s on", asked[first])
	}
	var on []string
	for i, k := range asked {
		if loads[i] {
			on = append(on, k)
		}
	}
	return "loads on " + list(on) + " only"
}

// printable replaces what a terminal would obey: names and messages come from files and loaders.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

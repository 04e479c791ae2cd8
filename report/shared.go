// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// A dependence holds the specs of a cell that ended otherwise in a guest that others had used.
type dependence struct {
	Verdicts []verdict.Verdict
	Again    string // the command that runs the cell in the same order
}

// dependences returns those of a run, by cell.
func dependences(f *verdict.File) []dependence {
	var all []dependence
	at := make(map[verdict.Cell]int)
	for _, v := range sorted(f) {
		if !v.Differs() {
			continue
		}
		n, known := at[v.Cell]
		if !known {
			n = len(all)
			at[v.Cell] = n
			all = append(all, dependence{Again: sameOrder(f.Run, v.Cell)})
		}
		all[n].Verdicts = append(all[n].Verdicts, v)
	}
	return all
}

// notes returns what is to be known of a run beside its verdicts, a sentence each.
func notes(f *verdict.File) []string {
	lines := slices.Clone(f.Notes())
	note := func(one, several string, of func(verdict.Verdict) bool) {
		vs := slices.DeleteFunc(sorted(f), func(v verdict.Verdict) bool { return !of(v) })
		switch n := len(vs); n {
		case 0:
		case 1:
			lines = append(lines, "1 spec "+one+": "+named(vs))
		default:
			lines = append(lines, fmt.Sprintf("%d specs %s: %s", n, several, named(vs)))
		}
	}
	note("left its guest other than it was, which was not used again",
		"left their guests other than they were, which were not used again",
		func(v verdict.Verdict) bool { return len(left(v)) > 0 })
	note("was run again, as a limit passed on a host too busy for it",
		"were run again, as a limit passed on a host too busy for them",
		func(v verdict.Verdict) bool { return v.Starved > 0 || v.Shared != nil && v.Shared.Starved })
	return lines
}

// left returns what was not as it was in a guest after a spec, a line each.
func left(v verdict.Verdict) []string {
	var lines []string
	if v.Guest != nil {
		lines = v.Guest.Left
	}
	if v.Shared != nil && v.Shared.Guest != nil {
		lines = append(slices.Clone(lines), v.Shared.Guest.Left...)
	}
	return lines
}

// among returns how a spec had ended in a guest that others had used, in a line.
func among(v verdict.Verdict) string {
	if v.Shared == nil {
		return ""
	}
	text := string(v.Shared.Kind)
	if n := len(v.Shared.After); n > 0 {
		text += fmt.Sprintf(" after %d others in the same guest", n)
	}
	if v.Shared.Reason != "" {
		text += ": " + v.Shared.Reason
	}
	return text
}

// isolation returns how specs were kept apart, in a few words; "" where the run does not say.
func isolation(r verdict.Run) string {
	switch r.Isolation {
	case "":
		return ""
	case "auto":
		return fmt.Sprintf("guests used again while proved clean, in the order of seed %d", r.Seed)
	}
	return "a guest per " + r.Isolation
}

// sameOrder returns the command that runs the specs of a cell again in the same order: that of the
// run, with the cell's loader and kernel, its seed, and another folder for what it finds.
func sameOrder(r verdict.Run, c verdict.Cell) string {
	if len(r.Command) == 0 {
		return ""
	}
	words := slices.Clone(r.Command)
	words[0] = words[0][strings.LastIndexByte(words[0], '/')+1:]
	words = without(words, "--seed", "--out", "--kernel", "--loader", "--jobs", "-j")
	words = append(words, "--kernel", c.KernelAnywhere(), "--loader", c.LoaderAnywhere(),
		"--seed", fmt.Sprint(r.Seed), "--out", "out/again")
	return verdict.CommandLine(words)
}

// without returns the words of a command without some of its flags and their values.
func without(words []string, flags ...string) []string {
	var kept []string
	for i := 0; i < len(words); i++ {
		name, _, joined := strings.Cut(words[i], "=")
		short := len(words[i]) > 2 && words[i][0] == '-' && slices.Contains(flags, words[i][:2])
		switch {
		case short || joined && slices.Contains(flags, name):
		case slices.Contains(flags, words[i]):
			i++
		default:
			kept = append(kept, words[i])
		}
	}
	return kept
}

// noted limits how many specs a note names.
const noted = 3

// named returns the specs of verdicts, as far as a note names them.
func named(vs []verdict.Verdict) string {
	var ids []string
	for _, v := range vs[:min(noted, len(vs))] {
		if !slices.Contains(ids, v.Spec) {
			ids = append(ids, v.Spec)
		}
	}
	text := strings.Join(ids, ", ")
	if len(vs) > noted {
		text += ", …"
	}
	return text
}

// writeDepending writes the specs that depend on what ran before them, and the notes.
func (s Screen) writeDepending(w io.Writer, f *verdict.File) {
	names := kernelsOf(f)
	for _, d := range dependences(f) {
		for i, v := range d.Verdicts {
			if i == onScreen {
				fmt.Fprintf(w, "%s\n", s.paint(dim, fmt.Sprintf("… and %d more like these", len(d.Verdicts)-i)))
				break
			}
			fmt.Fprintf(w, "%s  %s on %s  %s\n", s.paint(yellow, "DEPENDS"), printable(v.LoaderName()),
				printable(names.of(v.Cell.Kernel)), s.paint(bold, printable(v.Spec)))
			s.writeField(w, "alone", strings.TrimSuffix(string(v.Kind)+": "+v.Reason, ": "))
			s.writeField(w, "was", among(v))
		}
		s.writeField(w, "again", d.Again)
		fmt.Fprintln(w)
	}
	for _, text := range notes(f) {
		fmt.Fprintf(w, "%s  %s\n\n", s.paint(dim, "NOTE"), printable(text))
	}
}

// writeMarkdownDepending writes the same for a summary.
func writeMarkdownDepending(w io.Writer, f *verdict.File) {
	all, names := dependences(f), kernelsOf(f)
	if len(all) > 0 {
		fmt.Fprint(w, "### DEPENDS: ended otherwise in a guest that others had used\n\n")
	}
	for _, d := range all {
		for i, v := range d.Verdicts {
			if i == inSummary {
				fmt.Fprintf(w, "- … and %d more like these\n", len(d.Verdicts)-i)
				break
			}
			fmt.Fprintf(w, "- %s on %s `%s`: %s alone, %s\n", markdown(v.LoaderName()),
				markdown(names.of(v.Cell.Kernel)), printable(v.Spec), v.Kind, markdown(among(v)))
		}
		if d.Again != "" {
			fmt.Fprintf(w, "\nagain: <code>%s</code>\n\n", escape(d.Again))
		}
	}
	for _, text := range notes(f) {
		fmt.Fprintf(w, "%s.\n\n", markdown(text))
	}
}

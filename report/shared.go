// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// depending returns the verdicts on specs that ended otherwise in a guest that others had used.
func depending(f *verdict.File) []verdict.Verdict {
	return slices.DeleteFunc(sorted(f), func(v verdict.Verdict) bool { return !v.Differs() })
}

// leaving returns the verdicts on specs after which a guest was not as it was.
func leaving(f *verdict.File) []verdict.Verdict {
	return slices.DeleteFunc(sorted(f), func(v verdict.Verdict) bool { return len(left(v)) == 0 })
}

// leavingLine says how many specs left their guest other than it was; "" for none.
func leavingLine(f *verdict.File) string {
	switch n := len(leaving(f)); n {
	case 0:
		return ""
	case 1:
		return "1 spec left its guest other than it was, which was not used again"
	default:
		return fmt.Sprintf("%d specs left their guests other than they were, which were not used again", n)
	}
}

// starvedLine says how many specs were run again because the host was too busy; "" for none.
func starvedLine(f *verdict.File) string {
	n := 0
	for _, v := range f.Verdicts {
		if v.Starved > 0 || v.Shared != nil && v.Shared.Starved {
			n++
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "1 spec was run again, as a limit passed on a host too busy for it"
	default:
		return fmt.Sprintf("%d specs were run again, as a limit passed on a host too busy for it", n)
	}
}

// notes returns what is to be known of a run beside its verdicts, a line each.
func notes(f *verdict.File) []string {
	return slices.DeleteFunc([]string{leavingLine(f), starvedLine(f)},
		func(s string) bool { return s == "" })
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

// sameOrder returns the command that runs everything again in the same order.
func sameOrder(r verdict.Run) string {
	if len(r.Command) == 0 {
		return ""
	}
	words := slices.Clone(r.Command)
	words[0] = words[0][strings.LastIndexByte(words[0], '/')+1:]
	// The command's own --seed may be 0, which asks for a seed drawn at random.
	for i := 1; i < len(words); i++ {
		switch {
		case words[i] == "--seed":
			words = slices.Delete(words, i, min(i+2, len(words)))
			i--
		case strings.HasPrefix(words[i], "--seed="):
			words = slices.Delete(words, i, i+1)
			i--
		}
	}
	words = append(words, "--seed", fmt.Sprint(r.Seed))
	return verdict.CommandLine(words)
}

// writeDepending writes the specs that depend on what ran before them, and how many left something.
func (s Screen) writeDepending(w io.Writer, f *verdict.File) {
	found := depending(f)
	for i, v := range found {
		if i == onScreen {
			fmt.Fprintf(w, "%s\n\n", s.paint(dim, fmt.Sprintf("… and %d more like these", len(found)-i)))
			break
		}
		fmt.Fprintf(w, "%s  %s on %s  %s\n", s.paint(yellow, "DEPENDS"), printable(v.LoaderName()),
			printable(v.Cell.Kernel), s.paint(bold, printable(v.Spec)))
		s.writeField(w, "alone", strings.TrimSuffix(string(v.Kind)+": "+v.Reason, ": "))
		s.writeField(w, "was", among(v))
		s.writeField(w, "again", sameOrder(f.Run))
		fmt.Fprintln(w)
	}
	for _, text := range notes(f) {
		fmt.Fprintf(w, "%s  %s\n\n", s.paint(dim, "NOTE"), text)
	}
}

// writeMarkdownDepending writes the same for a summary.
func writeMarkdownDepending(w io.Writer, f *verdict.File) {
	found := depending(f)
	if len(found) > 0 {
		fmt.Fprint(w, "### Ended otherwise in a guest that others had used\n\n")
	}
	for i, v := range found {
		if i == inSummary {
			fmt.Fprintf(w, "- … and %d more like these\n", len(found)-i)
			break
		}
		fmt.Fprintf(w, "- %s on %s `%s`: %s alone, %s\n", markdown(v.LoaderName()),
			markdown(v.Cell.Kernel), printable(v.Spec), v.Kind, markdown(among(v)))
	}
	if len(found) > 0 {
		fmt.Fprintf(w, "\nagain: <code>%s</code>\n\n", escape(sameOrder(f.Run)))
	}
	for _, text := range notes(f) {
		fmt.Fprintf(w, "%s.\n\n", text)
	}
}

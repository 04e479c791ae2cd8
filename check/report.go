// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// requirement is what a report says that an object is held to.
const requirement = "An object loads, and nothing stays in the kernel when it is given up."

// attachRequirement follows it where programs are attached.
const attachRequirement = "Each of its programs attaches, and nothing stays when it is detached."

// File returns the check as a run whose specs are the objects, for the reports that runs have: an
// object that does not load is a failure, with its cause.
func (as Answers) File(run verdict.Run, end verdict.End) *verdict.File {
	f := &verdict.File{Run: run, End: &end}
	for _, a := range as.All {
		v := a.Verdict
		v.Spec, v.Sentence = a.Object.Label, []string{requirement}
		if as.Attach {
			v.Sentence = append(v.Sentence, attachRequirement)
		}
		v.Again = as.again(a)
		if v.Kind == verdict.Refused {
			v.Kind = verdict.Fail
			v.Expected, v.Seen = "the object loads", string(a.Cause)+": "+a.Why
		}
		switch {
		case a.Wrong == "" && a.Cause != "":
			v.Kind, v.Reason = verdict.XFail, string(a.Cause)+": "+a.Why
		case a.Cause == CauseAttach:
			v.Kind, v.Reason = verdict.Fail, string(a.Cause)+": "+a.Why
			v.Expected, v.Seen = a.Wrong, v.Reason
		case a.Wrong != "" && a.Loads():
			v.Kind, v.Reason = verdict.Fail, a.Wrong
		case !a.Loads():
			v.Reason = string(a.Cause) + ": " + a.Why
		}
		if made := a.Made(); made != "" {
			v.Detail = made + "\n" + fingerprint(a.Verdict.Checked)
		}
		v.Detail = strings.Trim(v.Detail+"\n"+strings.Join(a.Attachments(), "\n"), "\n")
		v.Detail = strings.Trim(v.Detail+"\n"+as.bound(a), "\n")
		f.Verdicts = append(f.Verdicts, v)
	}
	f.End.Notes = slices.Clone(f.End.Notes)
	for _, line := range as.Disagreements() {
		if !slices.Contains(f.End.Notes, line) {
			f.End.Notes = append(f.End.Notes, line)
		}
	}
	f.End.Verdicts = make(map[verdict.Kind]int)
	for _, v := range f.Verdicts {
		f.End.Verdicts[v.Kind]++
	}
	return f
}

// bound says the lower bound of an answer's object, and whether the answer and the table disagree,
// a line each.
func (as Answers) bound(a Answer) string {
	if as.Floors == nil {
		return ""
	}
	floor := as.Floors.Of(a.Object)
	return strings.Trim(strings.Join(append(floor.Lines(), floor.Disagrees(a)), "\n"), "\n")
}

// again returns the command that asks for one answer again.
func (as Answers) again(a Answer) string {
	words := []string{"loadstone", "check", a.Object.Path,
		"--kernel", a.Verdict.KernelAnywhere(), "--loader", a.Verdict.LoaderAnywhere()}
	if as.Attach {
		words = append(words, "--attach")
	}
	return verdict.CommandLine(words)
}

// Summary returns the check in Markdown: the table, then what is said of each object.
func (as Answers) Summary() []byte {
	var b bytes.Buffer
	loads := 0
	for _, a := range as.All {
		if a.Loads() {
			loads++
		}
	}
	fmt.Fprintf(&b, "## loadstone check: %d of %d load\n\n", loads, len(as.All))
	fmt.Fprintf(&b, "| object | loader | %s |\n|---|---|%s\n", cells(as.Kernels),
		strings.Repeat("---|", len(as.Kernels)))
	for _, o := range as.Objects() {
		of := as.Of(o)
		for i, l := range as.Loaders {
			row := []string{"", l}
			if i == 0 {
				row[0] = o.Label
			}
			for _, k := range as.Kernels {
				row = append(row, cellOf(of[k][l]))
			}
			fmt.Fprintf(&b, "| %s |\n", cells(row))
		}
	}
	for _, o := range as.Objects() {
		lines := as.about(o)
		if len(lines) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n", markdown(o.Label))
		for _, line := range lines {
			fmt.Fprintf(&b, "- %s\n", markdown(strings.TrimSpace(line)))
		}
	}
	return b.Bytes()
}

func cells(texts []string) string {
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i] = markdown(texts[i])
	}
	return strings.Join(texts, " | ")
}

// markdown keeps a text from being read as Markdown or HTML.
func markdown(text string) string {
	var b strings.Builder
	for _, r := range printable(text) {
		switch {
		case r == '<':
			b.WriteString("&lt;")
			continue
		case r == '&':
			b.WriteString("&amp;")
			continue
		case strings.ContainsRune("\\`*_[]|#~", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

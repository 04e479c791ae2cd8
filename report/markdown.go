// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// inSummary limits the findings in a summary, because CI services cut a job's summary off at a
// size.
const inSummary = 60

// writeMarkdown writes the run as GitHub-flavoured Markdown: the outcome, the matrix, and each
// finding in a block that opens.
func writeMarkdown(w io.Writer, f *verdict.File) error {
	b := bufio.NewWriter(w)
	word, _ := outcome(f)
	fmt.Fprintf(b, "## loadstone: %s\n\n%s\n\n", strings.ToLower(word), markdown(summary(f)))
	for _, p := range f.Problems() {
		fmt.Fprintf(b, "- **problem** %s\n", markdown(p))
	}
	names := kernelsOf(f)
	for _, u := range f.Unproved() {
		fmt.Fprintf(b, "- **unproved** %s on %s: %s\n", markdown(u.Loader),
			markdown(names.of(u.Kernel)), unproved(u))
	}
	if len(f.Problems())+len(f.Unproved()) > 0 {
		fmt.Fprintln(b)
	}
	m := f.Matrix()
	for _, suite := range m.Suites {
		writeMarkdownSuite(b, m, suite)
	}
	found := findings(f)
	if len(found) > 0 || len(gaps(f)) > 0 {
		fmt.Fprint(b, "### Not as it should be\n\n")
	}
	for _, g := range gaps(f) {
		fmt.Fprintf(b, "- %s on %s, %s: %d of %d verdicts are not in the file\n",
			markdown(g.Loader), markdown(names.of(g.Kernel)), markdown(g.Suite), g.Missing, g.Specs)
	}
	if len(gaps(f)) > 0 {
		fmt.Fprintln(b)
	}
	for i, x := range found {
		if i == inSummary {
			fmt.Fprintf(b, "… and %d more like these.\n\n", len(found)-i)
			break
		}
		writeMarkdownFinding(b, x, names)
	}
	writeMarkdownDepending(b, f)
	writeMarkdownClaims(b, f)
	writeMarkdownRun(b, f.Run)
	return b.Flush()
}

func writeMarkdownSuite(w io.Writer, m verdict.Matrix, suite string) {
	fmt.Fprintf(w, "| %s |", markdown(suite))
	names := shortKernels(m.Kernels)
	for _, kernel := range m.Kernels {
		fmt.Fprintf(w, " %s |", markdown(names.of(kernel)))
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---|", len(m.Kernels)))
	for _, loader := range m.Loaders {
		fmt.Fprintf(w, "| %s |", markdown(loader))
		for _, kernel := range m.Kernels {
			c := m.At(loader, kernel, suite)
			sign := map[color]string{red: "❌ ", yellow: "⚠️ ", green: "✅ "}[shade(c)]
			fmt.Fprintf(w, " %s%s |", sign, markdown(words(c)))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

// words returns a count for a table with room for words: "40/46, 2 fail, 4 refused".
func words(c verdict.Count) string {
	if c.Planned == 0 {
		return ""
	}
	parts := []string{fmt.Sprintf("%d/%d", c.Of(verdict.Pass), c.Planned)}
	for _, k := range verdict.Kinds {
		n := c.Of(k)
		if k == verdict.Fail {
			n -= c.Advisory
		}
		if n > 0 && k != verdict.Pass {
			parts = append(parts, fmt.Sprintf("%d %s", n, k))
		}
	}
	if c.Advisory > 0 {
		parts = append(parts, fmt.Sprintf("%d should", c.Advisory))
	}
	if c.Among > 0 {
		parts = append(parts, fmt.Sprintf("%d among others", c.Among))
	}
	return strings.Join(parts, ", ")
}

// writeMarkdownFinding writes a finding as HTML, which Markdown does not interpret: a guest cannot
// close a <pre> whose text is escaped.
func writeMarkdownFinding(w io.Writer, x finding, names kernelNames) {
	name, _ := label(x.Verdict)
	fmt.Fprintf(w, "<details><summary><b>%s</b> %s on %s <code>%s</code></summary>\n",
		name, escape(x.LoaderName()), escape(names.list(x.Kernels)), escape(x.Spec))
	v := x.Verdict
	v.Again = x.again()
	v.Sources = nil // they follow, as links
	fmt.Fprintf(w, "<pre>%s</pre>\n", escape(withoutBlankLines(story(v))))
	for _, s := range x.Sources {
		text := escape(strings.Join(strings.Fields(s.Text), " "))
		if a := address(s); a != "" {
			text = fmt.Sprintf("<a href=\"%s\">%s</a>", escape(a), text)
		}
		fmt.Fprintf(w, "<div>source: %s</div>\n", text)
	}
	fmt.Fprint(w, "</details>\n\n")
}

// withoutBlankLines returns text without the blank lines that would end a block of HTML.
func withoutBlankLines(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); strings.TrimSpace(line) != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func writeMarkdownRun(w io.Writer, r verdict.Run) {
	var kernels, loaders []string
	for _, k := range r.Kernels {
		kernels = append(kernels, strings.TrimSpace(k.Name+" "+parenthesis(k.Release)))
	}
	for _, l := range r.Loaders {
		loaders = append(loaders, l.Name)
	}
	host := nonEmpty(r.Host.OS, r.Host.Arch, r.Host.Accel, prefixed("QEMU ", r.Host.QEMU),
		isolation(r))
	fmt.Fprintf(w, "<sub>run %s, loadstone %s, %s; kernels %s; loaders %s</sub>\n",
		escape(r.ID), escape(r.Loadstone.Version), escape(strings.Join(host, ", ")),
		escape(strings.Join(kernels, ", ")), escape(strings.Join(loaders, ", ")))
}

func parenthesis(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func nonEmpty(ss ...string) []string {
	var kept []string
	for _, s := range ss {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

// escape returns text as HTML.
func escape(text string) string { return html.EscapeString(printable(text)) }

// markdown returns text as one line of Markdown without any markup.
func markdown(text string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(printable(text)), " ") {
		if strings.ContainsRune("\\`*_{}[]<>#+!|~&$@", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

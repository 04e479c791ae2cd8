// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/check"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// A corpus holds what a check of all objects saw.
type corpus struct {
	sources []source
	answers check.Answers
	run     verdict.Run
}

// writePage writes the page of checks of the objects in a folder, each on other kernels.
func writePage(sources []source, objects string, seen []string, page string) error {
	c, err := readCheck(sources, objects, seen)
	if err != nil {
		return err
	}
	return wholefile.Write(page, []byte(c.page()), 0o644)
}

// readCheck reads what checks saw of the objects in a folder.
func readCheck(sources []source, objects string, seen []string) (*corpus, error) {
	found, err := check.Find([]string{objects})
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*check.Object, len(found))
	for i := range found {
		byID[found[i].SpecOf(i+1)] = &found[i]
	}
	c := &corpus{sources: sources}
	for _, path := range seen {
		file, err := verdict.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if err := c.add(path, file, byID); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	slices.SortFunc(c.answers.Kernels, check.CompareSeries)
	c.answers.Complete()
	return c, nil
}

// add adds what one check saw, on kernels that none before it was of.
func (c *corpus) add(path string, file *verdict.File, byID map[string]*check.Object) error {
	var loaders []string
	for _, l := range file.Run.Loaders {
		loaders = append(loaders, l.Name)
	}
	switch {
	case c.answers.Loaders == nil:
		c.run, c.answers.Loaders = file.Run, loaders
	case !slices.Equal(loaders, c.answers.Loaders):
		return fmt.Errorf("its loaders are %q, and those of a check before it %q", loaders, c.answers.Loaders)
	}
	for _, k := range file.Run.Kernels {
		if slices.Contains(c.answers.Kernels, k.Name) {
			return fmt.Errorf("kernel %s is also of a check before it", k.Name)
		}
		c.answers.Kernels = append(c.answers.Kernels, k.Name)
	}
	for _, v := range file.Verdicts {
		o, ok := byID[v.Spec]
		if !ok {
			return fmt.Errorf("it is about %s, which is not in the folder: check that folder again", v.Spec)
		}
		c.answers.All = append(c.answers.All, check.Of(o, v))
	}
	return nil
}

// sourceOf returns the name of the source of an object: its folder's.
func sourceOf(o *check.Object) string { return filepath.Base(filepath.Dir(o.Path)) }

// page returns the page in Markdown.
func (c *corpus) page() string {
	var b strings.Builder
	objects := c.answers.Objects()
	fmt.Fprintf(&b, `# Objects that no one here wrote

%d different objects of %d sources, packages of Debian's and Go modules (check/corpus.yaml), as
`+"`loadstone check`"+` saw them on %s: each with each loader, in a clone of its own of each kernel, as
it is, without anything that its own program would set before the load. An object that its program
changes first, such as one with a map of no elements, is refused here and loads there. This page is
written by `+"`make corpus`"+`.

`, len(objects), len(c.have()), c.run.Started.Format("2006-01-02"))
	c.writeSources(&b)
	c.writeCauses(&b)
	c.writeDifferences(&b)
	return b.String()
}

// have returns the sources that objects are of, in the order of the list.
func (c *corpus) have() []source {
	names := make(map[string]bool)
	for _, o := range c.answers.Objects() {
		names[sourceOf(o)] = true
	}
	return slices.DeleteFunc(slices.Clone(c.sources), func(s source) bool { return !names[s.Name] })
}

// writeSources writes what of each source loads.
func (c *corpus) writeSources(b *strings.Builder) {
	loads := make(map[[3]string]int) // by source, kernel and loader
	total := make(map[string]map[*check.Object]bool)
	for _, a := range c.answers.All {
		name := sourceOf(a.Object)
		if total[name] == nil {
			total[name] = make(map[*check.Object]bool)
		}
		total[name][a.Object] = true
		if a.Loads() {
			for _, source := range []string{name, ""} {
				loads[[3]string{source, a.Verdict.Kernel, a.Verdict.LoaderName()}]++
			}
		}
	}
	fmt.Fprintf(b, "## What loads\n\nIn each cell: how many objects are loaded by %s.\n\n| source | objects | %s |\n|---|---|%s\n",
		strings.Join(c.answers.Loaders, ", "), strings.Join(c.answers.Kernels, " | "),
		strings.Repeat("---|", len(c.answers.Kernels)))
	row := func(name, shown string, objects int) {
		fmt.Fprintf(b, "| %s | %d |", shown, objects)
		for _, k := range c.answers.Kernels {
			var counts []string
			for _, l := range c.answers.Loaders {
				counts = append(counts, fmt.Sprint(loads[[3]string{name, k, l}]))
			}
			fmt.Fprintf(b, " %s |", strings.Join(counts, ", "))
		}
		fmt.Fprintln(b)
	}
	for _, s := range c.have() {
		row(s.Name, "`"+s.Name+"`", len(total[s.Name]))
	}
	row("", "all", len(c.answers.Objects()))
	fmt.Fprintln(b)
}

// writeCauses writes how many refusals have which cause.
func (c *corpus) writeCauses(b *strings.Builder) {
	counts := make(map[check.Cause]map[string]int) // by loader
	for _, a := range c.answers.All {
		if a.Loads() {
			continue
		}
		if counts[a.Cause] == nil {
			counts[a.Cause] = make(map[string]int)
		}
		counts[a.Cause][a.Verdict.LoaderName()]++
	}
	fmt.Fprintf(b, "## Why not\n\nRefusals by cause, over all kernels.\n\n| cause | means | %s |\n|---|---|%s\n",
		strings.Join(c.answers.Loaders, " | "), strings.Repeat("---|", len(c.answers.Loaders)))
	for _, cause := range check.Causes {
		if counts[cause.Cause] == nil {
			continue
		}
		fmt.Fprintf(b, "| %s | %s |", cause.Cause, cause.Means)
		for _, l := range c.answers.Loaders {
			fmt.Fprintf(b, " %d |", counts[cause.Cause][l])
		}
		fmt.Fprintln(b)
	}
	fmt.Fprintln(b)
}

// writeDifferences writes where loaders differ about an object on a kernel.
func (c *corpus) writeDifferences(b *strings.Builder) {
	fmt.Fprint(b, "## Where loaders differ\n")
	n := 0
	source := ""
	objects := c.answers.Objects()
	slices.SortFunc(objects, func(a, b *check.Object) int {
		return cmp.Or(strings.Compare(sourceOf(a), sourceOf(b)), strings.Compare(a.Path, b.Path))
	})
	for _, o := range objects {
		differs := c.differences(o)
		if len(differs) == 0 {
			continue
		}
		n++
		if s := sourceOf(o); s != source {
			source = s
			fmt.Fprintf(b, "\n### %s\n\n", s)
		}
		fmt.Fprintf(b, "- `%s`\n", strings.TrimSuffix(filepath.Base(o.Path), ".o"))
		for _, line := range differs {
			fmt.Fprintf(b, "  - %s\n", line)
		}
	}
	if n == 0 {
		fmt.Fprint(b, "\nThey do not.\n")
	}
}

// differences returns how loaders differ about an object, a sentence each, with the kernels on
// which it holds and why it was refused there.
func (c *corpus) differences(o *check.Object) []string {
	of := c.answers.Of(o)
	kernels := make(map[string][]string) // by sentence
	for _, k := range c.answers.Kernels {
		var answers []check.Answer
		for _, l := range c.answers.Loaders {
			if a := of[k][l]; a != nil {
				answers = append(answers, *a)
			}
		}
		for _, line := range check.Compare(answers) {
			for _, a := range answers {
				if !a.Loads() && strings.HasPrefix(line, "it is loaded") {
					line += "; " + a.Verdict.LoaderName() + ": " + oneLine(a.Why)
				}
			}
			kernels[line] = append(kernels[line], k)
		}
	}
	var lines []string
	for _, line := range slices.Sorted(maps.Keys(kernels)) {
		lines = append(lines, fmt.Sprintf("%s: %s", strings.Join(kernels[line], ", "), escape(line)))
	}
	return lines
}

// longest bounds what of a reason is shown, in bytes.
const longest = 240

// oneLine returns a reason as it fits into a list.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}

// escape returns text that Markdown shows as it is.
func escape(text string) string {
	return strings.NewReplacer("_", `\_`, "*", `\*`, "<", `\<`, "|", `\|`, "`", "\\`", "[", `\[`).Replace(text)
}

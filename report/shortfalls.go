// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// A shortfall describes one spec that a loader does not meet, in any of its versions and on any
// kernel.
type shortfall struct {
	verdict.Verdict // the first of them
	observations    []observation
}

// An observation describes what was seen, and where. Observations that differ only in numbers,
// which are often ids, are one.
type observation struct {
	what     string
	versions []string
	kernels  []string
}

// shortfalls returns where loaders fall short of requirements that they claim, sorted by spec:
// fails, including expected and flaky ones, and crashes.
func shortfalls(f *verdict.File) []*shortfall {
	names := kernelsOf(f)
	at := make(map[[2]string]*shortfall)
	var all []*shortfall
	failing := []verdict.Kind{verdict.Fail, verdict.XFail, verdict.Flaky, verdict.Crash}
	for _, v := range sorted(f) {
		if !slices.Contains(failing, v.Kind) {
			continue
		}
		v.Cell.Kernel = names.of(v.Cell.Kernel)
		key := [2]string{v.Cell.Loader, v.Spec}
		s := at[key]
		if s == nil {
			s = &shortfall{Verdict: v}
			at[key] = s
			all = append(all, s)
		}
		s.add(v)
	}
	slices.SortStableFunc(all, func(a, b *shortfall) int { return cmp.Compare(a.Spec, b.Spec) })
	return all
}

// loaderNames returns the run's loaders without their versions, each once, in the order of the run.
func loaderNames(f *verdict.File) []string {
	var names []string
	for _, l := range f.Run.Loaders {
		name, _, _ := strings.Cut(l.Name, "@")
		names = appendNew(names, name)
	}
	return names
}

func (s *shortfall) add(v verdict.Verdict) {
	seen := seenIn(v)
	i := slices.IndexFunc(s.observations, func(o observation) bool {
		return withoutNumbers(o.what) == withoutNumbers(seen)
	})
	if i < 0 {
		i = len(s.observations)
		s.observations = append(s.observations, observation{what: seen})
	}
	o := &s.observations[i]
	o.versions = appendNew(o.versions, v.Cell.LoaderVersion)
	o.kernels = appendNew(o.kernels, v.Cell.Kernel)
}

// seenIn returns what was seen, in one line.
func seenIn(v verdict.Verdict) string {
	switch {
	case v.Kind == verdict.Crash || v.Seen == "":
		return v.Reason
	case v.Expected == "":
		return v.Seen
	}
	return "expected " + v.Expected + "; seen " + v.Seen
}

func withoutNumbers(text string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, text)
}

func appendNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// writeShortfalls writes where loaders fall short as Markdown: a section for each loader, and in it
// the specs, each with an anchor for links, the requirement, what was seen in which versions on
// which kernels, and where the requirement comes from.
func writeShortfalls(w io.Writer, f *verdict.File) error {
	b := bufio.NewWriter(w)
	all := shortfalls(f)
	for _, name := range loaderNames(f) {
		mine := slices.DeleteFunc(slices.Clone(all), func(s *shortfall) bool {
			return s.Cell.Loader != name
		})
		fmt.Fprintf(b, "## %s\n\n%s\n\n", markdown(name), markdown(verdictsOf(f, name)))
		for _, level := range []verdict.Level{verdict.Must, verdict.Should} {
			writeLevel(b, mine, level)
		}
	}
	return b.Flush()
}

// verdictsOf returns the counts of a loader in each of its versions.
func verdictsOf(f *verdict.File, name string) string {
	m := f.Matrix()
	var parts []string
	for _, l := range m.Loaders {
		first, version, _ := strings.Cut(l, "@")
		if first != name {
			continue
		}
		planned, kinds := 0, make(map[verdict.Kind]int)
		for _, kernel := range m.Kernels {
			for _, suite := range m.Suites {
				c := m.At(l, kernel, suite)
				planned += c.Planned
				for _, k := range verdict.Kinds {
					kinds[k] += c.Of(k)
				}
			}
		}
		fail := kinds[verdict.Fail] + kinds[verdict.XFail] + kinds[verdict.Flaky] + kinds[verdict.Crash]
		parts = append(parts, fmt.Sprintf("%s: %d of %d pass, %d refused, %d fail",
			cmp.Or(version, name), kinds[verdict.Pass], planned, kinds[verdict.Refused], fail))
	}
	return strings.Join(parts, "; ") + "."
}

func writeLevel(w io.Writer, all []*shortfall, level verdict.Level) {
	for _, s := range all {
		if cmp.Or(s.Level, verdict.Must) != level {
			continue
		}
		fmt.Fprintf(w, "- <a id=\"%s\"></a>%s `%s`: %s\n", anchor(s.Cell.Loader, s.Spec), level,
			printable(s.Spec), markdown(strings.Join(s.Sentence, " ")))
		for _, o := range s.observations {
			where := nonEmpty(strings.Join(o.versions, ", "), prefixed("on ", strings.Join(o.kernels, ", ")))
			fmt.Fprintf(w, "  - %s: %s\n", markdown(strings.Join(where, " ")), markdown(o.what))
		}
		for _, commit := range s.Commits {
			fmt.Fprintf(w, "  - the kernel may lack %s\n", markdown(commit))
		}
		if e := s.Expectation; e != nil {
			fmt.Fprintf(w, "  - known: %s\n", markdown(e.Issue))
		}
		if len(s.Sources) > 0 {
			fmt.Fprintf(w, "  - source: %s\n", markdownSources(s.Sources))
		}
	}
	ofLevel := func(s *shortfall) bool { return cmp.Or(s.Level, verdict.Must) == level }
	if slices.ContainsFunc(all, ofLevel) {
		fmt.Fprintln(w)
	}
}

// anchor returns the fragment of a link to a loader's shortfall, such as
// libbpf-mapdefs-btf-duplicate-refused.
func anchor(loader, spec string) string {
	return strings.NewReplacer(".", "-", "/", "-").Replace(loader + "-" + spec)
}

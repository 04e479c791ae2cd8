// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrFiltered reports a run that left out specs, or did not come to its end: what it did not ask is
// not known to be mended.
var ErrFiltered = errors.New("the run did not ask everything")

// An Amendment holds an expectations file as runs say that it should be.
type Amendment struct {
	Text []byte // of the file
	// what was changed, and what is left to a person, a sentence each
	Changed, Left []string
}

// Amend returns an expectations file that holds what runs saw: entries that hold no more are taken
// out, classes are those that were seen, and failures that are not listed get entries. A new entry
// has no issue, and one whose failure is another than before loses it: both are refused until a
// person writes it. Entries about loaders that the runs did not ask stay. The name is for messages;
// data may be nil, for a file that is not there yet; catalogue has the id of every spec. Errors
// wrap [ErrFiltered], or are an [*ExpectationError].
func Amend(name string, data []byte, runs []*File, catalogue []string) (*Amendment, error) {
	var all []Verdict
	for _, f := range runs {
		if err := f.whole(catalogue); err != nil {
			return nil, err
		}
		all = append(all, f.Verdicts...)
	}
	a := &amending{name: name, of: make(map[*entry][]Verdict)}
	if len(bytes.TrimSpace(data)) > 0 {
		entries, err := parseEntries(name, data)
		var nodes []yaml.Node
		if err == nil {
			err = yaml.Unmarshal(data, &nodes)
		}
		if err != nil {
			return nil, &ExpectationError{err}
		}
		a.known.entries, a.nodes = entries, nodes
	}
	var unlisted []Verdict
	for _, v := range all {
		if x := a.known.entry(v); x != nil {
			a.of[x] = append(a.of[x], v)
		} else {
			unlisted = append(unlisted, v)
		}
	}
	if err := a.amend(data, all); err != nil {
		return nil, err
	}
	a.add(unlisted)
	text := strings.TrimLeft(a.out.String(), "\n")
	if !strings.Contains("\n"+text, "\n-") {
		text += "[]\n" // a file without an entry is one all the same
	}
	return &Amendment{[]byte(text), a.changed, a.left}, nil
}

// whole returns an error wrapping [ErrFiltered] for a run of less than all specs.
func (f *File) whole(catalogue []string) error {
	if !f.Complete() {
		return fmt.Errorf("%w: %s is incomplete", ErrFiltered, f.Run.ID)
	}
	asked := make(map[Cell]map[string]bool)
	for _, v := range f.Verdicts {
		if asked[v.Cell] == nil {
			asked[v.Cell] = make(map[string]bool)
		}
		asked[v.Cell][v.Spec] = true
	}
	for cell, specs := range asked {
		for _, id := range catalogue {
			if !specs[id] {
				return fmt.Errorf("%w: %s leaves out %s of %s: run without --suite and --spec", ErrFiltered,
					f.Run.ID, id, cell)
			}
		}
	}
	return nil
}

// An amending is an expectations file while it is amended.
type amending struct {
	name          string
	known         Expectations
	nodes         []yaml.Node
	of            map[*entry][]Verdict
	out           strings.Builder
	changed, left []string
}

// amend goes through the entries of the file, and keeps what stands between them.
func (a *amending) amend(data []byte, all []Verdict) error {
	lines := strings.SplitAfter(string(data), "\n")
	starts := make([]int, len(a.known.entries)+1) // index of the first line, with its comments
	starts[len(starts)-1] = len(lines)
	for i, x := range a.known.entries {
		start := x.line - 1
		for start > 0 && strings.HasPrefix(lines[start-1], "#") {
			start--
		}
		starts[i] = start
	}
	a.out.WriteString(strings.Join(lines[:starts[0]], ""))
	for i, x := range a.known.entries {
		block := lines[starts[i]:starts[i+1]]
		class, keep := a.judge(x, all)
		switch {
		case !keep:
		case class == x.Class:
			a.out.WriteString(strings.Join(block, ""))
		default:
			text, err := withClass(&a.nodes[i], class, x.Class != "")
			if err != nil {
				return err
			}
			a.out.WriteString(strings.Join(lines[starts[i]:x.line-1], "") + text)
			for j := len(block) - 1; j > 0 && strings.TrimSpace(block[j]) == ""; j-- {
				a.out.WriteString(block[j])
			}
		}
	}
	return nil
}

// judge returns the class that an entry is to have, and whether it stays.
func (a *amending) judge(x *entry, all []Verdict) (Class, bool) {
	var fails, holds []Verdict
	for _, v := range a.of[x] {
		switch {
		case v.fell():
			fails = append(fails, v)
		case v.Kind != Skip && !v.Unknown():
			holds = append(holds, v)
		}
	}
	about := fmt.Sprintf("%s: %s", x.at(), x.Match.text)
	one := Expectations{entries: []*entry{x}}
	switch {
	case x.Expect == doNotRun, x.Expect == expectFlaky && len(a.of[x]) > 0:
		return x.Class, true // runs cannot say that it is no more so
	case len(a.of[x]) == 0:
		if one.unused(x, all, false) == "" {
			return x.Class, true
		}
		a.changed = append(a.changed, about+" is taken out: it came up in no cell")
		return "", false
	case len(fails) == 0 && len(holds) == 0:
		a.left = append(a.left, about+" was skipped in every cell, or broke: narrow its when, or take it out")
		return x.Class, true
	case len(fails) == 0:
		a.changed = append(a.changed, fmt.Sprintf("%s is taken out: it is %q now", about, holds[0].Kind))
		return "", false
	case len(holds) > 0:
		a.left = append(a.left, fmt.Sprintf("%s fails in %s, and is met in %s: narrow its when", about,
			fails[0].Cell, holds[0].Cell))
	}
	class := classOf(fails)
	switch {
	case class == x.Class || x.Expect == expectCrash:
		return x.Class, true
	case x.Class != "":
		a.changed = append(a.changed, fmt.Sprintf("%s fails as %s, and not as %s: it needs an issue", about,
			cmp.Or(string(class), "several things"), x.Class))
	default:
		a.changed = append(a.changed, fmt.Sprintf("%s has the class %s", about, class))
	}
	return class, true
}

// fell reports whether the spec failed, whatever the expectations made of it.
func (v Verdict) fell() bool {
	switch v.Kind {
	case Fail, XFail, Crash:
		return true
	case Flaky:
		return v.Class() != ""
	}
	return false
}

// classOf returns the class of failures, "" where they have several.
func classOf(fails []Verdict) Class {
	class := fails[0].Class()
	for _, v := range fails {
		if v.Class() != class {
			return ""
		}
	}
	return class
}

// withClass returns an entry's text with another class. Where that is of another failure, the issue
// is taken away.
func withClass(n *yaml.Node, class Class, other bool) (string, error) {
	kept := *n
	kept.Style, kept.HeadComment, kept.Content = 0, "", nil
	scalar := func(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text} }
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Value == "class":
			continue
		case key.Value == "issue" && other:
			value = &yaml.Node{
				Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.SingleQuotedStyle,
				LineComment: "another failure than that of " + value.Value,
			}
		}
		kept.Content = append(kept.Content, key, value)
		if key.Value == "expect" && class != "" {
			kept.Content = append(kept.Content, scalar("class"), scalar(string(class)))
		}
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{&kept}}); err != nil {
		return "", err
	}
	return b.String(), e.Close()
}

// add writes entries for failures that are not listed. A *should* that is not met fails no run, and
// gets none.
func (a *amending) add(unlisted []Verdict) {
	type about struct{ loader, spec string }
	byAbout := make(map[about][]Verdict)
	for _, v := range unlisted {
		at := about{v.Loader, v.Spec}
		byAbout[at] = append(byAbout[at], v)
	}
	order := slices.SortedFunc(maps.Keys(byAbout), func(x, y about) int {
		return strings.Compare(x.loader+" "+x.spec, y.loader+" "+y.spec)
	})
	for _, at := range order {
		for _, group := range groups(byAbout[at]) {
			text := "\n- match: " + at.spec + "\n  when: {" + group.when + "}\n  expect: " + group.expect + "\n"
			if class := classOf(group.fails); class != "" && group.expect == expectFail {
				text += "  class: " + string(class) + "\n"
			}
			a.out.WriteString(text + "  issue: '' # where is it reported?\n")
			a.changed = append(a.changed, fmt.Sprintf("%s: %s of %s is new (%s): it needs an issue", a.name,
				at.spec, at.loader, group.expect))
		}
	}
}

// A group holds failures of one loader and spec for one entry.
type group struct {
	when, expect string
	fails        []Verdict
}

// groups puts failures of one loader and spec into as few entries as say no more than was seen: one
// where all versions on all kernels fail, else one for each version, else for each kernel too.
func groups(vs []Verdict) []group {
	var all, versions, cells = "loader: " + vs[0].Loader, make(map[string][]Verdict), make(map[string][]Verdict)
	for _, v := range vs {
		if v.Kind == Skip || v.Unknown() {
			continue
		}
		version := "loader: " + v.LoaderName()
		cell := version
		if r, ok := parseRelease(v.KernelRelease); ok && len(r) > 1 {
			cell = fmt.Sprintf(`%s, kernel: "%d.%d"`, version, r[0], r[1])
		}
		versions[version] = append(versions[version], v)
		cells[cell] = append(cells[cell], v)
	}
	asked := slices.Concat(slices.Collect(maps.Values(cells))...)
	if g, ok := groupOf(all, asked); ok {
		return g
	}
	var found []group
	for _, version := range slices.Sorted(maps.Keys(versions)) {
		if g, ok := groupOf(version, versions[version]); ok {
			found = append(found, g...)
			continue
		}
		for _, cell := range slices.Sorted(maps.Keys(cells)) {
			if cell != version && !strings.HasPrefix(cell, version+",") {
				continue
			}
			g, ok := groupOf(cell, cells[cell])
			if !ok {
				fails := slices.DeleteFunc(slices.Clone(cells[cell]), func(v Verdict) bool { return !v.fell() })
				g = []group{{cell, expectFlaky, fails}} // it failed in one run, and not in another
			}
			found = append(found, g...)
		}
	}
	return found
}

// groupOf returns the entry for verdicts that all fail in one way, none where none fails, and false
// where they differ.
func groupOf(when string, vs []Verdict) ([]group, bool) {
	var fails []Verdict
	expect := ""
	for _, v := range vs {
		if !v.fell() || v.Advisory() {
			continue
		}
		kind := map[bool]string{true: expectCrash, false: expectFail}[v.Kind == Crash]
		if expect != "" && expect != kind {
			return nil, false
		}
		expect = kind
		fails = append(fails, v)
	}
	switch len(fails) {
	case 0:
		return nil, true
	case len(vs):
		return []group{{when, expect, fails}}, true
	}
	return nil, false
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A source that makes several objects declares them at the end of its first comment:
//
//	// A hash on one NUMA node.
//	//
//	// variants:
//	//   node_zero: NODE=0 // A hash on node 0.
//	//   node_one: NODE=1 // A hash on node 1.
//
// A variant has an object's name, the macros that the source is compiled with, and a sentence for
// the catalogue. The first variant gives every macro a value, and the others change some of them. A
// value ends before the next macro, so it may hold spaces. A line that is indented further goes on
// with the variant before it.
const (
	variantsHeading = " variants:"
	variantIndent   = "   "
)

// An object describes what the compiler makes from a source: from all of it, or from one of its
// variants.
type object struct {
	name     string
	sentence string  // says what the object is
	macros   []macro // in the order of the first variant
}

// A macro has a name and the value that the compiler puts in its place.
type macro struct{ name, value string }

// flags returns the compiler's flags that define the object's macros.
func (o object) flags() []string {
	var all []string
	for _, m := range o.macros {
		all = append(all, "-D"+m.name+"="+m.value)
	}
	return all
}

var (
	objectName = regexp.MustCompile(`^[a-z0-9_]+$`)
	macroStart = regexp.MustCompile(`(?:^|\s)([A-Z][A-Z0-9_]*)=`)
)

// parseVariants parses the lines of a source's table of variants. The body is the source without
// its first comment.
func parseVariants(lines []string, body string) ([]object, error) {
	rows, err := joinRows(lines)
	if err != nil {
		return nil, err
	}
	var all []object
	for _, row := range rows {
		o, err := parseVariant(row)
		if err != nil {
			return nil, err
		}
		if len(all) > 0 {
			if o.macros, err = change(all[0].macros, o.macros); err != nil {
				return nil, fmt.Errorf("variant %s: %w", o.name, err)
			}
		}
		all = append(all, o)
	}
	for _, m := range all[0].macros {
		if !regexp.MustCompile(`\b` + m.name + `\b`).MatchString(body) {
			return nil, fmt.Errorf("no line uses macro %s", m.name)
		}
	}
	return all, nil
}

// joinRows returns a row for each variant, with the lines that it goes on for.
func joinRows(lines []string) ([]string, error) {
	var rows []string
	for _, line := range lines {
		row, indented := strings.CutPrefix(line, variantIndent)
		switch {
		case !indented || strings.TrimSpace(row) == "":
			return nil, fmt.Errorf("line %q among the variants is none: want //%sNAME: MACRO=VALUE // sentence",
				"//"+line, variantIndent)
		case !strings.HasPrefix(row, " "):
			rows = append(rows, row)
		case len(rows) == 0:
			return nil, fmt.Errorf("line %q goes on with no variant", "//"+line)
		default:
			rows[len(rows)-1] += " " + strings.TrimSpace(row)
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("has a list of variants without any")
	}
	return rows, nil
}

// parseVariant parses a row such as "node_one: NODE=1 // A hash on node 1."
func parseVariant(row string) (object, error) {
	name, rest, _ := strings.Cut(row, ":")
	if !objectName.MatchString(name) {
		return object{}, fmt.Errorf("variant %q does not begin with a name in lower case and a colon", row)
	}
	settings, sentence, _ := strings.Cut(rest, "// ")
	o := object{name: name, sentence: strings.TrimSpace(sentence)}
	if o.sentence == "" {
		return object{}, fmt.Errorf("variant %s has no sentence that says what it is", name)
	}
	starts := macroStart.FindAllStringSubmatchIndex(settings, -1)
	if len(starts) == 0 || strings.TrimSpace(settings[:starts[0][0]]) != "" {
		return object{}, fmt.Errorf("variant %s: %q does not begin with MACRO=", name, strings.TrimSpace(settings))
	}
	for i, start := range starts {
		end := len(settings)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		m := macro{settings[start[2]:start[3]], strings.TrimSpace(settings[start[1]:end])}
		if slices.ContainsFunc(o.macros, m.sameName) {
			return object{}, fmt.Errorf("variant %s sets %s twice", name, m.name)
		}
		o.macros = append(o.macros, m)
	}
	return o, nil
}

func (m macro) sameName(other macro) bool { return m.name == other.name }

// change returns the macros of the first variant with what another one changes.
func change(first, changes []macro) ([]macro, error) {
	changed := slices.Clone(first)
	for _, m := range changes {
		i := slices.IndexFunc(changed, m.sameName)
		if i < 0 {
			return nil, fmt.Errorf("sets %s, which the first variant does not", m.name)
		}
		changed[i] = m
	}
	return changed, nil
}

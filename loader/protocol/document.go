// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
)

// document returns the document for authors of drivers with its tables written anew. Each stands
// between two comments that name it.
func (s *source) document(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for _, table := range []struct {
		name string
		rows [][]string
	}{
		{"requests", s.requestRows()},
		{"attributes", s.attributeRows()},
		{"kinds", wordRows("kind", "attaches the program to", s.Kinds)},
		{"replies", s.replyRows()},
		{"stages", wordRows("stage", "meaning", s.Stages)},
		{"classes", wordRows("class", "meaning", s.Classes)},
		{"errnos", s.errnoRows()},
		{"features", wordRows("feature", "a loader that claims it", s.Features)},
	} {
		begin := fmt.Sprintf("<!-- %s: generated from loader/protocol -->\n", table.name)
		end := fmt.Sprintf("<!-- end of %s -->\n", table.name)
		before, rest, found := bytes.Cut(text, []byte(begin))
		_, after, ended := bytes.Cut(rest, []byte(end))
		if !found || !ended {
			return nil, fmt.Errorf("no place for the table of %s: want %s and %s", table.name,
				begin, end)
		}
		text = slices.Concat(before, []byte(begin), []byte("\n"), markdown(table.rows),
			[]byte("\n"), []byte(end), after)
	}
	return text, nil
}

// markdown returns a table, its first row the head.
func markdown(rows [][]string) []byte {
	var b bytes.Buffer
	for i, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	return b.Bytes()
}

func code(name string) string { return "`" + name + "`" }

func codes(names []string) string { return strings.Join(eachOf(names, code), ", ") }

func wordRows(head, means string, set words) [][]string {
	rows := [][]string{{head, means}}
	for _, w := range set.Words {
		rows = append(rows, []string{code(w.Name), w.Means})
	}
	return rows
}

func (s *source) requestRows() [][]string {
	rows := [][]string{{"op", "fields", "what it does", "`ok` holds"}}
	for _, m := range s.Requests {
		does := m.Does
		if m.More != "" {
			does += ". " + upperFirst(m.More)
		}
		answers := codes(m.Answer.Needs)
		if may := codes(m.Answer.May); may != "" {
			answers = strings.TrimPrefix(answers+"; "+may, "; ")
		}
		rows = append(rows, []string{code(m.Op), s.fieldCodes(m), strings.TrimSuffix(does, "."),
			answers})
	}
	return rows
}

// fieldCodes lists the fields of a message, those that are optional in parentheses, with the words
// that one takes if they need no explanation.
func (s *source) fieldCodes(m message) string {
	var all []string
	for _, f := range m.Fields {
		name := code(f.Name)
		if set, ok := s.set(f.Words); ok && set.Words[0].Means == "" {
			name += " (" + strings.Join(eachOf(set.names(), code), " or ") + ")"
		}
		if f.Optional {
			name = "(" + name + ")"
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

func (s *source) attributeRows() [][]string {
	rows := [][]string{{"attribute", "of", "meaning"}}
	for _, w := range s.Attributes.Words {
		rows = append(rows, []string{code(w.Name), w.Of, w.Means})
	}
	return rows
}

func (s *source) replyRows() [][]string {
	rows := [][]string{{"key", "what it says", "holds"}}
	for _, m := range s.Replies {
		says := strings.TrimPrefix(m.Does, "says that ")
		if m.More != "" {
			says += ". " + strings.TrimSuffix(m.More, ".")
		}
		rows = append(rows, []string{code(m.Key), says, s.fieldCodes(m)})
	}
	return rows
}

func (s *source) errnoRows() [][]string {
	rows := [][]string{{"errno", "class"}}
	for _, class := range s.Classes.Words {
		if len(class.Errnos) > 0 {
			names := strings.ReplaceAll(strings.Join(eachOf(class.Errnos, code), " "), "`ENOTSUPP`",
				"`ENOTSUPP` ("+kernelOnly+")")
			rows = append(rows, []string{names, code(class.Name)})
		}
	}
	return rows
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"go/format"
	"slices"
	"strconv"
	"strings"
)

const width = 100 // columns of a line, a tab counting as 4

// A text holds a file being written.
type text struct{ bytes.Buffer }

// line writes a line, printf-like.
func (t *text) line(format string, args ...any) {
	if len(args) == 0 {
		t.WriteString(format + "\n")
		return
	}
	fmt.Fprintf(t, format+"\n", args...)
}

// comment writes a comment of whole words, wrapped, each line after the same beginning.
func (t *text) comment(begin, sentence string) {
	columns := width - 4*strings.Count(begin, "\t") + strings.Count(begin, "\t")
	line := begin
	for _, word := range strings.Fields(sentence) {
		if len(line)+1+len(word) > columns {
			t.line("%s", line)
			line = begin
		}
		line += " " + word
	}
	t.line("%s", line)
}

// newGo begins a Go file.
func newGo(pkg string, imports ...string) *text {
	t := &text{}
	t.line("// %s\n\n// SPDX-License-Identifier: Apache-2.0\n\npackage %s\n", generated, pkg)
	if len(imports) > 0 {
		t.line("import (")
		for _, path := range imports {
			if path == "" {
				t.line("")
				continue
			}
			t.line("%q", path)
		}
		t.line(")\n")
	}
	return t
}

// formatted returns the file as gofmt has it.
func (t *text) formatted() ([]byte, error) { return format.Source(t.Bytes()) }

// goType returns the Go type of a field.
func goType(typ string) string { return strings.Replace(typ, "scalar", "any", 1) }

// tag returns the struct tag of a field.
func (f field) tag() string {
	if f.Optional {
		return fmt.Sprintf("`json:\"%s,omitempty\"`", f.Name)
	}
	return fmt.Sprintf("`json:%q`", f.Name)
}

// meaning returns what a field means, with the words that it takes.
func (s *source) meaning(f field) string {
	set, listed := s.set(f.Words)
	switch {
	case !listed:
		return f.Means
	case f.Means == "":
		return strings.Join(set.names(), " or ")
	}
	return f.Means + ": " + strings.Join(set.names(), ", ")
}

// goMeaning leaves the words out where the field's type has them.
func (s *source) goMeaning(f field) string {
	if set, listed := s.set(f.Words); listed && set.Type != "" {
		return f.Means
	}
	return s.meaning(f)
}

// goMessages writes the types of messages.
func (s *source) goMessages() ([]byte, error) {
	t := newGo("loader")
	for _, m := range slices.Concat([]message{s.Envelope}, s.Requests, s.Replies, s.Parts) {
		s.goStruct(t, m)
	}
	for _, r := range s.Requests {
		t.line("// Op returns [Op%s].\nfunc (%s) Op() Op { return Op%s }\n", r.Go, r.Go, r.Go)
	}
	for _, r := range s.Replies {
		t.line("func (*%s) reply() {}", r.Go)
	}
	t.line("\n// ops are the operations of [Version], in alphabetical order.\nvar ops = []Op{")
	for _, op := range s.ops() {
		t.line("Op%s,", camel(op))
	}
	t.line("}")
	return t.formatted()
}

// goStruct writes one type. Comments that fit stand behind their fields, the others above.
func (s *source) goStruct(t *text, m message) {
	sentence := fmt.Sprintf("%s %s. %s", m.Go, m.Does, upperFirst(m.More))
	t.comment("//", strings.TrimSpace(sentence))
	t.line("type %s struct {", m.Go)
	var names, types, tags int
	for _, f := range m.Fields {
		names = max(names, len(f.Go))
		types = max(types, len(goType(f.Type)))
		tags = max(tags, len(f.tag()))
	}
	for _, f := range m.Fields {
		means := s.goMeaning(f)
		code := fmt.Sprintf("\t%s %s %s", f.Go, goType(f.Type), f.tag())
		switch {
		case means == "":
			t.line("%s", code)
		case 4+names+1+types+1+tags+len(" // ")+len(means) <= width:
			t.line("%s // %s", code, means)
		default:
			t.comment("\t//", upperFirst(means)+".")
			t.line("%s", code)
		}
	}
	t.line("}\n")
}

func upperFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// goWords writes the constants, and what the errnos stand for.
func (s *source) goWords() ([]byte, error) {
	t := newGo("loader", "syscall", "", "golang.org/x/sys/unix")
	t.line("// Version is the version of the protocol that this package speaks.\nconst Version = %d\n", s.Version)
	t.line("// Limits of messages.\nconst (")
	t.comment("\t//", "MaxLine is the longest line of the protocol in bytes, without its newline. A longer one is a fault of its writer.")
	t.line("MaxLine = %d\n", s.Limits.Line)
	t.comment("\t//", "MaxText is how much of a log, message or trace is sent, in bytes: the last of a log, the first of anything else.")
	t.line("MaxText = %d\n", s.Limits.Text)
	t.line("maxErrno = %d // MAX_ERRNO, include/linux/err.h\n)\n", s.Limits.Errno)
	t.line("// The operations of protocol version %d.\nconst (", s.Version)
	for _, r := range s.Requests {
		t.line("Op%s Op = %q", r.Go, r.Op)
	}
	t.line(")\n")
	for _, set := range s.sets() {
		if set.Type != "" {
			s.goConstants(t, set)
		}
	}
	s.goRoots(t)
	s.goClassOf(t)
	return t.formatted()
}

func (s *source) goConstants(t *text, set namedWords) {
	t.line("// Values of [%s] in protocol version %d.\nconst (", set.Type, s.Version)
	var goNames, names int
	for _, w := range set.Words {
		goNames, names = max(goNames, len(w.Go)), max(names, len(w.Name))
	}
	for _, w := range set.Words {
		code := fmt.Sprintf("%s %s = %q", w.Go, set.Type, w.Name)
		switch {
		case w.Means == "":
			t.line("%s", code)
		case 4+goNames+1+len(set.Type)+len(` = "" // `)+names+len(w.Means) <= width:
			t.line("%s // %s", code, w.Means)
		default:
			t.comment("\t//", upperFirst(w.Means)+".")
			t.line("%s", code)
		}
	}
	t.line(")\n")
	if set.name != "features" && set.name != "classes" {
		return
	}
	t.line("// %s returns the %s of [Version], in the order of their listing.",
		upperFirst(set.name), set.name)
	t.line("func %s() []%s {\nreturn []%s{", upperFirst(set.name), set.Type, set.Type)
	for _, w := range set.Words {
		t.line("%s,", w.Go)
	}
	t.line("}\n}\n")
}

// goRoots writes the words that others refine, and those that admit all.
func (s *source) goRoots(t *text) {
	t.comment("//", "The first words of stages and classes are all there are. What comes after a slash refines them, and may be new.")
	t.line("var (")
	for _, set := range []words{s.Stages, s.Classes} {
		quoted := eachOf(set.roots(), strconv.Quote)
		for i := range quoted {
			quoted[i] += ","
		}
		t.line("%sRoots = []string{\n%s\n}", strings.ToLower(set.Type), wrap(quoted, width-8, "\n"))
	}
	t.line(")\n")
	for _, set := range []words{s.Stages, s.Classes} {
		for _, w := range set.Words {
			if w.Coarsest {
				t.line("// coarsest%s admits any other.\nconst coarsest%s = %s\n", set.Type,
					set.Type, w.Go)
			}
		}
	}
}

func (s *source) goClassOf(t *text) {
	t.comment("//", "ClassOf returns the class of a refusal of which no more is known than its errno: a coarse one.")
	t.line("func ClassOf(errno syscall.Errno) Class {\nswitch errno {")
	for _, class := range s.Classes.Words {
		if len(class.Errnos) == 0 {
			continue
		}
		t.line("case %s:\nreturn %s", strings.Join(eachOf(class.Errnos, goErrno), ", "), class.Go)
	}
	t.line("}\nreturn coarsestClass\n}")
}

func goErrno(name string) string {
	if name == "ENOTSUPP" {
		return name // of this package: it has no name in user space
	}
	return "unix." + name
}

func eachOf(all []string, one func(string) string) []string {
	var changed []string
	for _, s := range all {
		changed = append(changed, one(s))
	}
	return changed
}

// vocabularySets names the sets of words that specs use.
var vocabularySets = []string{
	"stages", "classes", "handlers", "attributes", "modes", "ways", "actions",
}

// goVocabulary writes the words that specs use. The coarsest of a set is left out: a spec that
// asked for it would take any refusal.
func (s *source) goVocabulary() ([]byte, error) {
	t := newGo("suite", "github.com/loadstone-bpf/loadstone/loader")
	for _, set := range s.sets() {
		if !slices.Contains(vocabularySets, set.name) {
			continue
		}
		t.line("// %s of the loader protocol.\nconst (", upperFirst(set.name))
		for _, w := range set.Words {
			if !w.Coarsest {
				t.line("%s = loader.%s", w.Go, w.Go)
			}
		}
		t.line(")\n")
	}
	return t.formatted()
}

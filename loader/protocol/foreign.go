// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// constants returns the sets of words for drivers in other languages, by the beginning of their
// names in C, which is the name of their module in Rust.
func (s *source) constants() []namedWords {
	ops := words{Means: "what is asked"}
	for _, m := range s.Requests {
		ops.Words = append(ops.Words, word{Name: m.Op, Means: m.Does})
	}
	all := []namedWords{{"op", ops}}
	for _, set := range s.sets() {
		name := map[string]string{"classes": "class", "queries": "query"}[set.name]
		if name == "" {
			name = strings.TrimSuffix(set.name, "s")
		}
		all = append(all, namedWords{name, set.words})
	}
	return all
}

// header writes the constants for drivers in C.
func (s *source) header() ([]byte, error) {
	t := &text{}
	t.line("/* SPDX-License-Identifier: Apache-2.0 */\n/* %s */", generated)
	t.line("/*\n * The words of the loader protocol for drivers in C. It needs nothing but libc: copy it beside\n * your driver.\n */")
	t.line("#ifndef PROTOCOL_H\n#define PROTOCOL_H\n\n#include <errno.h>\n")
	t.line("#define PROTOCOL_VERSION %d\n", s.Version)
	t.line("#define MAX_LINE %d /* bytes of a line, without its newline */", s.Limits.Line)
	t.line("#define MAX_TEXT %d /* bytes of a message, log or trace */\n", s.Limits.Text)
	for _, set := range s.constants() {
		for _, w := range set.Words {
			define := fmt.Sprintf("#define %s_%s %q", strings.ToUpper(set.name), screaming(w.Name),
				w.Name)
			comment := "/* " + strings.ReplaceAll(w.Means, "_*", "_...") + " */"
			switch {
			case w.Means == "":
				t.line("%s", define)
			case len(define)+1+len(comment) <= width:
				t.line("%s %s", define, comment)
			default:
				t.line("%s\n%s", comment, define)
			}
		}
		t.line("")
	}
	t.line("/* The class of a refusal of which no more is known than its errno, which is positive. */")
	t.line("static const char *class_of_errno(int err)\n{\n\tswitch (err) {")
	for _, class := range s.Classes.Words {
		if len(class.Errnos) > 0 {
			cases := eachOf(class.Errnos,
				func(name string) string { return "case " + cErrno(name) + ":" })
			t.line("\t%s\n\t\treturn CLASS_%s;", wrap(cases, width-4, "\n\t"),
				screaming(class.Name))
		}
	}
	t.line("\tdefault:\n\t\treturn CLASS_UNCLASSIFIED;\n\t}\n}\n\n#endif")
	return t.Bytes(), nil
}

// wrap joins words with spaces, and with another separator if a line would be longer than columns.
func wrap(all []string, columns int, separator string) string {
	var b strings.Builder
	length := 0
	for i, word := range all {
		switch {
		case i == 0:
		case length+1+len(word) > columns:
			b.WriteString(separator)
			length = 0
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += len(word)
	}
	return b.String()
}

// kernelOnly numbers the one errno that has no name in user space.
const kernelOnly = "524"

func cErrno(name string) string {
	if name == "ENOTSUPP" {
		return kernelOnly + " /* the kernel's ENOTSUPP */"
	}
	return name
}

// rustModule writes the constants for drivers in Rust.
func (s *source) rustModule() ([]byte, error) {
	t := &text{}
	t.line("// SPDX-License-Identifier: Apache-2.0\n// %s\n", generated)
	t.line("//! The words of the loader protocol for drivers in Rust, a module per set. Needs the crate libc.\n")
	t.line("#![allow(dead_code)] // a driver uses what it needs\n")
	t.line("pub const VERSION: i32 = %d;\n", s.Version)
	t.line("/// Bytes of a message, log or trace in a reply.\npub const MAX_TEXT: usize = %d;\n",
		s.Limits.Text)
	for _, set := range s.constants() {
		if set.Means != "" {
			t.line("/// %s.", upperFirst(set.Means))
		}
		t.line("pub mod %s {", set.name)
		for _, w := range set.Words {
			if w.Means != "" {
				t.comment("    ///", upperFirst(w.Means)+".")
			}
			t.line("    pub const %s: &str = %q;", screaming(w.Name), w.Name)
		}
		t.line("}\n")
	}
	t.line("/// The class of a refusal of which no more is known than its errno.")
	t.line("pub fn class_of(errno: i32) -> &'static str {\n    match errno {")
	for _, class := range s.Classes.Words {
		if len(class.Errnos) > 0 {
			names := eachOf(class.Errnos, rustErrno)
			for i := range names[1:] {
				names[i+1] = "| " + names[i+1]
			}
			t.line("        %s => class::%s,", wrap(names, width-8, "\n        "),
				screaming(class.Name))
		}
	}
	t.line("        _ => class::UNCLASSIFIED,\n    }\n}")
	return t.Bytes(), nil
}

func rustErrno(name string) string {
	if name == "ENOTSUPP" {
		return fmt.Sprintf("%s /* the kernel's ENOTSUPP */", kernelOnly)
	}
	return "libc::" + name
}

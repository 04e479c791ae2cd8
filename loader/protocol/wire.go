// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
)

// goWire writes how messages go over the wire: straight-line code for each type. Reflection would
// do it in a fraction of the lines, and cost a virtual machine that was just cloned 60 ms: an
// emulator translates every function anew when it runs for the first time.
func (s *source) goWire() ([]byte, error) {
	t := newGo("loader", "fmt", "maps", "slices", "",
		"github.com/loadstone-bpf/loadstone/loader/jsonline")
	s.goWrite(t)
	s.goRead(t)
	s.goFlaw(t)
	s.goExact(t)
	return t.formatted()
}

// ---- writing ----

func (s *source) goWrite(t *text) {
	t.line("// writeRequest writes the fields of a request. The error is about a value that has no JSON.")
	t.line("func writeRequest(l *jsonline.Line, req Request) error {\nswitch r := req.(type) {")
	for _, m := range s.Requests {
		writeCase(t, m, m.Go)
	}
	t.line("default:\nreturn writeUnknown(l, req)\n}\nreturn nil\n}\n")
	t.line("// writeReply writes the fields of a reply. The error is about an answer that cannot be JSON.")
	t.line("func writeReply(l *jsonline.Line, reply Reply) error {\nswitch r := reply.(type) {")
	for _, m := range s.Replies {
		writeCase(t, m, "*"+m.Go)
	}
	t.line("}\nreturn nil\n}\n")
	for _, m := range slices.Concat([]message{s.Envelope}, s.Requests, s.Replies, s.Parts) {
		s.goWriteOne(t, m)
	}
}

func writeCase(t *text, m message, typ string) {
	t.line("case %s:", typ)
	if m.fallible() {
		t.line("return r.write(l)")
		return
	}
	t.line("r.write(l)")
}

// fallible reports whether a message has a value that may not be JSON.
func (m message) fallible() bool {
	return slices.ContainsFunc(m.Fields, func(f field) bool { return goType(f.Type) == "any" })
}

func (s *source) goWriteOne(t *text, m message) {
	pointer := ""
	if m.Key != "" {
		pointer = "*"
	}
	if m.fallible() {
		t.line("func (v %s%s) write(l *jsonline.Line) error {", pointer, m.Go)
	} else {
		t.line("func (v %s%s) write(l *jsonline.Line) {", pointer, m.Go)
	}
	for i, f := range m.Fields {
		if goType(f.Type) != "any" {
			s.goWriteField(t, f)
			continue
		}
		call := fmt.Sprintf("writeValue(l, %q, v.%s)", f.Name, f.Go)
		last := i == len(m.Fields)-1
		switch {
		case f.Optional && last:
			t.line("if v.%s == nil {\nreturn nil\n}\nreturn %s", f.Go, call)
		case f.Optional:
			t.line("if v.%s != nil {\nif err := %s; err != nil {\nreturn err\n}\n}", f.Go, call)
		case last:
			t.line("return %s", call)
		default:
			t.line("if err := %s; err != nil {\nreturn err\n}", call)
		}
	}
	if m.fallible() && goType(m.Fields[len(m.Fields)-1].Type) != "any" {
		t.line("return nil")
	}
	t.line("}\n")
}

// goWriteField writes the line or lines that write a field.
func (s *source) goWriteField(t *text, f field) {
	sh := shapeOf(f.Type)
	value := "v." + f.Go
	if sh.list || sh.dict {
		s.goWriteMany(t, f, sh)
		return
	}
	if _, part := s.part(sh.elem); part {
		call := fmt.Sprintf("l.Object(%q, %s.write)", f.Name, value)
		if sh.pointer {
			call = fmt.Sprintf("if %s != nil {\n%s\n}", value, call)
		}
		t.line("%s", call)
		return
	}
	method := map[string]string{
		"bool": "True", "int": "Number", "uint32": "Number", "uint64": "Unsigned",
	}[sh.elem]
	switch {
	case s.isText(sh.elem):
		method = "Text"
		if sh.elem != "string" {
			value = "string(" + value + ")"
		}
	case method == "Number":
		value = "int64(" + value + ")"
	}
	if f.Optional {
		method += map[string]string{"True": "IfSo"}[method]
		if !strings.HasSuffix(method, "IfSo") {
			method += "IfAny"
		}
	}
	t.line("l.%s(%q, %s)", method, f.Name, value)
}

// goWriteMany writes a list or dict. One that is optional and empty is left out.
func (s *source) goWriteMany(t *text, f field, sh shape) {
	value := "v." + f.Go
	_, part := s.part(sh.elem)
	var call string
	switch {
	case sh.dict && part:
		call = fmt.Sprintf("jsonline.Map(l, %q, %s, func(e %s) {\nl.Open()\ne.write(l)\nl.Close()\n})", f.Name, value, sh.elem)
	case sh.dict:
		t.line("jsonline.TextMap(l, %q, %s)", f.Name, value) // which leaves out an empty one itself
		return
	case part:
		call = fmt.Sprintf("jsonline.Objects(l, %q, %s, func(l *jsonline.Line, e %s) { e.write(l) })", f.Name, value, sh.elem)
	case s.isText(sh.elem):
		call = fmt.Sprintf("jsonline.Texts(l, %q, %s)", f.Name, value)
	default:
		call = fmt.Sprintf("jsonline.Numbers(l, %q, %s)", f.Name, value)
	}
	if f.Optional {
		call = fmt.Sprintf("if len(%s) > 0 {\n%s\n}", value, call)
	}
	t.line("%s", call)
}

// ---- reading ----

func (s *source) goRead(t *text) {
	t.line("// readRequest reads the request of that kind, or returns nil if there is no such kind.")
	t.line("func readRequest(op Op, n *node) Request {\nswitch op {")
	for _, m := range s.Requests {
		t.line("case Op%s:\nvar r %s\nr.read(n)\nreturn r", m.Go, m.Go)
	}
	t.line("}\nreturn nil\n}\n")
	keys := eachMessage(s.Replies, func(m message) string { return m.Key })
	t.line("// replyKeys are the keys of which a line from a driver has one.\nvar replyKeys = %#v\n", keys)
	t.line("// readReply reads what stands under one of [replyKeys].")
	t.line("func readReply(key string, n *node) Reply {\nswitch key {")
	for _, m := range s.Replies {
		t.line("case %q:\nvar r %s\nr.read(n)\nreturn &r", m.Key, m.Go)
	}
	t.line("}\nreturn nil\n}\n")
	t.line("func replyKey(reply Reply) string {\nswitch reply.(type) {")
	for _, m := range s.Replies {
		t.line("case *%s:\nreturn %q", m.Go, m.Key)
	}
	t.line("}\nreturn \"\"\n}\n")
	for _, m := range slices.Concat([]message{s.Envelope}, s.Requests, s.Replies, s.Parts) {
		t.line("func (v *%s) read(n *node) {\nn.open()", m.Go)
		for _, f := range m.Fields {
			s.goReadField(t, f)
		}
		t.line("n.close()\n}\n")
	}
}

func eachMessage(all []message, one func(message) string) []string {
	var changed []string
	for _, m := range all {
		changed = append(changed, one(m))
	}
	return changed
}

func (s *source) goReadField(t *text, f field) {
	find := "need"
	if f.Optional {
		find = "find"
	}
	t.line("if f, ok := n.%s(%q); ok {", find, f.Name)
	sh := shapeOf(f.Type)
	_, part := s.part(sh.elem)
	value := "v." + f.Go
	switch {
	case sh.list:
		t.line("%s = make(%s, f.length())\nfor i := range %s {\ne := f.element(i)", value, f.Type,
			value)
		if part {
			t.line("%s[i].read(&e)\n}", value)
		} else {
			t.line("%s[i] = %s\n}", value, s.goScalar("e", sh.elem))
		}
	case sh.dict:
		t.line("%s = %s{}\nfor _, key := range f.keys() {\ne := f.member(key)", value, f.Type)
		key := "key"
		if sh.key != "string" {
			key = sh.key + "(key)"
		}
		if part {
			t.line("var one %s\none.read(&e)\n%s[%s] = one\n}", sh.elem, value, key)
		} else {
			t.line("%s[%s] = %s\n}", value, key, s.goScalar("e", sh.elem))
		}
	case sh.pointer:
		t.line("%s = new(%s)\n%s.read(&f)", value, sh.elem, value)
	case part:
		t.line("%s.read(&f)", value)
	default:
		t.line("%s = %s", value, s.goScalar("f", sh.elem))
	}
	t.line("}")
}

// goScalar returns the expression that reads a value that is not an object.
func (s *source) goScalar(node, elem string) string {
	switch {
	case elem == "string":
		return node + ".text()"
	case s.isText(elem):
		return elem + "(" + node + ".text())"
	}
	return node + "." + map[string]string{
		"bool": "truth", "int": "integer", "uint32": "uint32", "uint64": "uint64", "any": "value",
		"scalar": "value",
	}[elem] + "()"
}

// ---- rules that no type says ----

func (s *source) goFlaw(t *text) {
	t.comment("//", "missing returns the field that the reply ok to a request must hold and does not, or nothing.")
	t.line("func (v *OK) missing(op Op) string {\nswitch op {")
	for _, m := range s.Requests {
		if len(m.Answer.Needs) == 0 {
			continue
		}
		t.line("case Op%s:\nswitch {", m.Go)
		for _, name := range m.Answer.Needs {
			f, _ := s.ok().fieldOf(name)
			t.line("case %s:\nreturn %q", s.goEmpty(f), name)
		}
		t.line("}")
	}
	t.line("}\nreturn \"\"\n}\n")

	t.line("// rejectable reports whether a request has input that a loader can reject.")
	t.line("func rejectable(op Op) bool {\nswitch op {")
	var none []string
	for _, m := range s.Requests {
		if m.Unrejected {
			none = append(none, "Op"+m.Go)
		}
	}
	t.line("case %s:\nreturn false\n}\nreturn true\n}\n", strings.Join(none, ", "))

	t.comment("//", "flaw returns what is wrong with a reply whose fields are all of the right type, or nothing: the rules of the schema that no Go type says.")
	t.line("func flaw(reply Reply) string {\nswitch r := reply.(type) {")
	for _, m := range s.Replies {
		if s.flawed(m) {
			t.line("case *%s:\nreturn r.flaw()", m.Go)
		}
	}
	t.line("}\nreturn \"\"\n}\n")
	for _, m := range slices.Concat(s.Replies, s.Parts) {
		if s.flawed(m) && s.inReply(m) {
			t.line("func (v *%s) flaw() string {", m.Go)
			for _, f := range m.Fields {
				s.goFieldFlaw(t, f)
			}
			t.line("return \"\"\n}\n")
		}
	}
}

// goEmpty returns the condition under which a field of ok is not there.
func (s *source) goEmpty(f field) string {
	switch sh := shapeOf(f.Type); {
	case sh.pointer || f.Type == "any":
		return "v." + f.Go + " == nil"
	case sh.list || sh.dict:
		return "len(v." + f.Go + ") == 0"
	case s.isText(sh.elem):
		return "v." + f.Go + " == \"\""
	}
	return "v." + f.Go + " < 1"
}

// inReply reports whether a message is a reply or a part of one.
func (s *source) inReply(m message) bool {
	if m.Key != "" {
		return true
	}
	return slices.ContainsFunc(slices.Concat(s.Replies, s.Parts), func(other message) bool {
		return other.Go != m.Go && s.inReply(other) &&
			slices.ContainsFunc(other.Fields,
				func(f field) bool { return shapeOf(f.Type).elem == m.Go })
	})
}

// flawed reports whether there is a rule for a field of a message, or of a part of it.
func (s *source) flawed(m message) bool {
	return slices.ContainsFunc(m.Fields, func(f field) bool {
		elem := shapeOf(f.Type).elem
		set, _ := s.typed(elem)
		part, isPart := s.part(elem)
		return f.Nonempty || f.Min != nil || f.Is != "" || set.Closed || set.Refined ||
			isPart && s.flawed(part)
	})
}

func (s *source) goFieldFlaw(t *text, f field) {
	sh, value := shapeOf(f.Type), "v."+f.Go
	set, _ := s.typed(sh.elem)
	part, isPart := s.part(sh.elem)
	switch {
	case isPart && s.flawed(part):
		s.goPartFlaw(t, f, sh)
	case f.Nonempty:
		t.line("if %s == \"\" {\nreturn %q\n}", value, f.Name+" is empty")
	case f.Is == "version":
		t.line("if !isVersion(%s) {\nreturn fmt.Sprintf(%q, %s)\n}", value,
			f.Name+" is %q, want one that does not move, a number first", value)
	case set.Closed:
		t.line("switch %s {\ncase %s:\ndefault:\nreturn fmt.Sprintf(%q, %s)\n}", value,
			strings.Join(eachWord(set.Words, func(w word) string { return w.Go }), ", "),
			f.Name+" is %q", value)
	case set.Refined:
		t.line("if !wellFormed(string(%s), %sRoots) {\nreturn fmt.Sprintf(%q, %s)\n}", value,
			strings.ToLower(set.Type), f.Name+" is %q", value)
	case f.Max != nil:
		t.line("if %s < %d || %s > %d {\nreturn fmt.Sprintf(%q, %s)\n}", value, *f.Min, value,
			*f.Max,
			fmt.Sprintf("%s is %%d, want %d to %d", f.Name, *f.Min, *f.Max), value)
	case f.Min != nil:
		t.line("if %s < %d {\nreturn fmt.Sprintf(%q, %s)\n}", value, *f.Min,
			fmt.Sprintf("%s is %%d, want %d or more", f.Name, *f.Min), value)
	}
}

func (s *source) goPartFlaw(t *text, f field, sh shape) {
	value := "v." + f.Go
	switch {
	case sh.list:
		t.line("for i := range %s {\nif f := %s[i].flaw(); f != \"\" {\nreturn fmt.Sprintf(%q, i, f)\n}\n}", value, value, f.Name+"[%d].%s")
	case sh.dict:
		t.line("for _, key := range slices.Sorted(maps.Keys(%s)) {\none := %s[key]", value, value)
		t.line("if f := one.flaw(); f != \"\" {\nreturn fmt.Sprintf(%q, key, f)\n}\n}",
			f.Name+".%s.%s")
	case sh.pointer:
		t.line("if %s != nil {\nif f := %s.flaw(); f != \"\" {\nreturn %q + f\n}\n}", value, value,
			f.Name+".")
	default:
		t.line("if f := %s.flaw(); f != \"\" {\nreturn %q + f\n}", value, f.Name+".")
	}
}

func eachWord(all []word, one func(word) string) []string {
	var changed []string
	for _, w := range all {
		changed = append(changed, one(w))
	}
	return changed
}

// ---- messages whose text reads back as they are ----

func (s *source) goExact(t *text) {
	t.comment("//", "exact reports whether the text of a message reads back as the message, but for strings that are no UTF-8. "+
		"A value of any type does not (JSON has one kind of number), nor does a required list that is nil, which is null.")
	t.line("func exact(message any) bool {\nswitch m := message.(type) {")
	var always []string
	for _, m := range slices.Concat(s.Requests, s.Replies) {
		name := m.Go
		if m.Key != "" {
			name = "*" + name
		}
		var conditions []string
		for _, f := range m.Fields {
			switch {
			case goType(f.Type) == "any":
				conditions = append(conditions,
					fmt.Sprintf("exactValue(m.%s, %v)", f.Go, f.Optional))
			case !f.Optional && (shapeOf(f.Type).list || shapeOf(f.Type).dict):
				conditions = append(conditions, "m."+f.Go+" != nil")
			}
		}
		if len(conditions) == 0 {
			always = append(always, name)
			continue
		}
		t.line("case %s:\nreturn %s", name, strings.Join(conditions, " && "))
	}
	t.line("case %s:\nreturn true\n}\nreturn false // of no version\n}", strings.Join(always, ", "))
}

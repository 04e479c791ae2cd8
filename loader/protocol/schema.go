// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// An object keeps the order of its members.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON implements [json.Marshaler].
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", m.name, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal writes a value with < and > as they are.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(b.Bytes()), err
}

// add adds a member, unless its value is an empty string.
func (o *object) add(name string, value any) {
	if value != "" {
		*o = append(*o, member{name, value})
	}
}

const schemaID = "https://github.com/loadstone-bpf/loadstone/loader/schema/protocol.schema.json"

func ref(name string) object { return object{{"$ref", "#/$defs/" + name}} }

// schema writes the JSON Schema.
func (s *source) schema() ([]byte, error) {
	defs := object{{"request", s.schemaRequest()}, {"envelope", s.schemaOf(s.Envelope)}}
	for _, m := range s.Requests {
		defs.add("request."+m.Op, s.schemaOf(m))
	}
	defs.add("reply", s.schemaReply())
	for _, m := range s.Requests {
		if len(m.Answer.Needs) > 0 || m.Unrejected {
			defs.add("reply."+m.Op, s.schemaAnswer(m))
		}
	}
	for _, m := range slices.Concat(s.Replies, s.Parts) {
		defs.add(m.Key+m.Name, s.schemaOf(m))
	}
	text, err := marshal(object{
		{"$comment", generated},
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", schemaID},
		{"title", fmt.Sprintf("loadstone loader protocol, version %d", s.Version)},
		{"description", fmt.Sprintf("Newline-delimited JSON between a suite and a loader's driver, at most %d bytes a line. docs/loader-protocol.md explains it.", s.Limits.Line)},
		{"oneOf", []object{ref("request"), ref("reply")}},
		{"$defs", defs},
	})
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	err = json.Indent(&indented, text, "", "  ")
	indented.WriteByte('\n')
	return indented.Bytes(), err
}

func (s *source) schemaRequest() object {
	all := []object{ref("envelope")}
	for _, m := range s.Requests {
		is := object{{"properties", object{{"op", object{{"const", m.Op}}}}},
			{"required", []string{"op"}}}
		all = append(all, object{{"if", is}, {"then", ref("request." + m.Op)}})
	}
	return object{
		{"description", "One line from the suite. A driver ignores fields that it does not know, and answers an op that it does not know with unsupported."},
		{"allOf", all},
	}
}

func (s *source) schemaReply() object {
	properties := object{{"seq", object{{"description", "of the request"}, {"type", "integer"}}}}
	var one []object
	keys := eachMessage(s.Replies, func(m message) string { return m.Key })
	for _, key := range keys {
		properties.add(key, ref(key))
		one = append(one, object{{"required", []string{key}}})
	}
	return object{
		{"description", "One line from the driver: seq, and exactly one of " +
			strings.Join(keys, ", ") +
			". The suite keeps and reports fields that it does not know."},
		{"type", "object"},
		{"properties", properties},
		{"required", []string{"seq"}},
		{"oneOf", one},
	}
}

// schemaAnswer returns what the reply to one request holds beyond what every reply does.
func (s *source) schemaAnswer(m message) object {
	properties := object{}
	if len(m.Answer.Needs) > 0 {
		needed := object{}
		for _, name := range m.Answer.Needs {
			f, _ := s.ok().fieldOf(name)
			switch {
			case s.isText(f.Type):
				needed.add(name, object{{"minLength", 1}})
			case slices.Contains([]string{"int", "uint32", "uint64"}, f.Type):
				needed.add(name, object{{"minimum", 1}})
			}
		}
		ok := object{}
		if len(needed) > 0 {
			ok.add("properties", needed)
		}
		ok.add("required", m.Answer.Needs)
		properties.add("ok", ok)
	}
	if m.Unrejected {
		properties.add("rejected", false)
	}
	return object{{"allOf", []object{ref("reply")}}, {"properties", properties}}
}

// schemaOf returns the definition of one object.
func (s *source) schemaOf(m message) object {
	properties := object{}
	var required []string
	for _, f := range m.Fields {
		properties.add(f.Name, s.schemaField(f))
		if !f.Optional {
			required = append(required, f.Name)
		}
	}
	o := object{{"description", m.Does}, {"type", "object"}, {"properties", properties}}
	if len(required) > 0 {
		o.add("required", required)
	}
	return o
}

func (s *source) schemaField(f field) object {
	sh := shapeOf(f.Type)
	if _, part := s.part(sh.elem); part && !sh.list && !sh.dict {
		return s.schemaType(sh.elem)
	}
	o := object{}
	o.add("description", s.meaning(f))
	switch {
	case sh.list:
		o.add("type", "array")
		o.add("items", s.schemaType(sh.elem))
	case sh.dict:
		o.add("type", "object")
		o.add("additionalProperties", s.schemaType(sh.elem))
	default:
		o = append(o, s.schemaType(sh.elem)...)
	}
	if f.Nonempty {
		o.add("minLength", 1)
	}
	if f.Min != nil {
		o.add("minimum", *f.Min)
	}
	if f.Max != nil {
		o.add("maximum", *f.Max)
	}
	if f.Is == "version" {
		o.add("pattern", "^v?[0-9][0-9A-Za-z.+~_-]*$")
	}
	return o
}

// schemaType returns what the schema says of a value of one type.
func (s *source) schemaType(elem string) object {
	if part, ok := s.part(elem); ok {
		return ref(part.Name)
	}
	set, _ := s.typed(elem)
	switch {
	case set.Closed:
		return object{{"enum", set.names()}}
	case set.Refined:
		roots := strings.Join(set.roots(), "|")
		pattern := "^(" + roots + ")(/[a-z][a-z0-9]*(-[a-z0-9]+)*)*$"
		return object{{"type", "string"}, {"pattern", pattern}}
	case s.isText(elem):
		return object{{"type", "string"}}
	}
	return map[string]object{
		"bool":   {{"type", "boolean"}},
		"int":    {{"type", "integer"}},
		"uint32": {{"type", "integer"}, {"minimum", 0}, {"maximum", uint32(math.MaxUint32)}},
		"uint64": {{"type", "integer"}, {"minimum", 0}, {"maximum", uint64(math.MaxUint64)}},
		"scalar": {{"type", []string{"number", "string", "boolean"}}},
		"any":    {{"type", []string{"object", "array", "string", "number", "boolean"}}},
	}[elem]
}

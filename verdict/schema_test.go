// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write docs/run.schema.json instead of comparing with it")

type object = map[string]any

// schemaOf returns the JSON Schema of a type, as encoding/json writes it. What is not known is let
// through: the format grows by optional fields.
func schemaOf(typ reflect.Type) object {
	words := func(all any) object { return object{"type": "string", "enum": all} }
	switch typ {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[Kind]():
		return words(Kinds)
	case reflect.TypeFor[Level]():
		return words([]Level{Must, Should})
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return schemaOf(typ.Elem())
	case reflect.Slice:
		return object{"type": []string{"array", "null"}, "items": schemaOf(typ.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": schemaOf(typ.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Struct:
		properties, required := object{}, []string{}
		addFields(typ, properties, &required)
		return object{"type": "object", "properties": properties, "required": required}
	}
	panic("no schema of " + typ.String())
}

func addFields(typ reflect.Type, properties object, required *[]string) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			addFields(f.Type, properties, required)
		case name == "-" || !f.IsExported():
		default:
			properties[name] = schemaOf(f.Type)
			if options != "omitempty" {
				*required = append(*required, name)
			}
		}
	}
}

// runSchema returns the JSON Schema of a line of run.jsonl.
func runSchema(t *testing.T) []byte {
	t.Helper()
	var lines []object
	for _, l := range []struct {
		typ string
		of  reflect.Type
	}{
		{"run", reflect.TypeFor[Run]()}, {"verdict", reflect.TypeFor[Verdict]()}, {"end", reflect.TypeFor[End]()},
	} {
		line := schemaOf(l.of)
		line["properties"].(object)["type"] = object{"const": l.typ}
		line["required"] = append([]string{"type"}, line["required"].([]string)...)
		line["title"] = l.typ
		lines = append(lines, line)
	}
	text, err := json.MarshalIndent(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$id":     "https://github.com/loadstone-bpf/loadstone/docs/run.schema.json",
		"title":   "a line of run.jsonl",
		"description": "The first line is a run, the last one an end, and each line between a verdict. " +
			"A file without its end is of a run that did not come to it. Unknown fields are to be ignored.",
		"oneOf": lines,
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func compiled(t *testing.T, path string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemaOfRunFiles(t *testing.T) {
	const path = "../docs/run.schema.json"
	if *update {
		if err := os.WriteFile(path, runSchema(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(runSchema(t)), string(text)); diff != "" {
		t.Errorf("%s is not what the types say (-want +got; go test ./verdict -run Schema -update writes it):\n%s", path, diff)
	}
	schema := compiled(t, path)
	files, err := filepath.Glob("../report/testdata/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no run files: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range bytes.Split(data, []byte("\n")) {
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
			if err != nil {
				continue // torn, on purpose
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s:%d: %v", file, i+1, err)
			}
		}
	}
	for _, bad := range []string{`{"type":"verdict"}`, `{"type":"other"}`, `{"type":"end","verdicts":{},"complete":1,"duration_ms":0}`} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("%s is let through", bad)
		}
	}
}

// The schema of expectations takes what the reader takes.
func TestSchemaOfExpectations(t *testing.T) {
	schema := compiled(t, "../docs/expectations.schema.json")
	valid := func(text []byte) error {
		var value any
		if err := yaml.Unmarshal(text, &value); err != nil {
			return err
		}
		asJSON, err := json.Marshal(value)
		if err != nil {
			return err
		}
		value, err = jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			return err
		}
		return schema.Validate(value)
	}
	files, err := filepath.Glob("../docs/expectations*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	const good = "{match: a.b, expect: fail, issue: I, class: wrong, reason: x, owner: o, until: '2027-03-31', " +
		"when: {loader: libbpf@1.1, kernel: '<6.1', feature: numa, arch: amd64}, fixed-in: {loader: '1.8'}}"
	for text, want := range map[string]bool{
		"- " + good: true, "[]": true,
		"- {match: a.b, expect: skip, issue: I}":                              false,
		"- {match: a.b, expect: fail}":                                        false,
		"- {match: a.b, expect: fail, issue: ''}":                             false,
		"- {match: a.b, expect: fail, issue: I, class: bad}":                  false,
		"- {match: a.b, expect: fail, issue: I, moon: full}":                  false,
		"- {match: a.b, expect: fail, issue: I, when: {moon: full}}":          false,
		"- {match: a.b, expect: do-not-run, issue: I, class: wrong}":          false,
		"- {match: a.b, expect: fail, issue: I, fixed-in: {a: b}}":            false,
		"- {match: a.b, expect: fail, issue: I, until: soon}":                 false,
		"- {match: a.b, expect: flaky, issue: I, fixed-in: {kernel: '6.18'}}": true,
	} {
		_, err := ParseExpectations([]byte(text))
		if (valid([]byte(text)) == nil) != want || (err == nil) != want {
			t.Errorf("%s: schema %v, reader %v, want good: %v", text, valid([]byte(text)), err, want)
		}
	}
	var words struct {
		Items struct {
			Properties struct {
				Class struct{ Enum []Class } `json:"class"`
			} `json:"properties"`
		} `json:"items"`
	}
	text, err := os.ReadFile("../docs/expectations.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &words); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Classes, words.Items.Properties.Class.Enum); diff != "" {
		t.Errorf("classes of the schema (-want +got):\n%s", diff)
	}
}

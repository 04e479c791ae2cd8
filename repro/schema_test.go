// SPDX-License-Identifier: Apache-2.0

package repro

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write docs/repro.schema.json instead of comparing with it")

type object = map[string]any

// manifestSchema returns the JSON Schema of a bundle's manifest. That of the run, its parts and the
// verdict are those of run.jsonl.
func manifestSchema(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../docs/run.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var ofRuns struct {
		OneOf []struct {
			Title      string
			Properties map[string]object
			Required   []string
		} `json:"oneOf"`
	}
	if err := json.Unmarshal(text, &ofRuns); err != nil {
		t.Fatal(err)
	}
	run, line := ofRuns.OneOf[0].Properties, ofRuns.OneOf[1]
	delete(line.Properties, "type") // of lines
	required := line.Required[1:]
	word, number := object{"type": "string"}, object{"type": "integer"}
	list := func(of object, required ...string) object {
		return object{"type": "array", "items": object{"type": "object", "properties": of, "required": required}}
	}
	text, err = json.MarshalIndent(object{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"$id":         "https://github.com/loadstone-bpf/loadstone/docs/repro.schema.json",
		"title":       "manifest.json of a repro bundle",
		"description": "A failure that a run kept. docs/repro.md says what else is in a bundle. Unknown fields are to be ignored.",
		"type":        "object",
		"properties": object{
			"format": object{"type": "integer", "minimum": 1}, "run": word,
			"started": object{"type": "string", "format": "date-time"}, "loadstone": run["loadstone"],
			"guest": word, "host": run["host"], "kernel": run["kernels"]["items"],
			"loader": run["loaders"]["items"], "isolation": word,
			"seed": object{"type": "integer", "minimum": 0}, "process": object{"type": "boolean"},
			"verdict": object{"type": "object", "properties": line.Properties, "required": required},
			"again":   word,
			"objects": list(object{"path": word, "file": word, "size": number}, "path", "size"),
			"files":   list(object{"name": word, "size": number, "sha256": word}, "name", "size", "sha256"),
		},
		"required": []string{"format", "run", "started", "loadstone", "guest", "host", "kernel", "loader",
			"verdict", "again", "objects", "files"},
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func TestSchemaOfManifests(t *testing.T) {
	const path = "../docs/repro.schema.json"
	if *update {
		if err := os.WriteFile(path, manifestSchema(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(manifestSchema(t)), string(text)); diff != "" {
		t.Errorf("%s is stale (-want +got; go test ./repro -run Schema -update writes it):\n%s", path, diff)
	}
	schema, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	valid := func(manifest []byte) error {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(manifest))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	good, err := json.Marshal(fake().Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := valid(good); err != nil {
		t.Error(err)
	}
	for old, replaced := range map[string]string{
		`"format":1`: `"format":0`, `"verdict":"fail"`: `"verdict":"bad"`, `"sha256":`: `"md5":`,
		`"seed":4711`: `"seed":"x"`, `"spec":`: `"spek":`,
	} {
		bad := strings.Replace(string(good), old, replaced, 1)
		if bad == string(good) || valid([]byte(bad)) == nil {
			t.Errorf("%s in the place of %s is let through", replaced, old)
		}
	}
	// Every field of the type is one of the schema.
	var fields, properties map[string]any
	if err := json.Unmarshal(good, &fields); err != nil {
		t.Fatal(err)
	}
	var whole struct{ Properties map[string]any }
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	properties = whole.Properties
	for name := range fields {
		if properties[name] == nil {
			t.Errorf("the schema lacks %s", name)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is the JSON Schema of the protocol, its source.
//
//go:embed protocol.schema.json
var Schema []byte

const schemaURL = "https://github.com/loadstone-bpf/loadstone/loader/protocol.schema.json"

// Validate checks one exchange against the schema. Either may be nil, and is not checked then; what a reply must hold depends on the
// request, if there is one. Errors wrap [ErrSchema].
//
// A conversation is checked while it goes on as well, by code that is faster in a guest and says the same.
func Validate(request, reply json.RawMessage) error {
	schemas, err := schemas()
	if err != nil {
		return err
	}
	var head struct {
		Op  string `json:"op"`
		Seq int    `json:"seq"`
	}
	if request != nil {
		if err := schemas.validate("request", request); err != nil {
			return err
		}
		if err := json.Unmarshal(request, &head); err != nil {
			return fmt.Errorf("%w: %v", ErrSchema, err)
		}
	}
	if reply == nil {
		return nil
	}
	name := "reply." + head.Op
	if schemas[name] == nil {
		name = "reply"
	}
	return schemas.validate(name, reply)
}

// compiled are the definitions of the schema that whole lines are checked against, by name.
type compiled map[string]*jsonschema.Schema

// schemas compiles the schema. An error is a mistake in the schema.
var schemas = sync.OnceValues(func() (compiled, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		return nil, fmt.Errorf("read the protocol's schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, fmt.Errorf("read the protocol's schema: %w", err)
	}
	all := compiled{}
	for name := range doc.(map[string]any)["$defs"].(map[string]any) {
		if name != "request" && name != "reply" && !strings.HasPrefix(name, "reply.") {
			continue
		}
		if all[name], err = c.Compile(schemaURL + "#/$defs/" + name); err != nil {
			return nil, fmt.Errorf("compile the protocol's schema: %w", err)
		}
	}
	return all, nil
})

func (c compiled) validate(name string, line json.RawMessage) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		return fmt.Errorf("%w: %s: %v: %s", ErrSchema, name, err, excerpt(line))
	}
	err = c[name].Validate(value)
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		return fmt.Errorf("%w: %s: %s", ErrSchema, name, strings.Join(places(invalid), "; "))
	}
	return err
}

// places are the innermost causes, a line each: where in the message, and what is wrong there.
func places(e *jsonschema.ValidationError) []string {
	if len(e.Causes) == 0 {
		_, what, found := strings.Cut(e.Error(), "\n- ")
		if !found {
			what = e.Error()
		}
		return []string{what}
	}
	var all []string
	for _, cause := range e.Causes {
		all = append(all, places(cause)...)
	}
	return all
}

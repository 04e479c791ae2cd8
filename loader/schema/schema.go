// SPDX-License-Identifier: Apache-2.0

// Package schema holds the JSON Schema of the loader protocol, which package main of
// loader/protocol writes, and checks recorded exchanges against it. It stands apart from package
// loader because a validator costs a program some milliseconds before its main function, and ten
// times that in an emulated guest; the client in package loader says the same in code of its own,
// and a test holds the two together.
package schema

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

// Protocol holds the JSON Schema of the protocol.
//
//go:embed protocol.schema.json
var Protocol []byte

// ErrInvalid marks errors of [Validate] about what a message holds.
var ErrInvalid = errors.New("not in the protocol's schema")

const schemaURL = "https://github.com/loadstone-bpf/loadstone/loader/schema/protocol.schema.json"

// Validate checks one exchange against the schema. Either may be nil, and is not checked then; what
// a reply must hold depends on the request, if there is one. Errors wrap [ErrInvalid].
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
			return fmt.Errorf("%w: %v", ErrInvalid, err)
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

// compiled holds the definitions of the schema that whole lines are checked against, by name.
type compiled map[string]*jsonschema.Schema

// schemas compiles the schema. An error is a mistake in the schema.
var schemas = sync.OnceValues(func() (compiled, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Protocol))
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
		return fmt.Errorf("%w: %s: %v", ErrInvalid, name, err)
	}
	err = c[name].Validate(value)
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		return fmt.Errorf("%w: %s: %s", ErrInvalid, name, strings.Join(causes(invalid), "; "))
	}
	return err
}

// causes returns the innermost causes, a line each: where in the message, and what is wrong there.
func causes(e *jsonschema.ValidationError) []string {
	if len(e.Causes) == 0 {
		_, what, found := strings.Cut(e.Error(), "\n- ")
		if !found {
			what = e.Error()
		}
		return []string{what}
	}
	var all []string
	for _, cause := range e.Causes {
		all = append(all, causes(cause)...)
	}
	return all
}

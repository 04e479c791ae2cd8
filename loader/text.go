// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/loadstone-bpf/loadstone/loader/jsonline"
)

// What the generated code does not write: values of any type, and requests of no version.

// writeValue writes a field of any type. The error is about a value that has no JSON.
func writeValue(l *jsonline.Line, name string, value any) error {
	switch v := value.(type) {
	case string:
		l.Text(name, v)
	case bool:
		l.JSON(name, strconv.AppendBool(nil, v))
	case int:
		l.Number(name, int64(v))
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		l.JSON(name, text)
	}
	return nil
}

// exactValue reports whether reading the text of a value of any type gives the same value.
func exactValue(value any, optional bool) bool {
	switch value.(type) {
	case nil:
		return optional
	case string, bool, float64:
		return true
	}
	return false
}

// writeUnknown writes the fields of a request that no version has: the check of drivers sends such.
func writeUnknown(l *jsonline.Line, req Request) error {
	body, err := json.Marshal(req)
	if err != nil {
		return err
	}
	inner, ok := bytes.CutPrefix(body, []byte("{"))
	if !ok {
		return fmt.Errorf("%T is no object in JSON", req)
	}
	l.Fields(inner[:len(inner)-1])
	return nil
}

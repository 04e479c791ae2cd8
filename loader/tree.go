// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Reading a line takes two steps: text to a tree (parse), tree to a message (node.go).
// encoding/json does both at once, and forgives what this protocol does not: a key twice, a key in
// other capitals, bytes that are not UTF-8, null for a number, a missing field.

// maxDepth limits how deep arrays and objects may nest. Messages of version 1 need five.
const maxDepth = 64

// parse reads one line as JSON: nil, bool, string, json.Number, []any, map[string]any. Errors wrap
// [ErrGarbage].
func parse(line []byte) (any, error) {
	if !utf8.Valid(line) {
		return nil, fmt.Errorf("%w: no UTF-8: %s", ErrGarbage, excerpt(line))
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	tree, err := parseValue(d, 0)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return tree, nil
		}
		err = errors.New("more than one value")
	}
	return nil, fmt.Errorf("%w: %v: %s", ErrGarbage, err, excerpt(line))
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	if delim == '[' {
		return parseArray(d, depth+1)
	}
	return parseObject(d, depth+1)
}

func parseArray(d *json.Decoder, depth int) (any, error) {
	array := []any{}
	for d.More() {
		value, err := parseValue(d, depth)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := d.Token()
	return array, err
}

func parseObject(d *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return nil, fmt.Errorf("%v is no key", token)
		}
		if _, twice := object[key]; twice {
			return nil, fmt.Errorf("key %q twice", key)
		}
		if object[key], err = parseValue(d, depth); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return object, err
}

// excerpt returns the start of what a driver wrote, quoted.
func excerpt(b []byte) string {
	const most = 120 // bytes: a line on the screen
	if len(b) > most {
		return fmt.Sprintf("%#q… (%d bytes)", b[:most], len(b))
	}
	return fmt.Sprintf("%#q", b)
}

// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Reading a line takes two steps: text to a tree (parse), tree to a Go value (fit). encoding/json does both at once, and forgives what
// this protocol does not: a key twice, a key in other capitals, bytes that are no UTF-8, null for a number, a missing field.

// maxDepth is how deep arrays and objects may nest. Messages of version 1 need five.
const maxDepth = 64

// parse reads one line as JSON: nil, bool, string, json.Number, []any, map[string]any. Errors wrap [ErrGarbage].
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

// A shaper puts trees into Go values.
type shaper struct {
	unknown *[]string // where to note keys that the Go type has no field for; nil to ignore them
}

// fit puts a tree into dst. A struct field without omitempty is required. Errors wrap [ErrSchema] and name the place.
func (s shaper) fit(tree any, dst reflect.Value, place string) error {
	switch dst.Kind() {
	case reflect.Struct:
		return s.fitStruct(tree, dst, place)
	case reflect.Map:
		return s.fitMap(tree, dst, place)
	case reflect.Slice:
		return s.fitSlice(tree, dst, place)
	case reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		return s.fit(tree, dst.Elem(), place)
	case reflect.Interface:
		value, err := plain(tree)
		if err != nil || value == nil {
			return unfit(place, "a value", tree)
		}
		dst.Set(reflect.ValueOf(value))
		return nil
	}
	return fitScalar(tree, dst, place)
}

func (s shaper) fitStruct(tree any, dst reflect.Value, place string) error {
	object, ok := tree.(map[string]any)
	if !ok {
		return unfit(place, "an object", tree)
	}
	known := map[string]bool{}
	for i := range dst.NumField() {
		name, option, _ := strings.Cut(dst.Type().Field(i).Tag.Get("json"), ",")
		known[name] = true
		value, there := object[name]
		if !there {
			if option != "omitempty" {
				return fmt.Errorf("%w: %s.%s is missing", ErrSchema, place, name)
			}
			continue
		}
		if err := s.fit(value, dst.Field(i), place+"."+name); err != nil {
			return err
		}
	}
	for key := range object {
		if !known[key] && s.unknown != nil {
			*s.unknown = append(*s.unknown, place+"."+key)
		}
	}
	return nil
}

func (s shaper) fitMap(tree any, dst reflect.Value, place string) error {
	object, ok := tree.(map[string]any)
	if !ok {
		return unfit(place, "an object", tree)
	}
	dst.Set(reflect.MakeMapWithSize(dst.Type(), len(object)))
	for key, value := range object {
		element := reflect.New(dst.Type().Elem()).Elem()
		if err := s.fit(value, element, place+"."+key); err != nil {
			return err
		}
		dst.SetMapIndex(reflect.ValueOf(key).Convert(dst.Type().Key()), element)
	}
	return nil
}

func (s shaper) fitSlice(tree any, dst reflect.Value, place string) error {
	array, ok := tree.([]any)
	if !ok {
		return unfit(place, "an array", tree)
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(array), len(array)))
	for i, value := range array {
		if err := s.fit(value, dst.Index(i), fmt.Sprintf("%s[%d]", place, i)); err != nil {
			return err
		}
	}
	return nil
}

func fitScalar(tree any, dst reflect.Value, place string) error {
	switch dst.Kind() {
	case reflect.String:
		text, ok := tree.(string)
		if !ok {
			return unfit(place, "a string", tree)
		}
		dst.SetString(text)
	case reflect.Bool:
		truth, ok := tree.(bool)
		if !ok {
			return unfit(place, "true or false", tree)
		}
		dst.SetBool(truth)
	case reflect.Int, reflect.Uint32, reflect.Uint64:
		if number, ok := tree.(json.Number); ok && dst.Kind() == reflect.Uint64 {
			if n, err := strconv.ParseUint(string(number), 10, 64); err == nil {
				dst.SetUint(n)
				return nil
			}
		}
		n, ok := whole(tree)
		if !ok {
			return unfit(place, "a whole number", tree)
		}
		if dst.Kind() == reflect.Int {
			dst.SetInt(n)
			return nil
		}
		if n < 0 || dst.OverflowUint(uint64(n)) {
			return unfit(place, fmt.Sprintf("a number of %d bits", dst.Type().Bits()), tree)
		}
		dst.SetUint(uint64(n))
	default:
		return fmt.Errorf("%s: no rule for a %s", place, dst.Type())
	}
	return nil
}

// whole is the tree as a whole number. JSON has one kind of number, so 1.0 is 1.
func whole(tree any) (int64, bool) {
	number, ok := tree.(json.Number)
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(number), 10, 64); err == nil {
		return n, true
	}
	f, err := number.Float64()
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

func unfit(place, want string, tree any) error {
	text, err := json.Marshal(tree)
	if err != nil {
		text = fmt.Appendf(nil, "%v", tree)
	}
	return fmt.Errorf("%w: %s is %s, want %s", ErrSchema, place, excerpt(text), want)
}

// plain is the tree with its numbers as float64, as encoding/json reads into an any.
func plain(tree any) (any, error) {
	switch t := tree.(type) {
	case json.Number:
		return t.Float64()
	case []any:
		for i := range t {
			var err error
			if t[i], err = plain(t[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range t {
			var err error
			if t[key], err = plain(t[key]); err != nil {
				return nil, err
			}
		}
	}
	return tree, nil
}

// excerpt is the start of what a driver wrote, quoted.
func excerpt(b []byte) string {
	const most = 120 // bytes: a line on the screen
	if len(b) > most {
		return fmt.Sprintf("%#q… (%d bytes)", b[:most], len(b))
	}
	return fmt.Sprintf("%#q", b)
}

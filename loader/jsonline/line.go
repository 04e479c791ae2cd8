// SPDX-License-Identifier: Apache-2.0

// Package jsonline writes JSON objects, each in one line, as encoding/json
// would write them.
//
// It is not encoding/json because a virtual machine that was just cloned pays for every function
// that runs for the first time: an emulator translates each anew, and the way from a struct to its
// JSON by reflection is long. The tests of its users check that both write the same.
package jsonline

import (
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A Line holds an object being written. Its methods write the commas.
type Line []byte

// Open begins an object.
func (l *Line) Open() { *l = append(*l, '{') }

// Close ends an object.
func (l *Line) Close() { *l = append(*l, '}') }

// next writes a comma, unless an object or array has just begun.
func (l *Line) next() {
	if n := len(*l); n > 0 && (*l)[n-1] != '{' && (*l)[n-1] != '[' {
		*l = append(*l, ',')
	}
}

// Key begins a field. The name is one that needs no escapes.
func (l *Line) Key(name string) {
	l.next()
	*l = append(append(append(*l, '"'), name...), '"', ':')
}

// Text writes a field that is a string.
func (l *Line) Text(name, value string) {
	l.Key(name)
	*l = AppendString(*l, value)
}

// TextIfAny writes a Text field with omitempty.
func (l *Line) TextIfAny(name, value string) {
	if value != "" {
		l.Text(name, value)
	}
}

// Number writes a field that is a whole number.
func (l *Line) Number(name string, value int64) {
	l.Key(name)
	*l = strconv.AppendInt(*l, value, 10)
}

// NumberIfAny writes a Number field with omitempty.
func (l *Line) NumberIfAny(name string, value int64) {
	if value != 0 {
		l.Number(name, value)
	}
}

// Unsigned writes a field that is a whole number without a sign.
func (l *Line) Unsigned(name string, value uint64) {
	l.Key(name)
	*l = strconv.AppendUint(*l, value, 10)
}

// UnsignedIfAny writes an Unsigned field with omitempty.
func (l *Line) UnsignedIfAny(name string, value uint64) {
	if value != 0 {
		l.Unsigned(name, value)
	}
}

// TrueIfSo writes a boolean field with omitempty: true, or nothing.
func (l *Line) TrueIfSo(name string, value bool) {
	if value {
		l.JSON(name, []byte("true"))
	}
}

// JSON writes a field whose value is JSON already, in one line.
func (l *Line) JSON(name string, value []byte) {
	l.Key(name)
	*l = append(*l, value...)
}

// Fields writes fields that are JSON already, without the braces around them.
func (l *Line) Fields(fields []byte) {
	if len(fields) > 0 {
		l.next()
		*l = append(*l, fields...)
	}
}

// Object writes a field that is an object, with fields of its own.
func (l *Line) Object(name string, fields func(*Line)) {
	l.Key(name)
	l.Open()
	fields(l)
	l.Close()
}

// Texts writes a field that is an array of strings; null if values is nil.
func Texts[T ~string](l *Line, name string, values []T) {
	l.Key(name)
	Each(l, values, func(value T) { *l = AppendString(*l, string(value)) })
}

// Numbers writes a field that is an array of whole numbers; null if values is nil.
func Numbers[T ~int](l *Line, name string, values []T) {
	l.Key(name)
	Each(l, values, func(value T) { *l = strconv.AppendInt(*l, int64(value), 10) })
}

// Objects writes a field that is an array of objects; null if values is nil.
func Objects[T any](l *Line, name string, values []T, fields func(*Line, T)) {
	l.Key(name)
	Each(l, values, func(value T) {
		l.Open()
		fields(l, value)
		l.Close()
	})
}

// Each writes an array, with an element that one writes for each value; null if
// values is nil.
func Each[T any](l *Line, values []T, one func(T)) {
	if values == nil {
		*l = append(*l, "null"...)
		return
	}
	*l = append(*l, '[')
	for _, value := range values {
		l.next()
		one(value)
	}
	*l = append(*l, ']')
}

// Map writes a field that is an object with the keys of values in their order, each
// with what one writes.
func Map[K ~string, V any](l *Line, name string, values map[K]V, one func(V)) {
	l.Key(name)
	l.Open()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		l.next()
		*l = append(AppendString(*l, string(key)), ':')
		one(values[key])
	}
	l.Close()
}

// TextMap writes a [Map] of strings; nothing if values is empty.
func TextMap(l *Line, name string, values map[string]string) {
	if len(values) > 0 {
		Map(l, name, values, func(value string) { *l = AppendString(*l, value) })
	}
}

// NumberMap writes a [Map] of whole numbers; nothing if values is empty.
func NumberMap(l *Line, name string, values map[string]int) {
	if len(values) > 0 {
		Map(l, name, values, func(value int) { *l = strconv.AppendInt(*l, int64(value), 10) })
	}
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string, as encoding/json does: bytes that are not UTF-8 become
// the replacement character, and characters that mean something to HTML or end a line in JavaScript
// are escaped.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' {
				i++
				continue
			}
			b = appendEscape(append(b, s[start:i]...), c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[start:i]...), `\ufffd`...)
		case r == '\u2028' || r == '\u2029':
			b = append(append(b, s[start:i]...), `\u202`...)
			b = append(b, hexDigits[r&0xf])
		default:
			i += size
			continue
		}
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// appendEscape appends the escape of one byte of ASCII.
func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

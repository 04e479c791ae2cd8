// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// blanks holds the requests of [Version], each empty.
var blanks = func() map[Op]Request {
	all := map[Op]Request{}
	for _, op := range Ops() {
		all[op] = readRequest(op, new(reading).root("", map[string]any{}))
	}
	return all
}()

// fill gives every field that v has, at any depth, a value that is not zero and that no other field
// has.
func fill(t testing.TB, v reflect.Value, path string, count *int) {
	t.Helper()
	*count++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), path+"."+v.Type().Field(i).Name, count)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), path, count)
	case reflect.String:
		v.SetString(fmt.Sprintf("%s <%d> \"\n\xff", path, *count))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(-int64(*count))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(1)<<(v.Type().Bits()-1) + uint64(*count))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i), fmt.Sprintf("%s[%d]", path, i), count)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 3 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, key, path+" key", count)
			fill(t, value, path+" value", count)
			v.SetMapIndex(key, value)
		}
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]any{"any": *count}))
	default:
		t.Fatalf("%s: no rule for a %s", path, v.Type())
	}
}

// filled returns a value of blank's type with something in every field.
func filled[T any](t testing.TB, blank T) T {
	t.Helper()
	v := reflect.New(reflect.TypeOf(blank)).Elem()
	count := 0
	fill(t, v, v.Type().String(), &count)
	return v.Interface().(T)
}

func TestRequestIsWhatReflectionMakes(t *testing.T) {
	for op, blank := range blanks {
		t.Run(string(op), func(t *testing.T) {
			for _, req := range []Request{blank, filled(t, blank)} {
				body, err := json.Marshal(req)
				if err != nil {
					t.Fatal(err)
				}
				want := fmt.Sprintf(`{"v":%d,"seq":7,"spec":"a.b","op":%q`, Version, op)
				if string(body) != "{}" {
					want += "," + string(body[1:len(body)-1])
				}
				got, err := encodeRequest(7, "a.b", req)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want+"}", string(got)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestSetValuesAreWhatReflectionMakes(t *testing.T) {
	for _, value := range []any{"<text>", true, false, 0, -5, 1 << 40, 1.5, uint32(7), nil,
		[]int{1}} {
		want, err := json.Marshal(Set{Value: value})
		if err != nil {
			t.Fatal(err)
		}
		got, err := encodeRequest(1, "", Set{Value: value})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(`{"v":1,"seq":1,"op":"set",`+string(want[1:]),
			string(got)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestReplyIsWhatReflectionMakes(t *testing.T) {
	for _, blank := range []Reply{&OK{}, &Unsupported{}, &Rejected{}, &Error{}} {
		key := replyKey(blank)
		t.Run(key, func(t *testing.T) {
			for _, reply := range []Reply{blank, filled(t, blank)} {
				body, err := json.Marshal(reply)
				if err != nil {
					t.Fatal(err)
				}
				got, err := encodeReply(7, reply)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(fmt.Sprintf(`{"seq":7,%q:%s}`, key, body),
					string(got)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// utf8Only replaces what fill puts into strings that is no UTF-8.
func utf8Only(t testing.TB, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			utf8Only(t, v.Field(i))
		}
	case reflect.Pointer:
		utf8Only(t, v.Elem())
	case reflect.String:
		v.SetString(strings.ToValidUTF8(v.String(), "?"))
	case reflect.Slice:
		for i := range v.Len() {
			utf8Only(t, v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			clean, value := reflect.New(key.Type()).Elem(), reflect.New(v.Type().Elem()).Elem()
			clean.Set(key)
			value.Set(v.MapIndex(key))
			utf8Only(t, clean)
			utf8Only(t, value)
			v.SetMapIndex(key, reflect.Value{})
			v.SetMapIndex(clean, value)
		}
	}
}

// readable returns blank with something in every field that reading its text gives back.
func readable[T any](t testing.TB, blank T) T {
	t.Helper()
	v := reflect.New(reflect.TypeOf(blank)).Elem()
	v.Set(reflect.ValueOf(filled(t, blank)))
	utf8Only(t, v)
	return v.Interface().(T)
}

func TestMessageThatReadsBackIsReadAsItIs(t *testing.T) {
	for op, blank := range blanks {
		req := readable(t, blank)
		if set, isSet := req.(Set); isSet {
			set.Value = "text"
			req = set
		}
		text, err := encodeRequest(1, "", req)
		if err != nil {
			t.Fatal(err)
		}
		if !readsBack(req, text) {
			t.Errorf("%s does not read back", text)
		}
		_, got, err := decodeRequest(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(req, got); diff != "" {
			t.Errorf("%s: %s", op, diff)
		}
	}
	ok := readable(t, &OK{})
	ok.Answer, ok.Protocol, ok.Loader.Version = nil, Version, "1"
	for feature := range ok.Features {
		ok.Features[feature] = Claim{Support: Partial, Reason: "so", Issue: "there"}
	}
	rejected := readable(t, &Rejected{})
	rejected.Stage, rejected.Class, rejected.Errno = AtLoad, Verifier, 22
	for _, reply := range []Reply{ok, rejected, readable(t, &Unsupported{}),
		readable(t, &Error{})} {
		text, err := encodeReply(1, reply)
		if err != nil {
			t.Fatal(err)
		}
		if !readsBack(reply, text) {
			t.Errorf("%s does not read back", text)
		}
		a, err := decodeReply(OpLoad, text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(reply, a.reply); diff != "" {
			t.Error(diff)
		}
	}
}

func TestMessageThatMustBeRead(t *testing.T) {
	for _, message := range []any{
		Set{Value: 1}, Set{Value: uint64(1)}, Set{}, Link{}, Hello{}, Close{Session: "\xff"},
		Open{Options: OpenOptions{PinRoot: "a\xc3"}},
		&OK{Answer: map[string]int{"a": 1}}, &OK{Maps: []MapView{{Name: "\xff"}}},
		&Error{Message: "\xff"},
	} {
		var text []byte
		var err error
		if req, ok := message.(Request); ok {
			text, err = encodeRequest(1, "", req)
		} else {
			text, err = encodeReply(1, message.(Reply))
		}
		if err != nil {
			t.Fatal(err)
		}
		if readsBack(message, text) {
			t.Errorf("%s is not read back", text)
		}
	}
}

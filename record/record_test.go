// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// byReflection returns what encoding/json makes of a record, with its type before all.
func byReflection(t testing.TB, r Record) string {
	t.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"type":%q,%s`, r.recordType(), body[1:])
}

// blank lists all types of records.
var blank = []Record{
	Hello{}, Accepted{}, Greeting{}, Begin{}, Step{}, KernelLog{}, Finish{}, State{},
	End{}, File{}, Shell{},
}

// filled returns a record of blank's type in which every field has a value of its own.
func filled(t testing.TB, blank Record) Record {
	t.Helper()
	r := reflect.New(reflect.TypeOf(blank)).Elem()
	for i := range r.NumField() {
		name := r.Type().Field(i).Name
		switch f := r.Field(i); f.Interface().(type) {
		case string, Outcome:
			f.SetString("the " + name + " of <it> & \"more\"\n\x00\u2028\xff")
		case int, time.Duration:
			f.SetInt(int64(-1000 - i))
		case uint64:
			f.SetUint(1 << 6)
		case Late:
			f.Set(reflect.ValueOf(Late{Lines: []string{name, ""}, Tainted: 1 << 9, Error: name}))
		case bool:
			f.SetBool(true)
		case json.RawMessage:
			f.SetBytes([]byte(`{"name":"` + name + `"}`))
		case []byte:
			f.SetBytes([]byte("\x7fELF \xff"))
		case []string:
			f.Set(reflect.ValueOf([]string{name, "", "\t"}))
		case map[string]int:
			f.Set(reflect.ValueOf(map[string]int{"z": 3, "a": 0, "\"": -1}))
		case map[string]string:
			f.Set(reflect.ValueOf(map[string]string{"z": name, "a": "", "\"": "\\"}))
		default:
			t.Fatalf("%T.%s: no rule for its type", blank, name)
		}
	}
	return r.Interface().(Record)
}

func TestMarshalIsWhatReflectionMakes(t *testing.T) {
	for _, empty := range blank {
		t.Run(empty.recordType(), func(t *testing.T) {
			if step, ok := empty.(Step); ok {
				step.Request = json.RawMessage("{}")
				empty = step
			}
			for _, r := range []Record{empty, filled(t, empty)} {
				got, err := Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(byReflection(t, r), string(got)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestMarshalOfWhatIsNoLine(t *testing.T) {
	for name, step := range map[string]Step{
		"a request of two lines": {Request: json.RawMessage("{\n}")},
		"a reply of two lines":   {Request: json.RawMessage("{}"), Reply: json.RawMessage("{\n}")},
		"no request":             {},
	} {
		t.Run(name, func(t *testing.T) {
			if line, err := Marshal(step); !errors.Is(err, ErrNoJSON) {
				t.Errorf("%s, error %v, want %v", line, err, ErrNoJSON)
			}
		})
	}
}

func FuzzMarshalOfStrings(f *testing.F) {
	for _, s := range []string{
		"", "plain", "\"\\\b\f\n\r\t\x00\x1f\x7f", "<&>", "\u2028\u2029\u2030\xff\xc3", "日本語",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := Finish{Spec: s, Outcome: Failed, Detail: s + s}
		got, err := Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if want := byReflection(t, r); string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
		if _, err := Parse(got); err != nil {
			t.Error(err)
		}
	})
}

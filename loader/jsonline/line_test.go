// SPDX-License-Identifier: Apache-2.0

package jsonline

import (
	"encoding/json"
	"testing"
)

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\\b\f\n\r\t\x00\x1f\x7f", "<&>",
		"\u2028\u2029\u2030\xff\xc3", "日本語", "\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendString([]byte("x"), s); string(got) != "x"+string(want) {
			t.Errorf("%s, want %s", got[1:], want)
		}
	})
}

func TestLine(t *testing.T) {
	var l Line
	l.Open()
	l.Object("empty", func(*Line) {})
	l.Object("object", func(l *Line) { l.Number("n", -1) })
	Texts(&l, "nil", []string(nil))
	Texts(&l, "none", []string{})
	Texts(&l, "texts", []string{"[", "{"})
	Objects(&l, "objects", []uint64{1, 2}, func(l *Line, n uint64) { l.Unsigned("n", n) })
	Map(&l, "map", map[string]int{"b": 1, "a": 2}, func(int) { l = append(l, '0') })
	TextMap(&l, "not there", nil)
	l.TextIfAny("nor there", "")
	l.NumberIfAny("nor there", 0)
	l.TrueIfSo("nor there", false)
	l.TrueIfSo("true", true)
	l.JSON("json", []byte("[]"))
	l.Text("last", "")
	l.Close()
	const want = `{"empty":{},"object":{"n":-1},"nil":null,"none":[],"texts":["[","{"],"objects":[{"n":1},{"n":2}],` +
		`"map":{"a":0,"b":0},"true":true,"json":[],"last":""}`
	if string(l) != want {
		t.Errorf("%s, want %s", l, want)
	}
}

// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestServe(t *testing.T) {
	const greeting = `"protocols":[1],"suite":"s","kernel":{"release":"r","arch":"a"},"dirs":{"work":"w","bpffs":"b"}}`
	for _, tt := range []struct{ name, request, want string }{
		{"hello chooses the version", `{"v":1,"seq":1,"op":"hello",` + greeting,
			`{"seq":1,"ok":{"protocol":1,"loader":{"name":"modest","version":"1.2"},"features":{"btf-maps":{"support":"yes"},"numa":{"support":"no","reason":"has no memory"}}}}`},
		{"hello of another version", `{"v":1,"seq":1,"op":"hello",` + strings.Replace(greeting, "[1]", "[2,3]", 1),
			`{"seq":1,"unsupported":{"feature":"protocol","reason":"versions [2 3], want 1"}}`},
		{"request of another version", `{"v":2,"seq":7,"op":"reset"}`,
			`{"seq":7,"unsupported":{"feature":"protocol","reason":"version 2, want 1"}}`},
		{"unknown operation", `{"v":1,"seq":2,"op":"dance"}`,
			`{"seq":2,"unsupported":{"feature":"dance","reason":"unknown operation"}}`},
		{"missing field", `{"v":1,"seq":3,"op":"load"}`,
			`{"seq":3,"error":{"message":"broke the schema: load.session is missing"}}`},
		{"loader's error", `{"v":1,"seq":4,"op":"query","what":"chain"}`, `{"seq":4,"error":{"message":"no idea"}}`},
		{"no newline at the end", `{"v":1,"seq":5,"op":"reset"}`, `{"seq":5,"ok":{}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.HasPrefix(tt.name, "no newline") {
				tt.request += "\n"
			}
			var out bytes.Buffer
			m := &modest{}
			if err := Serve(t.Context(), strings.NewReader(tt.request), &out, m); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want+"\n", out.String()); diff != "" {
				t.Error(diff)
			}
			if m.closed != 1 {
				t.Errorf("closed %d times", m.closed)
			}
		})
	}
}

func TestServeEndsAfterBye(t *testing.T) {
	var out bytes.Buffer
	requests := strings.NewReader(`{"v":1,"seq":1,"op":"bye"}` + "\n" + `{"v":1,"seq":2,"op":"reset"}` + "\n")
	if err := Serve(t.Context(), requests, &out, &modest{}); err != nil ||
		out.String() != `{"seq":1,"ok":{}}`+"\n" {
		t.Errorf("%v, %s", err, out.String())
	}
}

func TestServeOfWhatCannotBeAnswered(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		fault string
		in    io.Reader
		out   io.Writer
		want  error
	}{
		{"garbage", strings.NewReader("hello?\n"), io.Discard, ErrGarbage},
		{"no seq", strings.NewReader(`{"v":1,"op":"reset"}` + "\n"), io.Discard, ErrSchema},
		{"line too long", strings.NewReader(strings.Repeat("x", MaxLine+2)), io.Discard, ErrTooLong},
		{"input breaks", io.MultiReader(strings.NewReader("{"), failing{broken}), io.Discard, broken},
		{"output breaks", strings.NewReader(`{"v":1,"seq":1,"op":"reset"}` + "\n"), failing{broken}, broken},
	} {
		if err := Serve(t.Context(), tt.in, tt.out, &modest{}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.fault, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestLongestLinesPass(t *testing.T) {
	padded := `{"v":1,"seq":1,"op":"reset"` + strings.Repeat(" ",
		MaxLine-len(`{"v":1,"seq":1,"op":"reset"}`)) + "}"
	var out bytes.Buffer
	if err := Serve(t.Context(), strings.NewReader(padded+"\n"), &out, &modest{}); err != nil ||
		out.Len() == 0 {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
	in := replies{buf: []byte(padded + "\n")}
	if line, err := in.take(); err != nil || len(line) != MaxLine {
		t.Errorf("%v, %d bytes", err, len(line))
	}
}

// wordy replies what it is given.
type wordy struct{ reply Reply }

func (w wordy) Do(context.Context, Request) (Reply, error) { return w.reply, nil }
func (wordy) Close() error                                 { return nil }

func TestTextIsCut(t *testing.T) {
	long := strings.Repeat("ä", MaxText) // two bytes each
	l := Traced(wordy{&Rejected{Stage: AtVerify, Class: Verifier, Message: "x" + long,
		Log: long + "x"}}, nil)
	reply, err := l.Do(t.Context(), Load{Session: "s"})
	if err != nil {
		t.Fatal(err)
	}
	r := reply.(*Rejected)
	if len(r.Message) != MaxText-1 || len(r.Log) != MaxText-1 ||
		!utf8.ValidString(r.Message+r.Log) {
		t.Errorf("%d bytes of message, %d of log", len(r.Message), len(r.Log))
	}
	if !strings.HasPrefix(r.Message, "xä") || !strings.HasSuffix(r.Log, "äx") {
		t.Error("the wrong ends are kept")
	}
}

func TestReplyThatCannotBeSent(t *testing.T) {
	many := &OK{}
	for range MaxLine / 20 {
		many.Maps = append(many.Maps, MapView{Name: "a map with a name of its own"})
	}
	for fault, reply := range map[string]Reply{
		"too long":    many,
		"none":        nil,
		"no JSON":     &OK{Answer: func() {}},
		"wrong class": &Rejected{Stage: AtLoad, Class: "odd"},
	} {
		got, err := Traced(wordy{reply}, nil).Do(t.Context(), Load{Session: "s"})
		if broken, ok := got.(*Error); (!ok || broken.Message == "") && !errors.Is(err, ErrSchema) {
			t.Errorf("%s: %+v, %v", fault, got, err)
		}
	}
}

func TestRequestThatCannotBeSent(t *testing.T) {
	l := Traced(&modest{}, nil)
	for fault, req := range map[string]Request{
		"too long": Open{Session: strings.Repeat("s", MaxLine)},
		"no JSON":  Set{Session: "s", Value: func() {}},
	} {
		if _, err := l.Do(t.Context(), req); err == nil {
			t.Errorf("%s: sent", fault)
		}
	}
	// A request that was not sent is no fault of the loader's.
	if _, err := l.Do(t.Context(), Reset{}); err != nil {
		t.Error(err)
	}
}

func TestValueAsNumber(t *testing.T) {
	for _, tt := range []struct {
		value any
		want  uint32
		ok    bool
	}{
		{7, 7, true}, {7.0, 7, true}, {4294967295.0, 4294967295, true},
		{4294967296.0, 0, false}, {-1, 0, false}, {0.5, 0, false}, {"7", 0, false}, {true, 0, false},
	} {
		got, ok := Set{Value: tt.value}.Uint32()
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%v: %d, %v", tt.value, got, ok)
		}
	}
}

// FuzzRequest holds a server to answer or to stop, whatever comes.
func FuzzRequest(f *testing.F) {
	for _, op := range Ops() {
		line, err := encodeRequest(1, "a.spec", fullRequest(f, op))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		_, reply, err := serveOne(t.Context(), line, wordy{&OK{}})
		if (err == nil) == (reply == nil) {
			t.Fatalf("%s, %v", reply, err)
		}
		if err == nil {
			if _, err := decodeReply(OpReset, reply); err != nil {
				t.Fatalf("%s: %v", reply, err)
			}
		}
	})
}

// FuzzManifest holds the parser to errors that say what is wrong, and what it accepts to what its
// users rely on.
func FuzzManifest(f *testing.F) {
	f.Add("name: x\nversions: {\"1\": local}\nspeaks: ndjson\ncommand: [./d]\nfiles: [a/b]\n")
	f.Add("name: x\nversions: &a {\"1\": debian-12}\nenv: *a\nbuiltin: x\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseManifest("l.yaml", strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, ErrManifest) {
				t.Fatal(err)
			}
			return
		}
		if !isName(m.Name) || !isVersion(m.Newest()) || len(m.Command) == 0 && m.Builtin == "" {
			t.Fatalf("%+v", m)
		}
		for _, f := range m.Brought() {
			if strings.HasPrefix(f, "/") || strings.HasPrefix(f, "..") {
				t.Fatalf("brings %s", f)
			}
		}
	})
}

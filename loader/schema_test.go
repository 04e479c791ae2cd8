// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/loadstone-bpf/loadstone/loader/schema"
)

// fullRequest returns a request with something in every field, none of which changes on its way
// over the wire.
func fullRequest(t testing.TB, op Op) Request {
	t.Helper()
	req := readable(t, blanks[op])
	if set, isSet := req.(Set); isSet {
		set.Value = 1.0
		return set
	}
	return req
}

// everyReply lists replies that between them have every field set.
var everyReply = []struct {
	op    Op
	reply Reply
}{
	{OpHello, &OK{Protocol: 1, Features: map[Feature]Claim{BTFMaps: {Support: Partial, Reason: "r", Issue: "i"}, "new": {Support: Yes}},
		Loader: &Identity{Name: "n", Version: "v1.0~rc1", Language: "c", Homepage: "h", Issues: "i",
			Components: map[string]string{"libelf": "0.188"}}}},
	{OpHello, &Unsupported{Feature: ProtocolFeature}},
	{OpLoad, &OK{Maps: []MapView{{Name: "m", ID: 4294967295}}, Programs: []ProgramView{{Name: "p", Section: "xdp", ID: 7}}}},
	{OpCreate, &OK{ID: math.MaxUint32}},
	{OpCreate, &Rejected{Stage: AtPin, Class: NameConflict, Errno: 17}},
	{OpOpen, &OK{Unknown: []string{"m.colour"}}},
	{OpAttach, &OK{Handle: "h", LinkID: 9}},
	{OpQuery, &OK{Answer: map[string]any{"slots": []any{1.5, "a", nil, true}}}},
	{OpSet, &Unsupported{Feature: NUMA, Reason: "r", Issue: "i"}},
	{OpLoad, &Rejected{Stage: AtVerify, Class: Verifier, Errno: 22, Message: "m", Log: "l"}},
	{OpOpen, &Rejected{Stage: "open/parse-elf", Class: "malformed/elf/section-2"}},
	{OpBye, &Error{Message: "m", Trace: "t"}},
}

func TestEveryRequestIsInTheSchema(t *testing.T) {
	for _, op := range Ops() {
		req := fullRequest(t, op)
		line, err := encodeRequest(3, "a.spec", req)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(line, nil); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		e, again, err := decodeRequest(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if diff := cmp.Diff(req, again); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(envelope{V: 1, Seq: 3, Spec: "a.spec", Op: op}, e); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEveryReplyIsInTheSchema(t *testing.T) {
	for _, tt := range everyReply {
		request, err := encodeRequest(3, "", blanks[tt.op])
		if err != nil {
			t.Fatal(err)
		}
		line, err := encodeReply(3, tt.reply)
		if err != nil {
			t.Fatal(err)
		}
		if err := validateReply(t, tt.op, line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		a, err := decodeReply(tt.op, line)
		if err != nil || a.seq != 3 || len(a.unknown) > 0 {
			t.Errorf("%s: %+v, %v", line, a, err)
		}
		if diff := cmp.Diff(tt.reply, a.reply); diff != "" {
			t.Errorf("%s %s:\n%s", request, line, diff)
		}
	}
}

// validateReply has the schema judge the reply to a request of that kind.
func validateReply(t testing.TB, op Op, reply []byte) error {
	t.Helper()
	line, err := encodeRequest(1, "", fullRequest(t, op))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(line, reply)
}

func TestUnknownFieldsAreKept(t *testing.T) {
	a, err := decodeReply(OpLoad,
		[]byte(`{"seq":1,"mood":"good","ok":{"maps":[{"name":"a"},{"name":"b","colour":3}],"Handle":"x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mood", "ok.Handle", "ok.maps[1].colour"}, a.unknown); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&OK{Maps: []MapView{{Name: "a"}, {Name: "b"}}}, a.reply); diff != "" {
		t.Error(diff)
	}
	if _, req, err := decodeRequest([]byte(`{"v":1,"seq":1,"op":"load","session":"s","colour":[1]}`)); err != nil || req != (Load{Session: "s"}) {
		t.Errorf("%v, %v", req, err)
	}
}

// badReplies lists what the schema refuses, and the code that says the same.
var badReplies = []struct {
	fault string
	op    Op
	line  string
}{
	{"array", OpReset, `[]`},
	{"no seq", OpReset, `{"ok":{}}`},
	{"seq is text", OpReset, `{"seq":"1","ok":{}}`},
	{"seq with a fraction", OpReset, `{"seq":1.5,"ok":{}}`},
	{"no answer", OpReset, `{"seq":1}`},
	{"two answers", OpReset, `{"seq":1,"ok":{},"error":{"message":"x"}}`},
	{"answer in capitals", OpReset, `{"seq":1,"OK":{}}`},
	{"ok is null", OpReset, `{"seq":1,"ok":null}`},
	{"ok is true", OpReset, `{"seq":1,"ok":true}`},
	{"hello without version", OpHello, `{"seq":1,"ok":{"loader":{"name":"n","version":"1"}}}`},
	{"hello with version 0", OpHello, `{"seq":1,"ok":{"protocol":0,"loader":{"name":"n","version":"1"}}}`},
	{"hello without identity", OpHello, `{"seq":1,"ok":{"protocol":1}}`},
	{"nameless loader", OpHello, `{"seq":1,"ok":{"protocol":1,"loader":{"name":"","version":"1"}}}`},
	{"loader version moves", OpHello, `{"seq":1,"ok":{"protocol":1,"loader":{"name":"n","version":"main"}}}`},
	{"loader without version", OpHello, `{"seq":1,"ok":{"protocol":1,"loader":{"name":"n"}}}`},
	{"component is a number", OpHello, `{"seq":1,"ok":{"protocol":1,"loader":{"name":"n","version":"1","components":{"a":1}}}}`},
	{"hello rejected", OpHello, `{"seq":1,"rejected":{"stage":"open","class":"invalid"}}`},
	{"reset rejected", OpReset, `{"seq":1,"rejected":{"stage":"open","class":"invalid"}}`},
	{"bye rejected", OpBye, `{"seq":1,"rejected":{"stage":"open","class":"invalid"}}`},
	{"support maybe", OpHello, `{"seq":1,"ok":{"protocol":1,"loader":{"name":"n","version":"1"},"features":{"x":{"support":"maybe"}}}}`},
	{"claim without support", OpHello, `{"seq":1,"ok":{"protocol":1,"loader":{"name":"n","version":"1"},"features":{"x":{}}}}`},
	{"create without id", OpCreate, `{"seq":1,"ok":{}}`},
	{"create with id 0", OpCreate, `{"seq":1,"ok":{"id":0}}`},
	{"create with an id of 33 bits", OpCreate, `{"seq":1,"ok":{"id":4294967296}}`},
	{"attach without handle", OpAttach, `{"seq":1,"ok":{}}`},
	{"attach with empty handle", OpAttach, `{"seq":1,"ok":{"handle":""}}`},
	{"query without answer", OpQuery, `{"seq":1,"ok":{}}`},
	{"query answered with null", OpQuery, `{"seq":1,"ok":{"answer":null}}`},
	{"maps are an object", OpLoad, `{"seq":1,"ok":{"maps":{}}}`},
	{"map without name", OpLoad, `{"seq":1,"ok":{"maps":[{"id":1}]}}`},
	{"nameless map", OpLoad, `{"seq":1,"ok":{"maps":[{"name":""}]}}`},
	{"nameless program", OpLoad, `{"seq":1,"ok":{"programs":[{"name":""}]}}`},
	{"negative id", OpLoad, `{"seq":1,"ok":{"maps":[{"name":"m","id":-1}]}}`},
	{"id of 33 bits", OpLoad, `{"seq":1,"ok":{"maps":[{"name":"m","id":4294967296}]}}`},
	{"id null", OpLoad, `{"seq":1,"ok":{"maps":[{"name":"m","id":null}]}}`},
	{"unsupported nothing", OpLoad, `{"seq":1,"unsupported":{"feature":""}}`},
	{"unsupported without feature", OpLoad, `{"seq":1,"unsupported":{}}`},
	{"rejected without stage", OpLoad, `{"seq":1,"rejected":{"class":"invalid"}}`},
	{"rejected without class", OpLoad, `{"seq":1,"rejected":{"stage":"open"}}`},
	{"unknown stage", OpLoad, `{"seq":1,"rejected":{"stage":"create","class":"invalid"}}`},
	{"unknown class", OpLoad, `{"seq":1,"rejected":{"stage":"open","class":"broken"}}`},
	{"class not refined", OpLoad, `{"seq":1,"rejected":{"stage":"open","class":"invalid/"}}`},
	{"class with a capital", OpLoad, `{"seq":1,"rejected":{"stage":"open","class":"invalid/Map"}}`},
	{"negative errno", OpLoad, `{"seq":1,"rejected":{"stage":"open","class":"invalid","errno":-22}}`},
	{"errno beyond the kernel's", OpLoad, `{"seq":1,"rejected":{"stage":"open","class":"invalid","errno":4096}}`},
	{"error without message", OpLoad, `{"seq":1,"error":{}}`},
}

func TestBadReply(t *testing.T) {
	for _, tt := range badReplies {
		t.Run(tt.fault, func(t *testing.T) {
			_, err := decodeReply(tt.op, []byte(tt.line))
			if !errors.Is(err, ErrSchema) {
				t.Errorf("client: %v", err)
			}
			if err := validateReply(t, tt.op, []byte(tt.line)); !errors.Is(err, schema.ErrInvalid) {
				t.Errorf("schema: %v", err)
			}
		})
	}
}

// badRequests lists what the schema refuses, and the code that says the same.
var badRequests = []struct{ fault, line string }{
	{"no v", `{"seq":1,"op":"reset"}`},
	{"no op", `{"v":1,"seq":1}`},
	{"empty op", `{"v":1,"seq":1,"op":""}`},
	{"seq 0", `{"v":1,"seq":0,"op":"reset"}`},
	{"spec is a number", `{"v":1,"seq":1,"spec":1,"op":"reset"}`},
	{"load of no session", `{"v":1,"seq":1,"op":"load"}`},
	{"open without options", `{"v":1,"seq":1,"op":"open","session":"s","object":"o"}`},
	{"protocols are text", `{"v":1,"seq":1,"op":"hello","protocols":"1","suite":"","kernel":{"release":"","arch":""},"dirs":{"work":"","bpffs":""}}`},
	{"create without map", `{"v":1,"seq":1,"op":"create","name":"m","path":"/b/m"}`},
	{"create without entries", `{"v":1,"seq":1,"op":"create","name":"m","path":"/b/m","map":{"type":1,"key_size":4,"value_size":8}}`},
	{"key of 33 bits", `{"v":1,"seq":1,"op":"create","name":"m","path":"/b/m","map":{"type":1,"key_size":4294967296,"value_size":8,"max_entries":1}}`},
	{"negative map_extra", `{"v":1,"seq":1,"op":"create","name":"m","path":"/b/m","map":{"type":1,"key_size":4,"value_size":8,"max_entries":1,"map_extra":-1}}`},
	{"map_extra of 65 bits", `{"v":1,"seq":1,"op":"create","name":"m","path":"/b/m",
		"map":{"type":1,"key_size":4,"value_size":8,"max_entries":1,"map_extra":18446744073709551616}}`},
	{"option is text", `{"v":1,"seq":1,"op":"open","session":"s","object":"o","options":{"ignore_unknown_fields":"yes"}}`},
	{"value null", `{"v":1,"seq":1,"op":"set","session":"s","target":"map","name":"m","attribute":"max_entries","value":null}`},
	{"array", `[]`},
}

func TestBadRequest(t *testing.T) {
	for _, tt := range badRequests {
		t.Run(tt.fault, func(t *testing.T) {
			if _, _, err := decodeRequest([]byte(tt.line)); !errors.Is(err, ErrSchema) {
				t.Errorf("server: %v", err)
			}
			if err := schema.Validate([]byte(tt.line), nil); !errors.Is(err, schema.ErrInvalid) {
				t.Errorf("schema: %v", err)
			}
		})
	}
}

func TestGarbage(t *testing.T) {
	deep := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	for fault, line := range map[string]string{
		"empty":      ``,
		"text":       `Loading program…`,
		"half":       `{"seq":1,"ok":{`,
		"two values": `{"seq":1,"ok":{}} {}`,
		"no UTF-8":   "{\"seq\":1,\"ok\":{\"handle\":\"\xff\"}}",
		"key twice":  `{"seq":1,"ok":{},"ok":{}}`,
		"too deep":   `{"seq":1,"ok":{"answer":` + deep + `}}`,
		"comma":      `{"seq":1,"ok":{},}`,
	} {
		if _, err := decodeReply(OpReset, []byte(line)); !errors.Is(err, ErrGarbage) {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

// FuzzReply holds the client and the schema to the same judgement, and both to keep what they
// accept.
func FuzzReply(f *testing.F) {
	for _, tt := range badReplies {
		f.Add(string(tt.op), []byte(tt.line))
	}
	for _, tt := range everyReply {
		line, err := encodeReply(1, tt.reply)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(tt.op), line)
	}
	f.Fuzz(func(t *testing.T, op string, line []byte) {
		a, err := decodeReply(Op(op), line)
		if errors.Is(err, ErrGarbage) {
			return // stricter than JSON: a key twice, no UTF-8, too deep
		}
		if blanks[Op(op)] == nil {
			return
		}
		if valid := validateReply(t, Op(op), line); (err == nil) != (valid == nil) {
			t.Fatalf("client: %v; schema: %v", err, valid)
		}
		if err != nil {
			return
		}
		again, err := encodeReply(a.seq, a.reply)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := decodeReply(Op(op), again); err != nil ||
			!cmp.Equal(a.reply, b.reply, cmpopts.EquateEmpty()) {
			t.Fatalf("%s, again %s: %v", line, again, err)
		}
	})
}

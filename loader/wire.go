// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loadstone-bpf/loadstone/loader/jsonline"
)

// MaxLine is the longest line of the protocol in bytes, without its newline. A longer one is a fault of whoever wrote it.
const MaxLine = 1 << 20

// MaxText is how much of a log, message or trace is sent, in bytes: the last of a log, the first of anything else.
const MaxText = 64 << 10

// EnvFDs is the variable that says on which descriptors a driver speaks, where that is not stdin and stdout.
const EnvFDs = "LOADSTONE_FDS"

const fdsValue = "3,4" // requests are read from 3, replies written to 4

// An envelope is what every request carries beside its own fields.
type envelope struct {
	V    int    `json:"v"`              // version of the protocol
	Seq  int    `json:"seq"`            // of the request in the conversation, from 1
	Spec string `json:"spec,omitempty"` // id of the spec that asks, for logs
	Op   Op     `json:"op"`
}

// blanks are the requests of [Version], each empty.
var blanks = map[Op]Request{
	OpHello: Hello{}, OpCreate: Create{}, OpOpen: Open{}, OpSet: Set{}, OpLoad: Load{}, OpAttach: Attach{}, OpDetach: Detach{}, OpPin: Pin{},
	OpUnpin: Unpin{}, OpClose: Close{}, OpLink: Link{}, OpQuery: Query{}, OpReset: Reset{}, OpBye: Bye{},
}

// Ops are the operations of [Version], in alphabetical order.
func Ops() []Op { return slices.Sorted(maps.Keys(blanks)) }

// encodeRequest is the request as one line, without its newline.
func encodeRequest(seq int, spec string, req Request) ([]byte, error) {
	line := make(jsonline.Line, 0, 512)
	line.Open()
	line.Number("v", Version)
	line.Number("seq", int64(seq))
	line.TextIfAny("spec", spec)
	line.Text("op", string(req.Op()))
	if err := requestFields(&line, req); err != nil {
		return nil, fmt.Errorf("encode %s request: %w", req.Op(), err)
	}
	line.Close()
	if len(line) > MaxLine {
		return nil, fmt.Errorf("encode %s request: %w: %d bytes", req.Op(), ErrTooLong, len(line))
	}
	return line, nil
}

// errUnknownOp is a request's that is well formed and asks for something that this version does not know.
var errUnknownOp = errors.New("unknown operation")

// decodeRequest reads one line. Fields that it does not know are ignored. The envelope is filled as far as it could be read, also when
// there is an error: with its Seq an answer is possible.
func decodeRequest(line []byte) (envelope, Request, error) {
	var e envelope
	tree, err := parse(line)
	if err != nil {
		return e, nil, err
	}
	s := shaper{}
	if err := s.fit(tree, reflect.ValueOf(&e).Elem(), "request"); err != nil {
		return e, nil, err
	}
	if e.Seq < 1 {
		return e, nil, fmt.Errorf("%w: seq is %d, want 1 or more", ErrSchema, e.Seq)
	}
	if e.Op == "" {
		return e, nil, fmt.Errorf("%w: op is empty", ErrSchema)
	}
	blank, ok := blanks[e.Op]
	if !ok {
		return e, nil, fmt.Errorf("%w %q", errUnknownOp, e.Op)
	}
	req := reflect.New(reflect.TypeOf(blank)).Elem()
	if err := s.fit(tree, req, string(e.Op)); err != nil {
		return e, nil, err
	}
	return e, req.Interface().(Request), nil
}

// encodeReply is the reply as one line, without its newline. Logs and messages are cut to [MaxText].
func encodeReply(seq int, reply Reply) ([]byte, error) {
	key := replyKey(reply)
	if key == "" {
		return nil, fmt.Errorf("encode reply: %T is none", reply)
	}
	line := make(jsonline.Line, 0, 512)
	line.Open()
	line.Number("seq", int64(seq))
	line.Key(key)
	line.Open()
	if err := replyFields(&line, cut(reply)); err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	line.Close()
	line.Close()
	if len(line) > MaxLine {
		return nil, fmt.Errorf("encode reply: %w: %d bytes", ErrTooLong, len(line))
	}
	return line, nil
}

func replyKey(reply Reply) string {
	switch reply.(type) {
	case *OK:
		return "ok"
	case *Unsupported:
		return "unsupported"
	case *Rejected:
		return "rejected"
	case *Error:
		return "error"
	}
	return ""
}

func cut(reply Reply) Reply {
	switch r := reply.(type) {
	case *Rejected:
		c := *r
		c.Message, c.Log = first(r.Message), last(r.Log)
		return &c
	case *Error:
		c := *r
		c.Message, c.Trace = first(r.Message), first(r.Trace)
		return &c
	}
	return reply
}

func first(s string) string {
	if len(s) <= MaxText {
		return s
	}
	end := MaxText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

func last(s string) string {
	if len(s) <= MaxText {
		return s
	}
	start := len(s) - MaxText
	for start < len(s) && !utf8.RuneStart(s[start]) {
		start++
	}
	return s[start:]
}

// An answer is one line from a driver, read as far as it could be.
type answer struct {
	seq     int
	reply   Reply
	unknown []string // fields that this version does not know, as "ok.maps[0].colour"
}

// decodeReply reads the answer to a request of that kind. Errors wrap [ErrGarbage] or [ErrSchema].
func decodeReply(op Op, line []byte) (answer, error) {
	var a answer
	tree, err := parse(line)
	if err != nil {
		return a, err
	}
	object, ok := tree.(map[string]any)
	if !ok {
		return a, fmt.Errorf("%w: the line is no object", ErrSchema)
	}
	s := shaper{unknown: &a.unknown}
	if err := s.fit(object["seq"], reflect.ValueOf(&a.seq).Elem(), "seq"); err != nil {
		return a, err
	}
	a.reply, err = s.union(op, object)
	slices.Sort(a.unknown)
	return a, err
}

// union reads the one key of a reply that says which reply it is.
func (s shaper) union(op Op, object map[string]any) (Reply, error) {
	var reply Reply
	var keys []string
	for _, one := range []Reply{&OK{}, &Unsupported{}, &Rejected{}, &Error{}} {
		if _, ok := object[replyKey(one)]; ok {
			reply = one
			keys = append(keys, replyKey(one))
		}
	}
	for key := range object {
		if key != "seq" && !slices.Contains(keys, key) {
			*s.unknown = append(*s.unknown, key)
		}
	}
	if len(keys) != 1 {
		return nil, fmt.Errorf("%w: %d of the keys ok, unsupported, rejected, error, want exactly one", ErrSchema, len(keys))
	}
	if err := s.fit(object[keys[0]], reflect.ValueOf(reply).Elem(), keys[0]); err != nil {
		return nil, err
	}
	return reply, checkReply(op, reply)
}

// answers says what the reply ok to a request must hold.
var answers = map[Op]func(*OK) string{
	OpHello: func(r *OK) string {
		switch {
		case r.Protocol < 1:
			return "ok.protocol"
		case r.Loader == nil:
			return "ok.loader"
		}
		return ""
	},
	OpCreate: func(r *OK) string {
		if r.ID == 0 {
			return "ok.id"
		}
		return ""
	},
	OpAttach: func(r *OK) string {
		if r.Handle == "" {
			return "ok.handle"
		}
		return ""
	},
	OpQuery: func(r *OK) string {
		if r.Answer == nil {
			return "ok.answer"
		}
		return ""
	},
}

// checkReply reports what is wrong with a reply whose fields are all of the right type: the rules of the schema that no Go type can say.
func checkReply(op Op, reply Reply) error {
	switch r := reply.(type) {
	case *OK:
		if missing := answers[op]; missing != nil && missing(r) != "" {
			return fmt.Errorf("%w: %s is missing in the answer to %s", ErrSchema, missing(r), op)
		}
		return checkOK(r)
	case *Unsupported:
		if r.Feature == "" {
			return fmt.Errorf("%w: unsupported.feature is empty", ErrSchema)
		}
	case *Rejected:
		switch {
		case op == OpHello || op == OpReset || op == OpBye:
			return fmt.Errorf("%w: there is nothing in %s to reject", ErrSchema, op)
		case !wellFormed(string(r.Stage), stages):
			return fmt.Errorf("%w: rejected.stage is %q", ErrSchema, r.Stage)
		case !wellFormed(string(r.Class), classes):
			return fmt.Errorf("%w: rejected.class is %q", ErrSchema, r.Class)
		case r.Errno < 0 || r.Errno > maxErrno:
			return fmt.Errorf("%w: rejected.errno is %d, want 0 to %d", ErrSchema, r.Errno, maxErrno)
		}
	}
	return nil
}

const maxErrno = 4095 // MAX_ERRNO, include/linux/err.h

func checkOK(r *OK) error {
	if l := r.Loader; l != nil {
		switch {
		case l.Name == "":
			return fmt.Errorf("%w: ok.loader.name is empty", ErrSchema)
		case !isVersion(l.Version):
			return fmt.Errorf("%w: ok.loader.version is %q, want one that does not move, a number first", ErrSchema, l.Version)
		}
	}
	for _, feature := range slices.Sorted(maps.Keys(r.Features)) {
		if claim := r.Features[feature]; !slices.Contains([]Support{Yes, No, Partial, KernelDependent}, claim.Support) {
			return fmt.Errorf("%w: ok.features.%s.support is %q", ErrSchema, feature, claim.Support)
		}
	}
	for i, m := range r.Maps {
		if m.Name == "" {
			return fmt.Errorf("%w: ok.maps[%d].name is empty", ErrSchema, i)
		}
	}
	for i, p := range r.Programs {
		if p.Name == "" {
			return fmt.Errorf("%w: ok.programs[%d].name is empty", ErrSchema, i)
		}
	}
	return nil
}

// The first words of stages and classes are all there are. What comes after a slash refines them, and may be new.
var (
	stages  = []string{"open", "link", "load", "attach", "command"}
	classes = []string{"malformed", "invalid", "not-supported", "not-found", "name-conflict", "permission", "limit",
		"busy", "verifier", "io", "unclassified"}
)

func wellFormed(s string, words []string) bool {
	for i, word := range strings.Split(s, "/") {
		if i == 0 && !slices.Contains(words, word) || !isWords(word) {
			return false
		}
	}
	return true
}

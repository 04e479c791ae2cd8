// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loadstone-bpf/loadstone/loader/jsonline"
)

// EnvFDs names the variable that says on which descriptors a driver speaks, if not on stdin and
// stdout.
const EnvFDs = "LOADSTONE_FDS"

const fdsValue = "3,4" // requests are read from 3, replies written to 4

// encodeRequest returns the request as one line, without its newline.
func encodeRequest(seq int, spec string, req Request) ([]byte, error) {
	line := make(jsonline.Line, 0, 512)
	line.Open()
	envelope{V: Version, Seq: seq, Spec: spec, Op: req.Op()}.write(&line)
	if err := writeRequest(&line, req); err != nil {
		return nil, fmt.Errorf("encode %s request: %w", req.Op(), err)
	}
	line.Close()
	if len(line) > MaxLine {
		return nil, fmt.Errorf("encode %s request: %w: %d bytes", req.Op(), ErrTooLong, len(line))
	}
	return line, nil
}

// errUnknownOp marks a well-formed request for something that this version does not know.
var errUnknownOp = errors.New("unknown operation")

// decodeRequest reads one line. Fields that it does not know are ignored. The envelope is filled as
// far as it could be read, also when there is an error: with its Seq an answer is possible.
func decodeRequest(line []byte) (envelope, Request, error) {
	var e envelope
	tree, err := parse(line)
	if err != nil {
		return e, nil, err
	}
	var r reading
	e.read(r.root("request", tree))
	switch {
	case r.err != nil:
		return e, nil, r.err
	case e.Seq < 1:
		return e, nil, fmt.Errorf("%w: seq is %d, want 1 or more", ErrSchema, e.Seq)
	case e.Op == "":
		return e, nil, fmt.Errorf("%w: op is empty", ErrSchema)
	}
	req := readRequest(e.Op, r.root(string(e.Op), tree))
	switch {
	case req == nil:
		return e, nil, fmt.Errorf("%w %q", errUnknownOp, e.Op)
	case r.err != nil:
		return e, nil, r.err
	}
	return e, req, nil
}

// encodeReply returns the reply as one line, without its newline. Logs and messages are cut to
// [MaxText].
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
	if err := writeReply(&line, cut(reply)); err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	line.Close()
	line.Close()
	if len(line) > MaxLine {
		return nil, fmt.Errorf("encode reply: %w: %d bytes", ErrTooLong, len(line))
	}
	return line, nil
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

// An answer holds one line from a driver, read as far as it could be.
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
	var r reading
	a.seq = r.root("seq", object["seq"]).integer()
	var keys []string
	for _, key := range replyKeys {
		if _, ok := object[key]; ok {
			keys = append(keys, key)
		}
	}
	for key := range object {
		if key != "seq" && !slices.Contains(keys, key) {
			r.unknown = append(r.unknown, key)
		}
	}
	switch {
	case r.err != nil:
		return a, r.err
	case len(keys) != 1:
		return a, fmt.Errorf("%w: %d of the keys %s, want exactly one", ErrSchema, len(keys),
			strings.Join(replyKeys, ", "))
	}
	reply := readReply(keys[0], r.root(keys[0], object[keys[0]]))
	a.unknown = slices.Sorted(slices.Values(r.unknown))
	if r.err != nil {
		return a, r.err
	}
	a.reply = reply
	return a, checkReply(op, reply)
}

// checkReply reports what is wrong with a reply whose fields are all of the right type: the rules
// of the schema that no Go type says.
func checkReply(op Op, reply Reply) error {
	if ok, isOK := reply.(*OK); isOK && ok.missing(op) != "" {
		return fmt.Errorf("%w: ok.%s is missing in the answer to %s", ErrSchema, ok.missing(op), op)
	}
	if _, rejected := reply.(*Rejected); rejected && !rejectable(op) {
		return fmt.Errorf("%w: there is nothing in %s to reject", ErrSchema, op)
	}
	if flaw := flaw(reply); flaw != "" {
		return fmt.Errorf("%w: %s.%s", ErrSchema, replyKey(reply), flaw)
	}
	return nil
}

// wellFormed reports whether s is words joined by slashes, the first of them one of the roots.
func wellFormed(s string, roots []string) bool {
	for i, word := range strings.Split(s, "/") {
		if i == 0 && !slices.Contains(roots, word) || !isWords(word) {
			return false
		}
	}
	return true
}

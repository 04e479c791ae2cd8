// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/loadstone-bpf/loadstone/loader/jsonline"
)

// MaxLen gives the longest record in bytes, without its seal. A longer one is a fault of the guest.
const MaxLen = 1<<20 - SealLen

// A Record holds one line from a guest. The types of this file, [Checked], [File] and
// [Shell] are all there are.
type Record interface {
	recordType() string
	fields(*jsonline.Line) // in the order of the struct, under the names of its tags
}

// Hello describes a guest's first record, sent when it is ready for orders (before the template is
// taken).
type Hello struct {
	Release string `json:"release"` // uname -r
	Machine string `json:"machine"` // uname -m
}

// Accepted says that the order was read. It is a clone's first record.
type Accepted struct {
	Specs int `json:"specs"`
}

// Greeting describes what the loader said of itself, once per spec: in its first conversation.
type Greeting struct {
	Name       string            `json:"name"`
	Version    string            `json:"version"`
	Components map[string]string `json:"components,omitempty"`
}

// Begin says that a spec starts.
type Begin struct {
	Spec string `json:"spec"`
	Late
}

// Late holds what the kernel logged after the KernelLog of a spec, until the next began or the
// guest was done. Where the order says to watch, the State after the spec has it.
type Late struct {
	Lines   []string `json:"lines,omitempty"`
	Tainted uint64   `json:"tainted,omitempty"` // as in KernelLog
	Error   string   `json:"log_error,omitempty"`
}

// Step holds one request to the loader and its reply, as they went over the wire.
type Step struct {
	Spec string `json:"spec"`
	// which of the spec's conversations with processes of the loader, from 2; 0 for the first
	Conversation int             `json:"conversation,omitempty"`
	Seq          int             `json:"seq"`
	Request      json.RawMessage `json:"request"`
	Reply        json.RawMessage `json:"reply,omitempty"` // absent where none came
	Fault        string          `json:"fault,omitempty"` // why none came
	Stderr       string          `json:"stderr,omitempty"`
	Duration     time.Duration   `json:"duration"` // nanoseconds
}

// KernelLog describes what the kernel logged while a spec ran. It comes before the spec's Finish.
type KernelLog struct {
	Spec  string   `json:"spec"`
	Lines []string `json:"lines,omitempty"`
	// the bits of /proc/sys/kernel/tainted that came meanwhile
	Tainted uint64 `json:"tainted,omitempty"`
	Error   string `json:"error,omitempty"` // why the log could not be read whole
}

// Outcome names how a spec ended in the guest.
type Outcome string

// The outcomes.
const (
	Passed   Outcome = "passed"
	Failed   Outcome = "failed"   // an expectation did not hold
	Refused  Outcome = "refused"  // the loader cleanly refused what it does not claim
	Skipped  Outcome = "skipped"  // the kernel lacks what the spec needs, as probed
	Panicked Outcome = "panicked" // the spec itself broke
	TimedOut Outcome = "timed-out"
	Broken   Outcome = "broken" // the driver broke the protocol, or the setup did not work
)

// Finish says how a spec ended.
type Finish struct {
	Spec    string  `json:"spec"`
	Outcome Outcome `json:"outcome"`
	// one line: why it was skipped, refused, broken
	Reason   string `json:"reason,omitempty"`
	Expected string `json:"expected,omitempty"` // for Failed
	Seen     string `json:"seen,omitempty"`     // for Failed
	// the whole failure text, with its place
	Detail string `json:"detail,omitempty"`
	// it passed although the loader does not claim the profile
	UnderClaim bool `json:"under_claim,omitempty"`
	// the limit that passed, where it ended so because one did: of a "request", of the "spec", or
	// of what the kernel has to "settle"
	Overran  string        `json:"overran,omitempty"`
	Limit    time.Duration `json:"limit,omitempty"` // its length, nanoseconds
	Duration time.Duration `json:"duration"`        // nanoseconds
}

// State says how the guest is after a spec, held against how it was before the first. It follows
// the spec's Finish where the order says to watch; the one before the first spec names none.
type State struct {
	Spec string `json:"spec,omitempty"`
	// how many there are of each kind of thing that was looked at, memory in KiB
	Held map[string]int `json:"held,omitempty"`
	// what is not as it was: "new mount bpf on /run/x"
	Changes []string `json:"changes,omitempty"`
	Late
	// why it could not be seen whole
	Error    string        `json:"error,omitempty"`
	Duration time.Duration `json:"duration"` // of the look, nanoseconds
}

// Unclean says why the guest is not as it was, or not known to be; "" where it is.
func (r State) Unclean() string {
	switch {
	case len(r.Changes) > 0:
		return r.Changes[0]
	case r.Error != "":
		return r.Error
	}
	return r.Late.Error
}

// End describes a guest's last record.
type End struct {
	Specs int `json:"specs"` // how many Finish records it sent
	// why it ended before the last spec of its order: what it leaves is for another guest
	Retired string `json:"retired,omitempty"`
	Late
}

func (Hello) recordType() string     { return "hello" }
func (Accepted) recordType() string  { return "accepted" }
func (Greeting) recordType() string  { return "greeting" }
func (Begin) recordType() string     { return "begin" }
func (Step) recordType() string      { return "step" }
func (KernelLog) recordType() string { return "kernel-log" }
func (Finish) recordType() string    { return "finish" }
func (State) recordType() string     { return "state" }
func (End) recordType() string       { return "end" }

// ErrUnknown reports a record of a type that [Parse] does not know.
var ErrUnknown = errors.New("unknown record")

func (r Hello) fields(l *jsonline.Line) {
	l.Text("release", r.Release)
	l.Text("machine", r.Machine)
}

func (r Accepted) fields(l *jsonline.Line) { l.Number("specs", int64(r.Specs)) }

func (r Greeting) fields(l *jsonline.Line) {
	l.Text("name", r.Name)
	l.Text("version", r.Version)
	jsonline.TextMap(l, "components", r.Components)
}

func (r Begin) fields(l *jsonline.Line) {
	l.Text("spec", r.Spec)
	r.Late.fields(l)
}

func (r Late) fields(l *jsonline.Line) {
	if len(r.Lines) > 0 {
		jsonline.Texts(l, "lines", r.Lines)
	}
	l.NumberIfAny("tainted", int64(r.Tainted))
	l.TextIfAny("log_error", r.Error)
}

func (r Step) fields(l *jsonline.Line) {
	l.Text("spec", r.Spec)
	l.NumberIfAny("conversation", int64(r.Conversation))
	l.Number("seq", int64(r.Seq))
	l.JSON("request", r.Request)
	if len(r.Reply) > 0 {
		l.JSON("reply", r.Reply)
	}
	l.TextIfAny("fault", r.Fault)
	l.TextIfAny("stderr", r.Stderr)
	l.Number("duration", int64(r.Duration))
}

func (r KernelLog) fields(l *jsonline.Line) {
	l.Text("spec", r.Spec)
	if len(r.Lines) > 0 {
		jsonline.Texts(l, "lines", r.Lines)
	}
	l.NumberIfAny("tainted", int64(r.Tainted))
	l.TextIfAny("error", r.Error)
}

func (r Finish) fields(l *jsonline.Line) {
	l.Text("spec", r.Spec)
	l.Text("outcome", string(r.Outcome))
	l.TextIfAny("reason", r.Reason)
	l.TextIfAny("expected", r.Expected)
	l.TextIfAny("seen", r.Seen)
	l.TextIfAny("detail", r.Detail)
	l.TrueIfSo("under_claim", r.UnderClaim)
	l.TextIfAny("overran", r.Overran)
	l.NumberIfAny("limit", int64(r.Limit))
	l.Number("duration", int64(r.Duration))
}

func (r State) fields(l *jsonline.Line) {
	l.TextIfAny("spec", r.Spec)
	jsonline.NumberMap(l, "held", r.Held)
	if len(r.Changes) > 0 {
		jsonline.Texts(l, "changes", r.Changes)
	}
	r.Late.fields(l)
	l.TextIfAny("error", r.Error)
	l.Number("duration", int64(r.Duration))
}

func (r End) fields(l *jsonline.Line) {
	l.Number("specs", int64(r.Specs))
	l.TextIfAny("retired", r.Retired)
	r.Late.fields(l)
}

// ErrNoJSON reports, from [Marshal], a step whose request or reply is no line of JSON.
var ErrNoJSON = errors.New("no line of JSON")

// Marshal returns the record as one JSON object with its type as the first key, without a newline.
// A step's request and reply are repeated as they are: who read them checked that they are JSON,
// and here only that they end no line is checked.
func Marshal(r Record) ([]byte, error) {
	if s, isStep := r.(Step); isStep {
		if len(s.Request) == 0 || bytes.IndexByte(s.Request, '\n') >= 0 ||
			bytes.IndexByte(s.Reply, '\n') >= 0 {
			return nil, fmt.Errorf("marshal step record: %w", ErrNoJSON)
		}
	}
	l := make(jsonline.Line, 0, 512)
	l.Open()
	l.Text("type", r.recordType())
	r.fields(&l)
	l.Close()
	return l, nil
}

// Parse reads one record. Unknown fields are ignored; an unknown type is an error wrapping
// [ErrUnknown].
func Parse(line []byte) (Record, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, fmt.Errorf("parse record: %w", err)
	}
	switch head.Type {
	case "hello":
		return parse[Hello](line)
	case "accepted":
		return parse[Accepted](line)
	case "greeting":
		return parse[Greeting](line)
	case "begin":
		return parse[Begin](line)
	case "step":
		return parse[Step](line)
	case "kernel-log":
		return parse[KernelLog](line)
	case "finish":
		return parse[Finish](line)
	case "state":
		return parse[State](line)
	case "checked":
		return parse[Checked](line)
	case "file":
		return parse[File](line)
	case "shell":
		return parse[Shell](line)
	case "end":
		return parse[End](line)
	}
	return nil, fmt.Errorf("%w: type %q", ErrUnknown, head.Type)
}

func parse[R Record](line []byte) (Record, error) {
	var r R
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, fmt.Errorf("parse %s record: %w", r.recordType(), err)
	}
	return r, nil
}

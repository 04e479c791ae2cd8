// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The faults of a conversation. A [Fault] wraps one of them, or the cause of a cancelled context.
var (
	ErrHung       = errors.New("did not answer in time")
	ErrDied       = errors.New("died")
	ErrGarbage    = errors.New("wrote something that is no JSON")
	ErrSchema     = errors.New("broke the schema")
	ErrOutOfOrder = errors.New("answered out of order")
	ErrTwice      = errors.New("answered twice")
	ErrTooLong    = errors.New("line too long")
	ErrVersion    = errors.New("speaks no common version of the protocol")
)

// A Fault ends a conversation: the driver broke the protocol or is gone. It says nothing about the
// loader's behaviour.
type Fault struct {
	Kind   error         // one of the Err… of this package, or the cause of a cancelled context
	Op     Op            // of the request in flight, or of the last one
	Seq    int           // of that request, from 1; 0 before the first
	Limit  time.Duration // of [ErrHung]: how long it had
	Detail string        // what was seen, one line
	Stderr string        // the last that the driver wrote on stderr, at most [MaxStderr] bytes
}

func (f *Fault) Error() string {
	s := fmt.Sprintf("driver %v (request %d, %s", f.Kind, f.Seq, f.Op)
	if f.Limit > 0 {
		s += fmt.Sprintf(", limit %v", f.Limit)
	}
	s += ")"
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	return s
}

func (f *Fault) Unwrap() error { return f.Kind }

// An Exchange records one request and its reply, as they went over the wire.
type Exchange struct {
	Spec     string
	Op       Op
	Seq      int             // from 1
	Request  json.RawMessage //
	Reply    json.RawMessage // nil if none came, or it is not JSON
	Unknown  []string        // unknown fields of the reply, as "ok.maps[0].colour"
	Stderr   string          // the last [MaxStderr] bytes of stderr since the last exchange
	Duration time.Duration
	Fault    *Fault // nil if the reply keeps to the protocol
}

// MaxStderr limits what is kept of a driver's stderr per request, in bytes: the last of it.
const MaxStderr = 16 << 10

// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"fmt"
	"strings"
	"sync"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

// A transcript keeps the last lines of a spec's conversations, for the detail of a failure.
type transcript struct {
	mu      sync.Mutex // conversations may have goroutines of their own
	lines   []string
	largest int // reply, in bytes
}

// transcriptLen bounds the lines of a transcript.
const transcriptLen = 12

func (t *transcript) add(line string) {
	t.lines = append(t.lines, line)
	t.lines = t.lines[max(0, len(t.lines)-transcriptLen):]
}

// String returns the lines, with > before what was asked and < before what was answered, and before
// that the number of the conversation, if it is not the first.
func (t *transcript) String() string {
	t.mu.Lock() // a spec that is stuck may go on talking
	defer t.mu.Unlock()
	if len(t.lines) == 0 {
		return ""
	}
	return strings.Join(t.lines, "\n") + "\n"
}

// maxReply bounds the reply that a record repeats, in bytes. As JSON in JSON it may grow to six
// times that, and [record.MaxLen] bounds the whole record.
const maxReply = 128 << 10

// trace records an exchange with the loader.
func (c *Conversation) trace(e loader.Exchange) {
	x, t := c.exec, &c.exec.transcript
	t.mu.Lock()
	defer t.mu.Unlock()
	step := record.Step{
		Spec: x.spec.ID, Seq: e.Seq, Request: e.Request, Reply: e.Reply, Stderr: e.Stderr,
		Duration: e.Duration,
	}
	if c.number > 1 {
		step.Conversation = c.number
	}
	t.largest = max(t.largest, len(e.Reply))
	t.add(c.mark() + "> " + phrase.Line(string(e.Request)))
	switch {
	case e.Fault != nil:
		step.Fault = e.Fault.Error()
		t.add(c.mark() + "! " + phrase.Line(step.Fault))
	case len(e.Reply) > maxReply:
		step.Reply, step.Fault = nil, fmt.Sprintf("a reply of %d bytes is left out of the record",
			len(e.Reply))
	}
	if e.Reply != nil {
		t.add(c.mark() + "< " + phrase.Line(string(e.Reply)))
	}
	if e.Stderr != "" {
		t.add(c.mark() + "stderr: " + phrase.Line(e.Stderr))
	}
	x.run.send(step)
}

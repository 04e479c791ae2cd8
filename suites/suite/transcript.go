// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
)

// transcript is the end of a conversation, for the detail of a failure.
type transcript struct {
	lines   []string
	largest int // reply, in bytes
}

// transcriptLen is how many lines of a conversation are kept.
const transcriptLen = 12

func (t *transcript) add(line string) {
	t.lines = append(t.lines, line)
	t.lines = t.lines[max(0, len(t.lines)-transcriptLen):]
}

// String is the lines, with > before what was asked and < before what was answered, and before that the number of the conversation, if it is not
// the first.
func (t *transcript) String() string {
	if len(t.lines) == 0 {
		return ""
	}
	return strings.Join(t.lines, "\n") + "\n"
}

// maxReply is the longest reply in bytes that a record repeats. As JSON in JSON it may grow to six times that, and [record.MaxLen] bounds the whole
// record.
const maxReply = 128 << 10

// step records an exchange with the loader.
func (c *Conversation) step(e loader.Exchange) {
	s := c.session
	s.telling.Lock()
	defer s.telling.Unlock()
	step := record.Step{Spec: s.spec.id, Seq: e.Seq, Request: e.Request, Reply: e.Reply, Stderr: e.Stderr, Duration: e.Duration}
	s.told.largest = max(s.told.largest, len(e.Reply))
	s.told.add(c.mark() + "> " + oneLine(string(e.Request)))
	switch {
	case e.Fault != nil:
		step.Fault = e.Fault.Error()
		s.told.add(c.mark() + "! " + oneLine(step.Fault))
	case len(e.Reply) > maxReply:
		step.Reply, step.Fault = nil, fmt.Sprintf("a reply of %d bytes is left out of the record", len(e.Reply))
	}
	if e.Reply != nil {
		s.told.add(c.mark() + "< " + oneLine(string(e.Reply)))
	}
	if e.Stderr != "" {
		s.told.add(c.mark() + "stderr: " + oneLine(e.Stderr))
	}
	s.run.send(step)
}

// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"encoding/json"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

// Query asks the loader for its own view of something in the kernel, by a word of the protocol such
// as "metadata", and reads the answer into a pointer to what docs/loader-protocol.md lays down. It
// ends the spec as refused where the loader has no such view, and as failed where the answer has
// another form.
func (c *Conversation) Query(what string, answer any) {
	a := &Attempt{session: c.session, in: c.talk, object: what}
	a.ask(loader.Query{What: what})
	a.mustBeOK()
	text, err := json.Marshal(a.Reply.(*loader.OK).Answer)
	if err == nil {
		err = json.Unmarshal(text, answer)
	}
	if err != nil {
		c.session.exec.Fail("an answer of the form for "+what, err.Error()+" in "+
			phrase.Reply(a.Reply))
	}
}

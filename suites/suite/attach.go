// SPDX-License-Identifier: Apache-2.0

package suite

import "github.com/loadstone-bpf/loadstone/loader"

// An Attachment holds a loaded program that the loader has attached.
type Attachment struct {
	attempt *Attempt
	handle  string
}

// MustAttach asks to attach a program of a loaded object, as [loader.Attach] has it. A refusal ends
// the spec, as it does for [Conversation.MustLoad].
func (a *Attempt) MustAttach(program, kind string) *Attachment {
	attached := a.beside(loader.Attach{Session: a.id, Program: program, Kind: kind})
	attached.mustBeOK()
	return &Attachment{attempt: a, handle: attached.Reply.(*loader.OK).Handle}
}

// Detach undoes the attachment. A refusal ends the spec.
func (at *Attachment) Detach() {
	at.attempt.beside(loader.Detach{Session: at.attempt.id, Handle: at.handle}).mustBeOK()
}

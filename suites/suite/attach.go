// SPDX-License-Identifier: Apache-2.0

package suite

import "github.com/loadstone-bpf/loadstone/loader"

// An Attachment holds a loaded program, or a structure of programs, that the loader has attached.
type Attachment struct {
	attempt *Attempt
	program string // or structure
	handle  string
	linkID  uint32 // 0 where the loader names none
}

// Attach asks to attach a program of a loaded object, as [loader.Attach] has it. The answer is an
// attempt of its own: whatever it is, the object stays loaded.
func (a *Attempt) Attach(program, kind string) *Attempt {
	return a.beside(loader.Attach{Session: a.id, Program: program, Kind: kind})
}

// AttachAt does what [Attempt.Attach] does, where the request says. The attachment is nil where it
// is refused.
func (a *Attempt) AttachAt(request loader.Attach) (*Attachment, *Attempt) {
	request.Session = a.id
	attached := a.beside(request)
	reply, ok := attached.Reply.(*loader.OK)
	if !ok {
		return nil, attached
	}
	return &Attachment{
		attempt: a, program: request.Program, handle: reply.Handle, linkID: reply.LinkID,
	}, attached
}

// MustAttach does what [Attempt.Attach] does, for what has to attach. A refusal ends the spec, as
// it does for [Conversation.MustLoad].
func (a *Attempt) MustAttach(program, kind string) *Attachment {
	attached := a.Attach(program, kind)
	attached.mustBeOK()
	reply := attached.Reply.(*loader.OK)
	return &Attachment{attempt: a, program: program, handle: reply.Handle, linkID: reply.LinkID}
}

// LinkNamed returns the id of the link that the loader says it made; 0 where it names none.
func (at *Attachment) LinkNamed() uint32 { return at.linkID }

// TryDetach asks to undo the attachment. The answer is an attempt of its own.
func (at *Attachment) TryDetach() *Attempt {
	return at.attempt.beside(loader.Detach{Session: at.attempt.id, Handle: at.handle})
}

// Detach undoes the attachment. A refusal ends the spec.
func (at *Attachment) Detach() { at.TryDetach().mustBeOK() }

// PinLink asks to pin the attachment's link at path, in the driver's root. The answer is an attempt
// of its own.
func (at *Attachment) PinLink(path string) *Attempt {
	return at.attempt.beside(
		loader.Pin{Session: at.attempt.id, Target: "link", Name: at.handle, Path: path})
}

// UnpinLink asks to remove a pin of the attachment's link. The answer is an attempt of its own.
func (at *Attachment) UnpinLink(path string) *Attempt {
	return at.attempt.beside(
		loader.Unpin{Session: at.attempt.id, Target: "link", Name: at.handle, Path: path})
}

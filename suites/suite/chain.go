// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// A Place says where in which chain a program goes. What is left out is the loader's choice, or the
// object's.
type Place struct {
	Ifindex  int
	Mode     loader.XDPMode
	Priority int
	Actions  []loader.XDPAction // after which of them the next program runs
}

// AddToChain asks to put a program of the opened object into a chain.
func (a *Attempt) AddToChain(program string, at Place) *Attempt {
	wasOpen := a.OK()
	a.ask(loader.ChainAdd{
		Session: a.id, Program: program, Ifindex: at.Ifindex, Mode: at.Mode, Priority: at.Priority,
		Actions: at.Actions,
	})
	a.mustHaveActed()
	a.closeRefused(wasOpen)
	return a
}

// MustAddToChain does what [Attempt.AddToChain] does, for a program that has to be in the chain. A
// refusal ends the spec, as it does for [Conversation.MustLoad].
func (a *Attempt) MustAddToChain(program string, at Place) *Attempt {
	a.AddToChain(program, at)
	a.mustBeOK()
	return a
}

// A Part says which program of an opened object becomes a part of a linked chain, and when it runs.
type Part struct {
	Attempt  *Attempt
	Program  string
	Priority int
	Actions  []loader.XDPAction // after which of them the next program runs
}

// LinkChain asks to link programs with a dispatcher into one program, for an interface to run. An
// object that was refused when it was opened is the answer.
func (c *Conversation) LinkChain(ifindex int, mode loader.XDPMode, parts ...Part) *Attempt {
	request := loader.ChainLink{Ifindex: ifindex, Mode: mode}
	for _, p := range parts {
		if !p.Attempt.OK() {
			return p.Attempt
		}
		request.Programs = append(request.Programs, loader.ChainPart{
			Session: p.Attempt.id, Program: p.Program, Priority: p.Priority, Actions: p.Actions,
		})
	}
	a := c.chain(request, "a linked chain")
	a.mustHaveActed()
	return a
}

// MustLinkChain does what [Conversation.LinkChain] does, where that has to work, and returns the id
// of the program that the loader says it has made. A refusal ends the spec, as it does for
// [Conversation.MustLoad].
func (c *Conversation) MustLinkChain(ifindex int, mode loader.XDPMode, parts ...Part) uint32 {
	a := c.LinkChain(ifindex, mode, parts...)
	a.mustBeOK()
	made := a.Reply.(*loader.OK).Programs
	if len(made) != 1 || made[0].ID == 0 {
		c.session.exec.Fail("one program that the chain was linked into", phrase.Reply(a.Reply))
	}
	return made[0].ID
}

// chain asks for something about the chain of an interface, in no session.
func (c *Conversation) chain(request loader.Request, object string) *Attempt {
	return &Attempt{
		Reply: c.talk.Do(request), session: c.session, in: c.talk, object: object, last: request,
	}
}

// RemoveFromChain asks to take the program of that id out of the chain of an interface, or with 0
// to take the chain apart.
func (c *Conversation) RemoveFromChain(ifindex int, id uint32) *Attempt {
	return c.chain(loader.ChainRemove{Ifindex: ifindex, ID: id}, "a chain")
}

// MustRemoveFromChain does what [Conversation.RemoveFromChain] does, where that has to work. A
// refusal ends the spec.
func (c *Conversation) MustRemoveFromChain(ifindex int, id uint32) {
	c.RemoveFromChain(ifindex, id).mustBeOK()
}

// CleanChain asks to remove what is left of the chains of an interface.
func (c *Conversation) CleanChain(ifindex int) *Attempt {
	return c.chain(loader.ChainClean{Ifindex: ifindex}, "a chain")
}

// A Chain holds a loader's own view of what an interface runs; see docs/loader-protocol.md.
type Chain struct {
	Mode       loader.XDPMode `json:"mode"`
	Dispatcher uint32         `json:"dispatcher"`
	Programs   []InChain      `json:"programs"`
}

// An InChain holds a loader's own view of one program of a chain.
type InChain struct {
	ID       uint32             `json:"id"`
	Name     string             `json:"name"`
	Tag      string             `json:"tag"`
	Priority int                `json:"priority"`
	Actions  []loader.XDPAction `json:"actions"`
	Slot     int                `json:"slot"`
}

// AskChain asks for the loader's own view of the chain of an interface.
func (c *Conversation) AskChain(ifindex int) *Attempt {
	return c.chain(loader.Query{What: "chain", Ifindex: ifindex}, "a chain")
}

// ListChain returns the loader's own view of the chain of an interface. A refusal ends the spec.
func (c *Conversation) ListChain(ifindex int) Chain {
	a := c.AskChain(ifindex)
	a.mustBeOK()
	text, err := json.Marshal(a.Reply.(*loader.OK).Answer)
	var chain Chain
	if err == nil {
		err = json.Unmarshal(text, &chain)
	}
	if err != nil {
		c.session.exec.Fail("a chain as docs/loader-protocol.md has it",
			fmt.Sprintf("%s: %v", phrase.Shorten(string(text), phrase.LineLen), err))
	}
	return chain
}

// AttachXDP asks to have an interface run a program of a loaded object. The answer is an attempt of
// its own: whatever it is, the object stays loaded.
func (a *Attempt) AttachXDP(program string, at XDPPlace) *Attempt {
	return a.beside(loader.Attach{
		Session: a.id, Program: program, Kind: "xdp", Ifindex: at.Ifindex, Mode: at.Mode, By: at.By,
		Replaces: at.Replaces,
	})
}

// An XDPPlace says how an interface is to run a program. What is left out is the loader's choice.
type XDPPlace struct {
	Ifindex  int
	Mode     loader.XDPMode
	By       loader.XDPWay
	Replaces string // path of the pinned program that has to be there; "" where none may be
}

// MustAttachXDP does what [Attempt.AttachXDP] does, for a program that has to be attached. A
// refusal ends the spec.
func (a *Attempt) MustAttachXDP(program string, at XDPPlace) *Attachment {
	attached := a.AttachXDP(program, at)
	attached.mustBeOK()
	reply := attached.Reply.(*loader.OK)
	return &Attachment{attempt: a, program: program, handle: reply.Handle, linkID: reply.LinkID}
}

// XDP returns what an interface runs, as the kernel tells; see [oracle.XDP]. Where there is no such
// interface it is none.
func (s *Session) XDP(ifindex int) oracle.XDPFacts {
	facts, err := oracle.XDP(ifindex)
	if errors.Is(err, unix.ENODEV) {
		return oracle.XDPFacts{}
	}
	s.MustWork(err)
	return facts
}

// ExtensionLinks returns the links of all extension programs in the kernel; see
// [oracle.ExtensionLinks].
func (s *Session) ExtensionLinks() []oracle.ExtensionLink {
	all, err := oracle.ExtensionLinks()
	s.MustWork(err)
	return all
}

// Exists reports whether the kernel has a program of that id.
func (s *Session) Exists(program uint32) bool {
	_, err := oracle.Program(program)
	if errors.Is(err, oracle.ErrNoSuchObject) {
		return false
	}
	s.MustWork(err)
	return true
}

// RunProgram runs the program of that id once over a packet; see [oracle.Run].
func (s *Session) RunProgram(id uint32, packet []byte) (result uint32, changed []byte) {
	result, changed, err := oracle.Run(id, packet)
	s.mustExist(err, "program", "of the interface", id)
	return result, changed
}

// RemoveAllIn removes a folder of pins with all that is in it, past the loader. The path is in the
// driver's root.
func (s *Session) RemoveAllIn(folder string) { s.MustWork(os.RemoveAll(s.exec.Own(folder))) }

// Locked reports whether a process holds the lock of a folder (flock(2)), whose path is in the
// driver's root.
func (s *Session) Locked(folder string) bool {
	fd, err := unix.Open(s.exec.Own(folder), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	s.MustWork(err)
	defer unix.Close(fd)
	err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true
	}
	s.MustWork(err)
	return false
}

// A ToAdd is a program of an opened object, to be put into a chain.
type ToAdd struct {
	Attempt *Attempt
	Program string
	At      Place
}

// AddTogether has loaders put programs into chains at the same time, as [LoadTogether] has them
// load.
func AddTogether(adds ...ToAdd) {
	attempts := make([]*Attempt, len(adds))
	requests := make([]loader.Request, len(adds))
	for i, add := range adds {
		attempts[i] = add.Attempt
		requests[i] = loader.ChainAdd{
			Session: add.Attempt.id, Program: add.Program, Ifindex: add.At.Ifindex,
			Mode: add.At.Mode, Priority: add.At.Priority, Actions: add.At.Actions,
		}
	}
	askTogether(attempts, requests)
}

// NeedsTailCallsInChains ends the spec as skipped on a kernel, as probed, that takes no XDP program
// into an array that a program of a chain uses.
func (s *Session) NeedsTailCallsInChains() {
	has, err := oracle.ExtensionsTailCallXDP()
	s.MustWork(err)
	if !has {
		s.exec.Skip(runner.Lack{
			Kind: "tail calls", Needs: "XDP programs in arrays of extension programs", Has: "none",
		})
	}
}

// NeedsNoExtensions ends the spec as skipped on a kernel, as probed, on which programs extend
// others. One that forbids it to the machine's root lacks it, too.
func (s *Session) NeedsNoExtensions() {
	has, err := oracle.HasExtensions()
	if !errors.Is(err, oracle.ErrForbidden) {
		s.MustWork(err)
	}
	if has {
		s.exec.Skip(runner.Lack{
			Kind: "kernel without freplace", Needs: "no extensions", Has: "extensions",
		})
	}
}

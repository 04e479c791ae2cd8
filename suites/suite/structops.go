// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"os"

	"github.com/onsi/gomega/types"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// SetMember asks to give a member of a structure a value before it is loaded: a number, a string or
// a boolean. The structure is named by its map, and a member of a structure in it after a dot.
func (a *Attempt) SetMember(structure, member string, value any) *Attempt {
	return a.setMember(structure, member, loader.MemberValue, value)
}

// SetMemberProgram asks to have a member of a structure call another program of the object, or none
// if program is "".
func (a *Attempt) SetMemberProgram(structure, member, program string) *Attempt {
	return a.setMember(structure, member, loader.MemberProgram, program)
}

func (a *Attempt) setMember(
	structure, member string, attribute loader.Attribute, value any,
) *Attempt {
	a.ask(loader.Set{
		Session: a.id, Target: "struct_ops", Name: structure, Member: member, Attr: attribute,
		Value: value,
	})
	return a
}

// Register asks to register a structure of a loaded object with the kernel. The answer is an
// attempt of its own: whatever it is, the object stays loaded.
func (a *Attempt) Register(structure string) *Attempt { return a.Attach(structure, "struct_ops") }

// MustRegister does what [Attempt.Register] does, for a structure that has to be registered. A
// refusal ends the spec, as it does for [Conversation.MustLoad].
func (a *Attempt) MustRegister(structure string) *Attachment {
	return a.MustAttach(structure, "struct_ops")
}

// NeedsUnregistered ends the spec as refused where the loader registers a structure as it loads it,
// in one step: it has no moment in which the structure is loaded only. The structure is taken back.
func (a *Attempt) NeedsUnregistered(structure string) {
	if !a.session.Claims(loader.OneStep) || a.StructOps(structure).State != "INUSE" {
		return
	}
	a.session.MustWork(oracle.UnregisterStructOps(a.MapID(structure)))
	a.session.exec.Refused("the loader registers structures as it loads them")
}

// Update asks to put another structure of the object in the place of the one that is registered, if
// that is the expected one, or whichever it is if expected is "". The answer is an attempt of its
// own.
func (at *Attachment) Update(structure, expected string) *Attempt {
	return at.attempt.beside(loader.Update{
		Session: at.attempt.id, Handle: at.handle, Program: structure, Expected: expected,
	})
}

// MustUpdate does what [Attachment.Update] does, for a structure that has to take the place. A
// refusal ends the spec.
func (at *Attachment) MustUpdate(structure, expected string) {
	at.Update(structure, expected).mustBeOK()
}

// LinkID returns the id of the link. Where the loader does not name it, it is the one that the
// kernel has for the structure's map. It ends the spec where there is none.
func (at *Attachment) LinkID() uint32 {
	if at.linkID != 0 {
		return at.linkID
	}
	s := at.attempt.session
	links, err := oracle.StructOpsLinks()
	s.MustWork(err)
	of := at.attempt.MapID(at.program)
	for _, link := range links {
		if s.RegisteredBy(link) == of {
			return link
		}
	}
	s.exec.Fail("a link that registers "+at.program, "none, and the loader names none")
	return 0
}

// HasLink reports whether the loader says that it attached with a link.
func (at *Attachment) HasLink() bool { return at.linkID != 0 }

// StructOps returns what the kernel says of the object's structure of that name.
func (a *Attempt) StructOps(structure string) oracle.StructOpsFacts {
	id := a.MapID(structure)
	facts, err := oracle.StructOps(id)
	a.session.mustExist(err, "map", structure, id)
	return facts
}

// RegisteredBy returns the id of the map whose structure a link registers; 0 where it is detached.
func (s *Session) RegisteredBy(link uint32) (mapID uint32) {
	mapID, err := oracle.StructOpsLink(link)
	s.mustExist(err, "link", "of struct_ops", link)
	return mapID
}

// StructOpsTypes returns the structures that this kernel and its modules offer: see
// [oracle.StructOpsTypes].
func (s *Session) StructOpsTypes() []oracle.StructOpsType {
	all, err := oracle.StructOpsTypes()
	if err != nil {
		s.exec.Broken("%v", err)
	}
	return all
}

// NeedsStructOpsOfModule ends the spec as skipped where no module that is loaded offers a
// structure. A requirement cannot say that, as any module will do.
func (s *Session) NeedsStructOpsOfModule() oracle.StructOpsType {
	for _, t := range s.StructOpsTypes() {
		if t.Module != "vmlinux" {
			return t
		}
	}
	s.exec.Skip(runner.Lack{
		Kind: "struct_ops", Needs: "a structure of a module that is loaded", Has: "none",
	})
	return oracle.StructOpsType{}
}

// CountRuns has the kernel count runs of programs until the spec ends.
func (s *Session) CountRuns() {
	counting, err := oracle.CountRuns()
	if err != nil {
		s.exec.Broken("%v", err)
	}
	s.exec.AtEnd(counting.Close)
}

// ExpediteRCU has the kernel wait no longer than it must for readers, until the spec ends: to
// unregister a congestion control it waits for all (tcp_unregister_congestion_control).
func (s *Session) ExpediteRCU() {
	const setting = "/sys/kernel/rcu_expedited"
	before, err := os.ReadFile(setting)
	s.MustWork(err)
	s.MustWork(os.WriteFile(setting, []byte("1"), 0))
	s.exec.AtEnd(func() error { return os.WriteFile(setting, before, 0) })
}

// Runs returns how often the kernel called a program of the loaded object since [Session.CountRuns]
// was called.
func (a *Attempt) Runs(program string) uint64 {
	id := a.ProgramID(program)
	n, err := oracle.Runs(id)
	a.session.mustExist(err, "program", program, id)
	return n
}

// BeInState succeeds where the kernel has a structure in that state: its word without
// BPF_STRUCT_OPS_STATE_, see [oracle.StructOpsFacts].
func BeInState(state string) types.GomegaMatcher { return beInState(state) }

type beInState string

func (m beInState) Match(actual any) (bool, error) {
	facts, ok := actual.(oracle.StructOpsFacts)
	if !ok {
		return false, fmt.Errorf("BeInState wants what StructOps returned, not %T", actual)
	}
	return facts.State == string(m), nil
}

func (m beInState) FailureMessage(actual any) string {
	facts := actual.(oracle.StructOpsFacts)
	return phrase.Failure("structure "+facts.Name+" in state "+string(m),
		fmt.Sprintf("state %s, %d references", facts.State, facts.References))
}

func (m beInState) NegatedFailureMessage(actual any) string {
	facts := actual.(oracle.StructOpsFacts)
	return phrase.Failure("structure "+facts.Name+" not in state "+string(m), "it is")
}

// NeedsNoStructOpsLink ends the spec as skipped on a kernel where links register structures.
func (s *Session) NeedsNoStructOpsLink() {
	has, err := oracle.HasStructOpsLink()
	if err != nil {
		s.exec.Broken("%v", err)
	}
	if has {
		s.exec.Skip(runner.Lack{
			Kind: "kernel without struct_ops links", Needs: "no links", Has: "links",
		})
	}
}

// RunFunction runs the object's program of that name, a function of a structure, by
// BPF_PROG_TEST_RUN with arguments, and returns what it returned.
func (a *Attempt) RunFunction(program string, arguments ...uint64) uint32 {
	id := a.ProgramID(program)
	result, err := oracle.RunFunction(id, arguments...)
	a.session.mustExist(err, "program", program, id)
	return result
}

// HoldProgram succeeds where the kernel holds a program of that name that it did not hold before
// the spec.
func HoldProgram(name string) types.GomegaMatcher { return holdProgram(name) }

type holdProgram string

func (m holdProgram) Match(actual any) (bool, error) {
	now, ok := actual.(Kernel)
	if !ok {
		return false, fmt.Errorf("HoldProgram wants s.Kernel(), not %T", actual)
	}
	for _, o := range now.session.exec.Since(now.Inventory) {
		if o.Kind == oracle.KindProgram && o.Name == string(m) {
			return true, nil
		}
	}
	return false, nil
}

func (m holdProgram) FailureMessage(any) string {
	return phrase.Failure("a program "+string(m)+" in the kernel", "none")
}

func (m holdProgram) NegatedFailureMessage(any) string {
	return phrase.Failure("no program "+string(m)+" in the kernel", "one")
}

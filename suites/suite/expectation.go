// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

// BeOK succeeds where the loader did all that was asked. On a loader that does not claim the
// requirement's profile a refusal ends the spec as refused.
func BeOK() types.GomegaMatcher { return beOK{} }

type beOK struct{}

func (beOK) Match(actual any) (bool, error) {
	a, err := attemptOf(actual)
	if err != nil {
		return false, err
	}
	if !a.OK() {
		a.refusedUnlessClaimed()
	}
	return a.OK(), nil
}

func (beOK) FailureMessage(actual any) string {
	a := actual.(*Attempt)
	return phrase.Failure(a.wanted(), phrase.Reply(a.Reply))
}

func (beOK) NegatedFailureMessage(actual any) string {
	a := actual.(*Attempt)
	return phrase.Failure("a refusal of "+a.object, phrase.Reply(a.Reply))
}

// BeRejected succeeds where the loader rejected the object at stage and with one of classes;
// [AtAnyStage] for any stage, none for any class. A coarser answer is taken, as
// [loader.Stage.Admits] and [loader.Class.Admits] say. The session must have loaded the object's
// well-formed twin before ([Session.Control]): else a loader that can load nothing would pass.
func BeRejected(stage Stage, classes ...Class) types.GomegaMatcher {
	return beRejected{stage, classes}
}

type beRejected struct {
	stage   Stage
	classes []Class
}

func (m beRejected) Match(actual any) (bool, error) {
	a, err := attemptOf(actual)
	if err != nil {
		return false, err
	}
	if !a.session.exec.Controlled() {
		a.session.exec.Broken("the refusal of %s has no control: load its well-formed twin first",
			a.object)
	}
	a.finishOneStep()
	if _, unsupported := a.Reply.(*loader.Unsupported); unsupported {
		a.refusedUnlessClaimed()
	}
	r, rejected := a.Reply.(*loader.Rejected)
	return rejected && m.admitsStage(r.Stage) && m.admits(r.Class), nil
}

func (m beRejected) admitsStage(got Stage) bool {
	return m.stage == AtAnyStage || m.stage.Admits(got)
}

func (m beRejected) admits(got Class) bool {
	for _, c := range m.classes {
		if c.Admits(got) {
			return true
		}
	}
	return len(m.classes) == 0
}

func (m beRejected) String() string {
	s := "rejected at " + string(m.stage)
	if m.stage == AtAnyStage {
		s = "rejected at any stage"
	}
	if len(m.classes) > 0 {
		s += ", class " + phrase.Classes(m.classes)
	}
	return s
}

func (m beRejected) FailureMessage(actual any) string {
	return phrase.Failure(m.String(), phrase.Reply(actual.(*Attempt).Reply))
}

func (m beRejected) NegatedFailureMessage(actual any) string {
	return phrase.Failure("not "+m.String(), phrase.Reply(actual.(*Attempt).Reply))
}

// HoldNothingBeyond succeeds where the kernel holds nothing that it did not hold before: map,
// program, link, BTF or pin in the session's bpffs. The kernel frees late: it is asked again until
// there is nothing more, for as long as [runner.Deps] says.
func HoldNothingBeyond(before Kernel) types.GomegaMatcher {
	return &holdNothingBeyond{before: before}
}

type holdNothingBeyond struct {
	before Kernel
	left   []oracle.Object
}

func (m *holdNothingBeyond) Match(actual any) (bool, error) {
	now, ok := actual.(Kernel)
	if !ok {
		return false, fmt.Errorf("HoldNothingBeyond wants s.Kernel(), not %T", actual)
	}
	var err error
	m.left, err = now.session.exec.Beyond(m.before.Inventory)
	return len(m.left) == 0, err
}

func (m *holdNothingBeyond) FailureMessage(any) string {
	return phrase.Failure("nothing in the kernel that was not there before", phrase.Objects(m.left))
}

func (m *holdNothingBeyond) NegatedFailureMessage(any) string {
	return phrase.Failure("something in the kernel that was not there before", "nothing")
}

// HaveMadeNothing succeeds where nothing was made in the kernel: see [Session.MadeWhile].
func HaveMadeNothing() types.GomegaMatcher { return haveMadeNothing{} }

type haveMadeNothing struct{}

func (haveMadeNothing) Match(actual any) (bool, error) {
	made, ok := actual.(oracle.Made)
	if !ok {
		return false, fmt.Errorf("HaveMadeNothing wants what s.MadeWhile returned, not %T", actual)
	}
	return made == oracle.Made{}, nil
}

func (haveMadeNothing) FailureMessage(actual any) string {
	return phrase.Failure("nothing made in the kernel, not for a moment either",
		actual.(oracle.Made).String()+" were made")
}

func (haveMadeNothing) NegatedFailureMessage(any) string {
	return phrase.Failure("something made in the kernel", "nothing")
}

// BeTheSameMapAs succeeds where the kernel says of two maps what it would say of one, made twice:
// see [oracle.MapFacts].
func BeTheSameMapAs(other oracle.MapFacts) types.GomegaMatcher { return beTheSameMapAs{other} }

type beTheSameMapAs struct{ other oracle.MapFacts }

func (m beTheSameMapAs) Match(actual any) (bool, error) {
	facts, ok := actual.(oracle.MapFacts)
	if !ok {
		return false, fmt.Errorf("BeTheSameMapAs wants the facts of a map, not %T", actual)
	}
	return facts == m.other, nil
}

func (m beTheSameMapAs) FailureMessage(actual any) string {
	difference := actual.(oracle.MapFacts).Difference(m.other)
	lines := strings.Split(strings.TrimSuffix(difference, "\n"), "\n")
	return phrase.Failure("the same map",
		"a map that differs: "+strings.Join(lines, "; ")) + "\n\n" + difference
}

func (m beTheSameMapAs) NegatedFailureMessage(actual any) string {
	return phrase.Failure("another map", "the same map") + "\n\n" + actual.(oracle.MapFacts).String()
}

func attemptOf(actual any) (*Attempt, error) {
	a, ok := actual.(*Attempt)
	if !ok {
		return nil, fmt.Errorf("wants what s.Load or s.Open returned, not %T", actual)
	}
	return a, nil
}

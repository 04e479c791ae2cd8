// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A fault pairs a bad object with the same object without what is wrong.
type fault struct {
	control, bad objects.Object
	classes      []Class // what a loader may call it
}

// refuses does what [Session.Refuses] does, for a fault that one loader finds when it opens the
// object, and another when it loads it: refusing is what counts.
func refuses(s *Session, control, bad objects.Object, classes ...Class) {
	ginkgo.GinkgoHelper()
	refusesAsk(s, ask{object: control}, ask{object: bad}, classes...)
}

// An ask names an object, and the options that a loader opens it with.
type ask struct {
	object  objects.Object
	options []Option
}

func with(o objects.Object, options ...Option) ask { return ask{o, options} }

// refusesAsk does what [refuses] does, for objects that are opened with options.
func refusesAsk(s *Session, control, bad ask, classes ...Class) {
	ginkgo.GinkgoHelper()
	before := s.Kernel()
	s.Control(control.object, control.options...)
	stage, reply := AtOpen, s.Open(bad.object, bad.options...)
	if reply.OK() {
		stage, reply = AtLoad, reply.Load()
	}
	Expect(reply).To(BeRejected(stage, classes...), bad.object.Name())
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

// refusesEach does what [Session.Refuses] does, for several objects, each with a fault of the same
// kind. A failure names the object.
func refusesEach(
	s *Session, control objects.Object, bad []objects.Object, stage Stage, classes ...Class,
) {
	ginkgo.GinkgoHelper()
	before := s.Kernel()
	s.Control(control)
	for _, o := range bad {
		Expect(s.Load(o)).To(BeRejected(stage, classes...), o.Name())
		Expect(s.Kernel()).To(HoldNothingBeyond(before), o.Name())
	}
}

// ignored returns the fields that a loader says it ignored when it opened an object, as map.field.
func ignored(opened *Attempt) []string { return opened.Reply.(*loader.OK).Unknown }

// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Elements of the map vendor_calls, in which a handler leaves its traces: docs/loader-protocol.md,
// Handlers.
const (
	setups   = 0 // how many programs were set up
	prepares = 1 // how many were prepared
	kind     = 2 // of the handler that prepared the last
)

// A handledProgram stands in a section that only a handler understands.
type handledProgram struct {
	handler loader.Handler
	object  objects.Object
	result  uint32 // of the program
	kind    uint32 // that the handler calls itself
}

// handlers has a program for each handler.
var handlers = []Case[handledProgram]{
	Entry("prefix", handledProgram{ProgramPrefixHandler, objects.MapDefs.HandlerPrefix, 61, 1}),
	Entry("exact", handledProgram{ProgramExactHandler, objects.MapDefs.HandlerExact, 62, 2}),
	Entry("fallback", handledProgram{ProgramFallbackHandler, objects.MapDefs.HandlerFallback, 63, 3}),
}

// everyHandler registers all three: each program goes to the one that is meant for it.
var everyHandler = Handlers(ProgramPrefixHandler, ProgramExactHandler, ProgramFallbackHandler)

var _ = Table("mapdefs.handler.program", func(s *Session, h handledProgram) {
	for _, registered := range []Option{Handlers(h.handler), everyHandler} {
		loaded := s.MustLoad(h.object, registered)
		Expect(loaded.Program("handled").Type).To(Equal("xdp"))
		Expect(loaded.Run("handled")).To(Equal(h.result))
		Expect(loaded.Lookup("vendor_calls", U32(kind))).To(Equal(U32(h.kind)))
		// libbpf's handlers are those of a process, so they are not changed under an open object.
		loaded.Close()
	}
}, handlers...)

var _ = Table("mapdefs.handler.unregistered-refused", func(s *Session, h handledProgram) {
	refusesAsk(s, with(h.object, Handlers(h.handler)), with(h.object), UnknownSection, BadProgram,
		Invalid)
}, handlers...)

var _ = It("mapdefs.handler.exact-only", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.HandlerExact, Handlers(ProgramExactHandler)),
		with(objects.MapDefs.HandlerPrefix, Handlers(ProgramExactHandler)),
		UnknownSection, BadProgram, Invalid)
})

var _ = It("mapdefs.handler.counted", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.HandlerSeveral, Handlers(ProgramPrefixHandler))
	Expect(loaded.Lookup("vendor_calls", U32(setups))).To(Equal(U32(2)))
	Expect(loaded.Lookup("vendor_calls", U32(prepares))).To(Equal(U32(2)))
})

var _ = It("mapdefs.handler.fallback-last", func(s *Session) {
	s.Control(objects.MapDefs.HandlerFallback, Handlers(ProgramFallbackHandler))
	loaded := s.MustLoad(objects.MapDefs.HandlerKnown, Handlers(ProgramFallbackHandler))
	Expect(loaded.Lookup("vendor_calls", U32(setups))).To(Equal(U32(0)))
	Expect(loaded.Lookup("vendor_calls", U32(prepares))).To(Equal(U32(0)))
})

var _ = It("mapdefs.handler.left-out", func(s *Session) {
	before := s.Kernel()
	loaded := s.MustLoad(objects.MapDefs.HandlerSkip, Handlers(ProgramPrefixHandler))
	Expect(loaded.Lookup("vendor_calls", U32(prepares))).To(Equal(U32(1)))
	Eventually(newPrograms).WithArguments(s, before).WithTimeout(s.Patience(settles)).Should(
		Equal([]string{"handled"}))
})

var _ = It("mapdefs.handler.error-refused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.HandlerPrefix, Handlers(ProgramPrefixHandler)),
		with(objects.MapDefs.HandlerRefuse, Handlers(ProgramPrefixHandler)),
		UnknownSection)
})

var _ = It("mapdefs.handler.attach", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.HandlerJumps, Handlers(ProgramPrefixHandler))
	Expect(filled(loaded, "vendor_jumps", 4)).To(Equal([]bool{false, false, false, false}),
		"before it is attached")
	attached := loaded.MustAttach("two", "handler")
	Expect(filled(loaded, "vendor_jumps", 4)).To(Equal([]bool{false, false, true, false}))
	Expect(loaded.Lookup("vendor_jumps", U32(2))).To(Equal(U32(loaded.ProgramID("two"))))
	Expect(calls(loaded, 2)).To(Equal(uint32(42)))
	attached.Detach()
	Expect(filled(loaded, "vendor_jumps", 4)).To(Equal([]bool{false, false, false, false}),
		"after it was detached")
	Expect(calls(loaded, 2)).To(Equal(uint32(1)))
})

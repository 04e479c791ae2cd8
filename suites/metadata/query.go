// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A told program is one that a loader says to hold metadata.
type told struct {
	ID       uint32         `json:"id"`
	Metadata map[string]any `json:"metadata"`
}

// ask asks a loader for metadata, and returns what it says of a program: nil for nothing.
func ask(s *Session, program uint32) map[string]any {
	var all []told
	s.Query("metadata", &all)
	var of map[string]any
	for _, t := range all {
		if t.ID == program {
			Expect(of).To(BeNil(), "program %d is told of twice", program)
			of = t.Metadata
		}
	}
	return of
}

// networking is the metadata of objects.Metadata.Unused.
var networking = map[string]any{"owner": "networking", "revision": 4711.0}

var _ = It("metadata.query.every-program", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Unused)
	for _, program := range []string{"first", "second"} {
		Expect(ask(s, loaded.ProgramID(program))).To(Equal(networking), program)
		Expect(found(loaded, program)).To(HaveLen(len(networking)))
	}
})

var _ = It("metadata.query.gone", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Unused)
	id := loaded.ProgramID("first")
	Expect(ask(s, id)).To(Equal(networking))
	loaded.Close()
	Expect(ask(s, id)).To(BeNil())
})

var _ = It("metadata.query.of-others", func(s *Session) {
	loaded := s.Another().MustLoad(objects.Metadata.Unused)
	Expect(ask(s, loaded.ProgramID("second"))).To(Equal(networking))
})

var _ = It("metadata.query.other-data", func(s *Session) {
	other := s.MustLoad(objects.GlobalData.Values)
	Expect(other.Program("use").Maps).To(ContainElement(other.MapID(other.DataMap(".rodata"))))
	loaded := s.MustLoad(objects.Metadata.Unused)
	Expect(ask(s, other.ProgramID("use"))).To(BeEmpty())
	Expect(ask(s, loaded.ProgramID("first"))).To(Equal(networking))
})

var _ = It("metadata.query.several-sections", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Several)
	Expect(ask(s, loaded.ProgramID("nothing"))).To(Equal(map[string]any{
		"owner": "networking", "revision": 4711.0, "time": 1600000000.0,
	}))
})

// A said value is what a variable of objects.Metadata.Types is in an answer.
type said struct {
	name  string
	value any
}

var _ = Table("metadata.query.type", func(s *Session, v said) {
	loaded := s.MustLoad(objects.Metadata.Types)
	Expect(ask(s, loaded.ProgramID("nothing"))).To(HaveKeyWithValue(v.name, v.value))
},
	Entry("array", said{"ports", []any{[]any{80.0, 443.0}, []any{8080.0, 8443.0}}}),
	Entry("bool", said{"debug", true}),
	Entry("byte", said{"level", 200.0}),
	Entry("number", said{"built", 18446744073709551615.0}),
	Entry("signed", said{"offset", -3600.0}),
	Entry("string", said{"owner", "networking"}),
)

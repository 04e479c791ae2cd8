// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// found returns the variables in all that a program of a loaded object holds, in words, by name.
func found(loaded *Attempt, program string) map[string]string {
	variables, err := oracle.Variables(loaded.ProgramID(program))
	Expect(err).NotTo(HaveOccurred())
	words := map[string]string{}
	for _, v := range variables {
		words[v.Name] = v.String()
	}
	return words
}

// A typed is a variable of objects.Metadata.Types, as the types that the kernel has say it in C.
type typed struct {
	name, c string
}

var _ = Table("metadata.found.type", func(s *Session, v typed) {
	Expect(found(s.MustLoad(objects.Metadata.Types), "nothing")).To(
		HaveKeyWithValue("bpf_metadata_"+v.name, "bpf_metadata_"+v.name+" = "+v.c))
},
	Entry("array", typed{"ports", "{ { 80, 443 }, { 8080, 8443 } }"}),
	Entry("bool", typed{"debug", "true"}),
	Entry("enum", typed{"stage", "STABLE"}),
	Entry("number", typed{"built", "18446744073709551615"}),
	Entry("signed", typed{"offset", "-3600"}),
	Entry("string", typed{"owner", `"networking"`}),
	Entry("struct", typed{"version", `{ .major = 6, .minor = 12, .suffix = "rc1", .dirty = 1, ` +
		`.offset = 29, .stage = TESTING }`}),
)

var _ = It("metadata.found.several-sections", func(s *Session) {
	Expect(found(s.MustLoad(objects.Metadata.Several), "nothing")).To(Equal(map[string]string{
		"bpf_metadata_owner":    `bpf_metadata_owner = "networking"`,
		"bpf_metadata_revision": "bpf_metadata_revision = 4711",
		"bpf_metadata_time":     "bpf_metadata_time = 1600000000",
	}))
})

var _ = It("metadata.found.as-set", func(s *Session) {
	opened := s.Open(objects.Metadata.Unused)
	loaded := opened.SetVariable("bpf_metadata_revision", U32(4712)).MustLoad()
	for _, program := range []string{"first", "second"} {
		Expect(found(loaded, program)).To(Equal(map[string]string{
			"bpf_metadata_owner":    `bpf_metadata_owner = "networking"`,
			"bpf_metadata_revision": "bpf_metadata_revision = 4712",
		}))
	}
})

var _ = It("metadata.found.loads-apart", func(s *Session) {
	one := s.Open(objects.Metadata.Unused).SetVariable("bpf_metadata_revision", U32(1)).MustLoad()
	two := s.Open(objects.Metadata.Unused).SetVariable("bpf_metadata_revision", U32(2)).MustLoad()
	Expect(found(one, "second")).To(
		HaveKeyWithValue("bpf_metadata_revision", "bpf_metadata_revision = 1"))
	Expect(found(two, "second")).To(
		HaveKeyWithValue("bpf_metadata_revision", "bpf_metadata_revision = 2"))
})

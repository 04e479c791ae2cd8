// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/linked"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// The variables of objects that are linked, in words.
const (
	networks = `bpf_metadata_owner = "networking"`
	stores   = `bpf_metadata_owner = "storage"`
	built    = "bpf_metadata_build = 4711"
	revision = "bpf_metadata_revision = 4711"
)

// all returns every variable that a program holds, in words.
func all(loaded *Attempt, program string) []string {
	variables, err := oracle.Variables(loaded.ProgramID(program))
	Expect(err).NotTo(HaveOccurred())
	var words []string
	for _, v := range variables {
		words = append(words, v.String())
	}
	return words
}

// A pair of objects with metadata is linked in an order.
type pair struct{ one, other objects.Object }

// holds expects that two programs of linked objects hold the same variables.
func holds(s *Session, p pair, programs [2]string, words ...any) {
	loaded := s.MustLoadLinked(p.one, p.other)
	for _, program := range programs {
		Expect(all(loaded, program)).To(ConsistOf(words...), program)
	}
	Expect(loaded.Program(programs[0]).Maps).To(Equal(loaded.Program(programs[1]).Maps))
}

var _ = Table("metadata.linked.every-program", func(s *Session, p pair) {
	holds(s, p, [2]string{"first", "second"}, networks, revision,
		`bpf_metadata_author = "storage"`, built)
},
	Entry("one", pair{objects.Linking.Metadata, objects.Linking.MetadataOther}),
	Entry("other", pair{objects.Linking.MetadataOther, objects.Linking.Metadata}),
)

var _ = Table("metadata.linked.by-others", func(s *Session, linker string) {
	s.NeedsLittleEndian()
	loaded := s.MustLoad(linked.Object{Linker: linker, Set: "metadata"})
	for _, program := range []string{"first", "second"} {
		Expect(all(loaded, program)).To(
			ConsistOf(networks, revision, `bpf_metadata_author = "storage"`, built), program)
	}
},
	Entry("bpftool-7_1", "bpftool-7.1"),
	Entry("bpftool-7_5", "bpftool-7.5"),
	Entry("bpftool-7_8", "bpftool-7.8"),
	Entry("loadstone", linked.Reference),
)

var _ = Table("metadata.linked.static-kept", func(s *Session, p pair) {
	holds(s, p, [2]string{"first", "second"}, networks, revision, stores, built)
},
	Entry("static-last", pair{objects.Linking.Metadata, objects.Linking.MetadataStatic}),
	Entry("static-first", pair{objects.Linking.MetadataStatic, objects.Linking.Metadata}),
)

var _ = Table("metadata.linked.strong-wins", func(s *Session, p pair) {
	holds(s, p, [2]string{"first", "weak"}, networks, revision, "bpf_metadata_guess = 4711")
},
	Entry("strong-first", pair{objects.Linking.Metadata, objects.Linking.MetadataWeak}),
	Entry("weak-first", pair{objects.Linking.MetadataWeak, objects.Linking.Metadata}),
)

var _ = It("metadata.linked.first-weak-wins", func(s *Session) {
	one := pair{objects.Linking.MetadataWeak, objects.Linking.MetadataWeakOther}
	both := [2]string{"weak", "second"}
	holds(s, one, both, `bpf_metadata_owner = "guessed"`, "bpf_metadata_guess = 4711", built)
	other := pair{one.other, one.one}
	holds(s, other, both, `bpf_metadata_owner = "supposed"`, "bpf_metadata_guess = 4711", built)
})

var _ = It("metadata.linked.same-refused", func(s *Session) {
	good := Objects(objects.Linking.Metadata, objects.Linking.MetadataOther)
	s.RefusesLink(good, Objects(objects.Linking.Metadata, objects.Linking.MetadataSame), Invalid)
	s.RefusesLink(good, Objects(objects.Linking.MetadataSame, objects.Linking.Metadata), Invalid)
})

// SPDX-License-Identifier: Apache-2.0

package token

import (
	"github.com/cilium/ebpf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// token is the option to use a token of the session's bpffs.
func token(s *Session) Option { return TokenPath(s.BPFFS()) }

var _ = Table("token.map", func(s *Session, o objects.Object) {
	Expect(s.MustLoad(o, token(s)).Map("lone").MaxEntries).To(Equal(uint32(4)))
},
	Entry("array", objects.Token.LoneArray),
	Entry("hash", objects.Token.LoneHash),
)

// A kind pairs an object with the type of its program.
type kind struct {
	object objects.Object
	typ    string
}

var _ = Table("token.program", func(s *Session, k kind) {
	Expect(s.MustLoad(k.object, token(s)).Program("count").Type).To(Equal(k.typ))
},
	Entry("socket", kind{objects.Token.Hash, "socket_filter"}),
	Entry("cgroup-egress", kind{objects.Token.Egress, "cgroup_skb"}),
	Entry("cgroup-connect", kind{objects.Token.Connect, "cgroup_sock_addr"}),
	Entry("classifier", kind{objects.Token.Classifier, "sched_cls"}),
	Entry("raw-tracepoint", kind{objects.Token.RawTracepoint, "raw_tracepoint"}),
)

var _ = It("token.least/maps", func(s *Session) {
	Expect(s.MustLoad(objects.Token.LoneHash, token(s)).Map("lone").Value).To(HavePrefix("__u64"))
})

var _ = It("token.least/program", func(s *Session) {
	loaded := s.MustLoad(objects.Token.Classifier, token(s))
	Expect(loaded.Program("count").Maps).To(ConsistOf(loaded.MapID("counts")))
})

var _ = It("token.names", func(s *Session) {
	loaded := s.MustLoad(objects.Token.Hash, token(s))
	Expect(loaded.Map("counts").Name).To(Equal("counts"))
	Expect(loaded.Program("count").Name).To(Equal("count"))
})

var _ = It("token.types", func(s *Session) {
	loaded := s.MustLoad(objects.Token.Hash, token(s))
	m := loaded.Map("counts")
	Expect(m.Key).To(HavePrefix("__u32"))
	Expect(m.Value).To(HavePrefix("struct count {"))
	Expect(loaded.Program("count").Functions).To(HaveLen(1))
	loaded.Run("count")
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(2)))
})

// What is pinned is in the bpffs that the token is of, which is mounted over the session's folder,
// for the harness too.
var _ = It("token.pin/by-name", func(s *Session) {
	s.Keep("counts")
	folder, path := PinRoot(s.BPFFS()), s.BPFFS()+"/counts"
	first := s.MustLoad(objects.Token.Pinned, token(s), folder)
	id := first.MapID("counts")
	Expect(s.Pin(path)).To(BeThePinOfMap(id))
	first.Close()
	again := s.MustLoad(objects.Token.Pinned, token(s), folder)
	Expect(again.Program("count").Maps).To(ConsistOf(id))
})

var _ = It("token.pin/on-request", func(s *Session) {
	s.Keep("program")
	path := s.BPFFS() + "/program"
	loaded := s.MustLoad(objects.Token.Hash, token(s))
	Expect(loaded.PinProgram("count", path)).To(BeOK())
	Expect(s.Pin(path)).To(BeThePinOfProgram(loaded.ProgramID("count")))
})

var _ = It("token.closed/after-close", func(s *Session) {
	before := held()
	s.MustLoad(objects.Token.Hash, token(s)).Close()
	Expect(held()).To(Equal(before))
})

// What is kept of a load that failed, no close gives up.
var _ = It("token.closed/after-refusal", func(s *Session) {
	s.Control(objects.Token.LoneHash, token(s))
	before := held()
	refused := s.Open(objects.Token.LoneHash, token(s)).SetMap("lone", MaxEntries, 0).Load()
	Expect(refused).To(BeRejected(AtCreate, Invalid))
	Expect(held()).To(Equal(before))
})

// held returns how many tokens the loader holds.
func held() int {
	n, err := oracle.TokensHeld()
	Expect(err).NotTo(HaveOccurred())
	return n
}

var _ = It("token.create/hash", func(s *Session) {
	Expect(s.MustCreate(newMap(s, ebpf.Hash)).Map("made").Type).To(Equal("hash"))
})

var _ = It("token.create/not-allowed", func(s *Session) {
	s.MustCreate(newMap(s, ebpf.Array))
	before := s.Kernel()
	forbidden := newMap(s, ebpf.LRUHash)
	forbidden.Path += "_forbidden"
	Expect(s.Create(forbidden)).To(BeRejected(AtCreate, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// newMap asks for a map, made with a token and pinned.
func newMap(s *Session, typ ebpf.MapType) NewMap {
	s.Keep("made")
	return NewMap{
		Name: "made",
		Map:  MapAttributes{Type: uint32(typ), KeySize: 4, ValueSize: 8, MaxEntries: 16},
		Path: s.BPFFS() + "/made", TokenPath: s.BPFFS(),
	}
}

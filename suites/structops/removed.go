// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"
	ops "github.com/loadstone-bpf/loadstone/structops"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// remove takes a structure out of the kernel as its administrator does, with loadstone ops remove,
// by the structure's name, its map's, or the map's id. It waits as long as wait until the kernel
// has freed it.
func remove(s *Session, nameOrID string, wait time.Duration) error {
	all, err := ops.Read()
	s.MustWork(err)
	found, err := ops.Find(all, nameOrID)
	if err != nil {
		return err
	}
	return ops.Remove(context.Background(), found, wait, func(string) {})
}

// unregisterLeft takes back what its map registers, if it still does: a spec that fails leaves no
// structure for the next.
func unregisterLeft(s *Session, id uint32) {
	if facts, err := oracle.StructOps(id); err == nil && facts.State == "INUSE" {
		s.MustWork(oracle.UnregisterStructOps(id))
	}
}

// A step says how far a loader gets before it dies.
type step struct {
	object objects.Object
	reach  func(s *Session, loaded *Attempt) (left string) // name or id of what it leaves
}

// byID names the structure of a loaded object by the id of its map.
func byID(loaded *Attempt, structure string) string {
	return fmt.Sprintf("id:%d", loaded.MapID(structure))
}

// Whatever a loader leaves when it dies, another process takes it out of the kernel.
var _ = Table("structops.died.removed", func(s *Session, of step) {
	before := s.Kernel()
	loaded := s.MustLoad(of.object)
	left := of.reach(s, loaded)
	for _, name := range loaded.MapNames() {
		defer unregisterLeft(s, loaded.MapID(name))
	}
	s.Kill()
	Expect(remove(s, left, s.Patience(patience))).To(Succeed())
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	Expect(s.Pins()).To(BeEmpty())
	for _, title := range []string{linked, unlinked, first} {
		Expect(available()).NotTo(ContainElement(title))
	}
},
	Entry("map-pinned-empty", step{objects.StructOps.TCP, func(s *Session, l *Attempt) string {
		Expect(l.PinMap("ca", s.BPFFS()+"/map")).To(BeOK())
		return byID(l, "ca")
	}}),
	Entry("registered-by-map", step{objects.StructOps.TCPByMap, func(s *Session, l *Attempt) string {
		l.MustRegister("ca")
		return unlinked
	}}),
	Entry("map-pinned", step{objects.StructOps.TCPByMap, func(s *Session, l *Attempt) string {
		l.MustRegister("ca")
		Expect(l.PinMap("ca", s.BPFFS()+"/map")).To(BeOK())
		return unlinked
	}}),
	Entry("unregistered-map-pinned", step{objects.StructOps.TCPByMap,
		func(s *Session, l *Attempt) string {
			attached := l.MustRegister("ca")
			Expect(l.PinMap("ca", s.BPFFS()+"/map")).To(BeOK())
			attached.Detach()
			return byID(l, "ca")
		}}),
	Entry("link-pinned", step{objects.StructOps.TCP, func(s *Session, l *Attempt) string {
		Expect(l.MustRegister("ca").PinLink(s.BPFFS() + "/link")).To(BeOK())
		return linked
	}}),
	Entry("link-and-map-pinned", step{objects.StructOps.TCP, func(s *Session, l *Attempt) string {
		Expect(l.MustRegister("ca").PinLink(s.BPFFS() + "/link")).To(BeOK())
		Expect(l.PinMap("ca", s.BPFFS()+"/map")).To(BeOK())
		return linked
	}}),
	Entry("replaced", step{objects.StructOps.TwoSameName, func(s *Session, l *Attempt) string {
		attached := l.MustRegister("first")
		attached.MustUpdate("second", "")
		Expect(attached.PinLink(s.BPFFS() + "/link")).To(BeOK())
		return byID(l, "second")
	}}),
)

// What a connection uses is unregistered, and freed with the connection.
var _ = It("structops.died.removed-in-use", func(s *Session) {
	before := s.Kernel()
	loaded := s.MustLoad(objects.StructOps.TCPByMap)
	loaded.MustRegister("ca")
	left := byID(loaded, "ca")
	defer unregisterLeft(s, loaded.MapID("ca"))
	inNetwork(s, func(n *network) {
		mustDial(n, unlinked, func(c *connection) {
			s.Kill()
			Expect(remove(s, left, 0)).To(MatchError(ops.ErrInUse))
			Expect(available()).NotTo(ContainElement(unlinked))
			Expect(c.exchange()).To(Succeed())
			Expect(remove(s, left, 0)).To(MatchError(ops.ErrBeingFreed))
		})
	})
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

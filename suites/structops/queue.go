// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"net"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/suites/rtnetlink"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// discipline names the queueing discipline of objects/structops/qdisc.bpf.c.
const discipline = "ls_queue"

// useQueue gives the near side's device a queueing discipline.
func (n *network) useQueue(kind string) error {
	return n.near.Do(func() error {
		link, err := net.InterfaceByName(device)
		if err != nil {
			return err
		}
		return rtnetlink.AddQdisc(link.Index, kind)
	})
}

// send sends one packet from the near side. It may be dropped, which the error does not tell.
func (n *network) send() error {
	return n.near.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		err = unix.Sendto(fd, []byte{0}, 0, &unix.SockaddrInet4{
			Port: port, Addr: farAddress.Addr().As4(),
		})
		if err == unix.ENOBUFS { // the queueing discipline has dropped it
			err = nil
		}
		return err
	})
}

// A queueing discipline is given the packets of a device, until the device is gone.
var _ = It("structops.kernel.queue", func(s *Session) {
	s.CountRuns()
	loaded := s.MustLoad(objects.StructOps.Qdisc)
	attached := loaded.MustRegister("queue")
	facts := loaded.StructOps("queue")
	Expect(facts).To(BeInState("READY"))
	Expect(facts.Programs()).To(Equal(map[string]uint32{
		"enqueue": loaded.ProgramID("enqueue"), "dequeue": loaded.ProgramID("dequeue"),
		"init": loaded.ProgramID("begin"), "reset": loaded.ProgramID("reset"),
		"destroy": loaded.ProgramID("destroy"),
	}))
	registered := facts.References
	inNetwork(s, func(n *network) {
		Expect(n.useQueue(discipline)).To(Succeed())
		Expect(loaded.Runs("begin")).To(BeEquivalentTo(1))
		Expect(loaded.StructOps("queue").References).To(Equal(registered + 1))
		Expect(n.send()).To(Succeed())
		Expect(loaded.Runs("enqueue")).To(BeNumerically(">", 0))
	})
	Eventually(func() uint64 { return loaded.Runs("destroy") }).
		WithTimeout(s.Patience(patience)).Should(BeEquivalentTo(1))
	attached.Detach()
	inNetwork(s, func(n *network) {
		Expect(n.useQueue(discipline)).To(MatchError(unix.ENOENT))
	})
})

// The kernel registers no queueing discipline without the function that packets are given to.
var _ = It("structops.kernel.queue-incomplete-refused", func(s *Session) {
	s.Control(objects.StructOps.Qdisc)
	before := s.Kernel()
	loaded := s.MustLoad(objects.StructOps.QdiscIncomplete)
	Expect(loaded.Register("queue")).To(BeRejected(AtAttach, Invalid))
	loaded.Close()
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

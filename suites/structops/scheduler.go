// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"os"
	"runtime"
	"strings"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// scheduler names the scheduler of objects/structops/sched.bpf.c.
const scheduler = "ls_sched"

// schedulerInUse returns the name of the scheduler of BPF programs that the kernel has; "" for
// none, and the kernel's word for one on its way in or out.
func schedulerInUse() (string, error) {
	text, err := os.ReadFile("/sys/kernel/sched_ext/state")
	if err != nil {
		return "", err
	}
	switch state := strings.TrimSpace(string(text)); state {
	case "disabled":
		return "", nil
	case "enabled":
		name, err := os.ReadFile("/sys/kernel/sched_ext/root/ops")
		return strings.TrimSpace(string(name)), err
	default:
		return state, nil
	}
}

// runByIt has a thread run by the scheduler for a moment, and then end.
func runByIt() error {
	const policy = 7 // SCHED_EXT
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its policy
		err := unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: policy}, 0)
		done <- err
	}()
	return <-done
}

// A scheduler runs the tasks that ask for it, until it is unregistered.
var _ = It("structops.kernel.scheduler", func(s *Session) {
	Expect(schedulerInUse()).To(BeEmpty())
	s.CountRuns()
	loaded := s.MustLoad(objects.StructOps.Sched)
	if !s.Claims(loader.OneStep) {
		Expect(schedulerInUse()).To(BeEmpty())
	}
	attached := loaded.MustRegister("sched")
	Expect(schedulerInUse()).To(Equal(scheduler))
	facts := loaded.StructOps("sched")
	Expect(facts).To(BeInState("READY"))
	Expect(facts.Programs()).To(Equal(map[string]uint32{
		"running": loaded.ProgramID("running"), "init": loaded.ProgramID("begin"),
		"exit": loaded.ProgramID("end"),
	}))
	Expect(loaded.Runs("begin")).To(BeEquivalentTo(1))
	Expect(runByIt()).To(Succeed())
	Expect(loaded.Runs("running")).To(BeNumerically(">", 0))
	attached.Detach()
	Eventually(schedulerInUse).WithTimeout(s.Patience(patience)).Should(BeEmpty())
	Expect(loaded.Runs("end")).To(BeEquivalentTo(1))
})

var _ = It("structops.kernel.scheduler-sleepable-refused", func(s *Session) {
	s.Refuses(objects.StructOps.Sched, objects.StructOps.SchedSleepableRunning, AtLoad, Verifier,
		Invalid, NotSupported)
})

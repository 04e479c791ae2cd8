// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"time"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// A Session gives one spec what it works with: a conversation of its own with the loader under
// test, a bpffs folder and a work folder of its own, and the kernel to look at. It ends with the
// spec: the loader is told to let everything go, and what is left in the kernel then, beside pins
// that were kept ([Session.Keep]), fails the spec.
//
// Its methods, and those of its conversations, fail the spec at the line that called them. They are
// for the goroutine of the spec.
type Session struct {
	Conversation // the one that every spec has

	exec     *runner.Execution
	attempts int
}

func newSession(x *runner.Execution) *Session {
	s := &Session{exec: x}
	s.Conversation = Conversation{session: s, talk: x.Conversation()}
	return s
}

// Another begins one more conversation, with another process of the loader, or another value of one
// that is linked in. It is in the same folders and the same kernel, as two users of one machine
// are, and ends with the session.
func (s *Session) Another() *Conversation {
	return &Conversation{session: s, talk: s.exec.Another()}
}

// AnotherAsRoot does what [Session.Another] does, whatever surroundings the requirement asks for:
// the loader has all that root has. It makes what the loader of the spec's own conversation finds,
// and the control of what that may be refused.
func (s *Session) AnotherAsRoot() *Conversation {
	return &Conversation{session: s, talk: s.exec.AnotherAsRoot()}
}

// Kernel returns what the kernel holds now.
func (s *Session) Kernel() Kernel {
	return Kernel{Inventory: s.exec.Kernel(), session: s}
}

// A Kernel holds what a kernel held at one moment, and the way to ask it again.
type Kernel struct {
	oracle.Inventory
	session *Session
}

// MadeWhile counts what is made in the kernel while do runs, also what is gone again. It is for
// what makes nothing: others may use the kernel too, and a loader may find out once what the kernel
// can do, so it runs do a few times and returns the least.
func (s *Session) MadeWhile(do func()) oracle.Made {
	const tries = 5
	var least oracle.Made
	for i := range tries {
		made, err := oracle.MadeWhile(do)
		if err != nil {
			s.exec.Broken("%v", err)
		}
		if made == (oracle.Made{}) {
			return made
		}
		if i == 0 || made.Maps+made.Programs+made.BTF < least.Maps+least.Programs+least.BTF {
			least = made
		}
	}
	return least
}

// BPFFS returns the session's own folder in a bpffs, as a path in the driver's root. It is empty at
// the start.
func (s *Session) BPFFS() string { return s.exec.Dirs().BPFFS }

// Work returns the session's own folder in a file system that is no bpffs, as a path in the
// driver's root.
func (s *Session) Work() string { return s.exec.Dirs().Work }

// LockAtMost begins the loader again as a process that may lock at most n bytes of memory, unless
// it raises the limit, until the spec ends. Kernels before 5.11 charge maps and programs to it.
func (s *Session) LockAtMost(n uint64) {
	s.exec.LimitLocked(n)
	s.Restart()
}

// AllowUnprivileged lets users without capabilities use bpf(2), until the spec ends; its
// requirement is alone in a guest. It ends the spec as skipped where others use the kernel too, or
// where that cannot be changed.
func (s *Session) AllowUnprivileged() { s.exec.AllowUnprivileged() }

// NeedsPrivilege ends the spec as skipped on a kernel that lets users without capabilities use
// bpf(2): the spec is about one that does not.
func (s *Session) NeedsPrivilege() { s.exec.NeedsPrivilege() }

// HideSymbols has the kernel hide the addresses of its symbols from everyone, root too, until the
// spec ends (kernel.kptr_restrict). The requirement says that its spec is alone.
func (s *Session) HideSymbols() { s.exec.HideSymbols() }

// Keep says that pins stay when the loader is gone, and that this is right. The paths are below
// [Session.BPFFS].
func (s *Session) Keep(pins ...string) { s.exec.Keep(pins...) }

// Pins returns the paths of all pins, below [Session.BPFFS].
func (s *Session) Pins() []string { return s.Kernel().Pins }

// Claims reports whether the loader says of itself that it does the whole of a feature. It is for
// requirements that ask for as much as a loader claims; what a spec needs at the least is its
// requirement's profile.
func (s *Session) Claims(feature loader.Feature) bool {
	return s.exec.Support(feature) == loader.Yes
}

// Patience returns how long to wait for what takes at most d by default: longer on a slow machine
// or a busy host.
func (s *Session) Patience(d time.Duration) time.Duration { return s.exec.Patience(d) }

// Descriptors counts what the loader and the suite have open: see [oracle.Descriptors].
func (s *Session) Descriptors() int {
	n, err := oracle.Descriptors()
	s.MustWork(err)
	return n
}

// KernelMemory returns how much memory the kernel itself holds, in KiB: see [oracle.KernelMemory].
func (s *Session) KernelMemory() int {
	kib, err := oracle.KernelMemory()
	s.MustWork(err)
	return kib
}

// MustWork ends the spec as broken where err is one of what the spec works with, not of the loader.
func (s *Session) MustWork(err error) {
	if err != nil {
		s.exec.Broken("%v", err)
	}
}

// Contradict ends the spec as failed: what the kernel shows contradicts what the loader says. It
// does not return.
func (s *Session) Contradict(expected, seen string) { s.exec.Fail(expected, seen) }

// Beyond returns what the kernel holds that it did not hold before, once it had the time to free
// what it frees late.
func (s *Session) Beyond(before Kernel) []oracle.Object {
	left, err := s.exec.Beyond(before.Inventory)
	s.MustWork(err)
	return left
}

// Faults break the harness, for its own tests.
type Faults = runner.Faults

// Faults gives a spec of [Hidden], in a test VM, what no other spec may touch. Anywhere else it
// ends the spec as broken.
func (s *Session) Faults() Faults { return s.exec.Faults() }

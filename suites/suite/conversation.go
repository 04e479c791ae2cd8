// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"errors"
	"runtime"
	"sync"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/suites/runner"
	"github.com/loadstone-bpf/loadstone/suites/trap"
)

// A Conversation talks with one process of the loader under test. A spec begins with one, which is
// part of its [Session]. What it asks there it can ask of another ([Session.Another]).
type Conversation struct {
	session *Session
	talk    *runner.Conversation
}

// Restart closes what is open, sends reset and bye, and begins the conversation again with another
// process. All attempts in it are over.
func (c *Conversation) Restart() { c.talk.Restart() }

// Kill kills the loader's process where it is. All attempts in the conversation are over. The
// requirement asks for a process: its surroundings say so.
func (c *Conversation) Kill() { c.talk.Kill() }

// KilledAt does something in which the loader's process, or one that it starts, is killed at a call
// of bpf(2), counted from 1; at none if it is 0. It returns how many calls were made, and whether
// the loader survived; all attempts in the conversation are over where it did not. It ends the spec
// as skipped where the suite runs in a namespace of processes.
func (c *Conversation) KilledAt(call uint64, do func()) (calls uint64, survives bool) {
	s := c.session
	laid, err := trap.New(c.talk.PID())
	if errors.Is(err, trap.ErrNamespace) {
		s.exec.Skip(runner.Lack{
			Kind: "process", Needs: "the first namespace of processes", Has: "another",
		})
	}
	s.MustWork(err)
	defer func() { s.MustWork(laid.Close()) }()
	s.MustWork(laid.KillAt(call))
	survives = c.talk.Survives(do)
	calls, err = laid.Calls()
	s.MustWork(err)
	return calls, survives
}

// LoadTogether has loaders load what they have opened, all at the same time: each attempt is of a
// conversation of its own, and every load is asked for before any answer is looked at.
func LoadTogether(attempts ...*Attempt) {
	requests := make([]loader.Request, len(attempts))
	for i, a := range attempts {
		requests[i] = loader.Load{Session: a.id}
	}
	askTogether(attempts, requests)
}

// askTogether asks one thing of each attempt that is open, all at the same time.
func askTogether(attempts []*Attempt, requests []loader.Request) {
	// A loader that is linked in shares our processors, and a guest has itself run on one.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(len(attempts), runtime.GOMAXPROCS(0))))
	answers := make([]loader.Reply, len(attempts))
	errs := make([]error, len(attempts))
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, a := range attempts {
		if !a.OK() {
			continue
		}
		all.Go(func() {
			<-start
			answers[i], errs[i] = a.in.Request(requests[i])
		})
	}
	close(start)
	all.Wait()
	for i, a := range attempts {
		if !a.OK() {
			continue
		}
		a.last = requests[i]
		a.Reply = a.in.Answered(a.last, answers[i], errs[i])
		a.mustHaveActed()
		a.closeRefused(true)
	}
}

// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"runtime"
	"sync"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/suites/runner"
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

// LoadTogether has loaders load what they have opened, all at the same time: each attempt is of a
// conversation of its own, and every load is asked for before any answer is looked at.
func LoadTogether(attempts ...*Attempt) {
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
			answers[i], errs[i] = a.in.Request(loader.Load{Session: a.id})
		})
	}
	close(start)
	all.Wait()
	for i, a := range attempts {
		if !a.OK() {
			continue
		}
		a.last = loader.Load{Session: a.id}
		a.Reply = a.in.Answered(a.last, answers[i], errs[i])
		a.mustHaveActed()
		a.closeRefused(true)
	}
}

// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"github.com/loadstone-bpf/loadstone/loader"
)

// A Conversation is with one process of the loader under test. A spec has one to begin with, which is part of its [Session]; what it asks there,
// it can ask of another ([Session.Another]).
type Conversation struct {
	session *Session
	number  int // in the session, from 1

	loader  loader.Loader // nil before it begins and after it
	faulted bool          // it is over: nothing more is answered
	opened  []*Attempt    // every one
}

// Another begins one more conversation, with another process of the loader, or another value of one that is linked in. It is in the same folders
// and the same kernel, as two users of one machine are, and ends with the session.
func (s *Session) Another() *Conversation {
	c := &Conversation{session: s, number: len(s.others) + 2}
	s.others = append(s.others, c)
	if err := c.converse(); err != nil {
		s.fault(err)
	}
	return c
}

// conversations are all of the session's, the first first.
func (s *Session) conversations() []*Conversation {
	return append([]*Conversation{&s.Conversation}, s.others...)
}

// Restart ends the conversation as every user's ends one day (what is open is closed, then reset, then bye), and begins it anew, with another
// process. All attempts in it are over.
func (c *Conversation) Restart() {
	ctx, cancel := context.WithTimeout(c.session.ctx, c.session.run.farewell())
	defer cancel()
	if err := c.giveUp(ctx); err != nil {
		c.session.broken("%v", err)
	}
	if err := c.bye(ctx); err != nil {
		c.session.broken("%v", err)
	}
	for _, a := range c.opened {
		a.open = false
	}
	c.opened = nil
	if err := c.converse(); err != nil {
		c.session.fault(err)
	}
}

// LoadTogether has loaders load what they have opened, all at the same time: each attempt is of a conversation of its own, and every load is
// asked for before any answer is looked at.
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
			answers[i], errs[i] = a.in.request(loader.Load{Session: a.id})
		})
	}
	close(start)
	all.Wait()
	for i, a := range attempts {
		if !a.OK() {
			continue
		}
		a.Reply, a.last = a.in.answered(loader.OpLoad, answers[i], errs[i]), loader.Load{Session: a.id}
		a.loaded(true)
	}
}

// mark is what stands before the conversation's lines in a transcript.
func (c *Conversation) mark() string {
	if c.number == 1 {
		return ""
	}
	return strconv.Itoa(c.number)
}

// converse begins the conversation.
func (c *Conversation) converse() (err error) {
	defer func() { c.faulted = err != nil }()
	s := c.session
	l, err := s.run.deps.Driver(s.ctx, c.step)
	if err != nil {
		return fmt.Errorf("start driver: %w", err)
	}
	c.loader = l
	reply, err := c.request(loader.Hello{
		Protocols: []int{loader.Version}, Suite: "loadstone", Kernel: s.run.kernel, Dirs: s.dirs,
	})
	if err != nil {
		return err
	}
	ok, isOK := reply.(*loader.OK)
	if !isOK || ok.Loader == nil {
		return fmt.Errorf("driver does not greet: it answers hello with %s", inWords(reply))
	}
	if s.told.largest > maxReply {
		return fmt.Errorf("driver says too much of itself: %d bytes", s.told.largest)
	}
	if s.features == nil { // the first of the session; what the others say is in their steps
		s.run.greet(ok)
	}
	s.features = ok.Features
	return nil
}

// do asks one thing of the loader. A driver that breaks ends the spec.
func (c *Conversation) do(req loader.Request) loader.Reply {
	if c.loader == nil {
		if err := c.converse(); err != nil {
			c.session.fault(err)
		}
	}
	reply, err := c.request(req)
	return c.answered(req.Op(), reply, err)
}

// request is one exchange, within its deadline. It is for any goroutine.
func (c *Conversation) request(req loader.Request) (loader.Reply, error) {
	ctx, cancel := c.session.requestContext(c.session.ctx)
	defer cancel()
	return c.loader.Do(ctx, req)
}

// answered is the reply to a request, if there is one and it says something of the loader. Anything else ends the spec.
func (c *Conversation) answered(op loader.Op, reply loader.Reply, err error) loader.Reply {
	if err != nil {
		c.faulted = true
		c.session.fault(err)
	}
	if e, isError := reply.(*loader.Error); isError {
		c.session.broken("driver error at %s: %s", op, e.Message)
	}
	c.session.asked = true
	return reply
}

func (s *Session) requestContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if limit := s.run.order.Limits.Request; limit > 0 {
		return context.WithTimeout(ctx, limit)
	}
	return context.WithCancel(ctx)
}

// giveUp closes what is open and resets the loader. One that does not answer, or that there is no time to ask, is closed.
func (c *Conversation) giveUp(ctx context.Context) error {
	switch {
	case c.loader == nil:
		return nil
	case c.faulted || c.session.late:
		return c.hangUp()
	}
	requests := []loader.Request{}
	for _, a := range c.opened {
		if a.open {
			requests = append(requests, loader.Close{Session: a.id})
		}
	}
	for _, request := range append(requests, loader.Reset{}) {
		if err := c.ask(ctx, request); err != nil {
			return err
		}
	}
	return nil
}

// bye ends the conversation, after it was given up.
func (c *Conversation) bye(ctx context.Context) error {
	if c.loader == nil {
		return nil
	}
	var err error
	if !c.faulted {
		err = c.ask(ctx, loader.Bye{})
	}
	if hangUpErr := c.hangUp(); err == nil {
		err = hangUpErr
	}
	return err
}

// ask asks for something that every loader does.
func (c *Conversation) ask(ctx context.Context, request loader.Request) error {
	limited, cancel := c.session.requestContext(ctx)
	defer cancel()
	reply, err := c.loader.Do(limited, request)
	if err != nil {
		c.faulted = true
		return err
	}
	if !isOK(reply) {
		return fmt.Errorf("driver answers %s with %s", request.Op(), inWords(reply))
	}
	return nil
}

func (c *Conversation) hangUp() error {
	err := c.loader.Close()
	c.loader = nil
	if err != nil {
		return fmt.Errorf("close driver: %w", err)
	}
	return nil
}

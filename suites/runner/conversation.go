// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
	"github.com/loadstone-bpf/loadstone/suites/runner/surround"
)

// A Conversation talks with one process of the loader under test. A spec begins with one.
type Conversation struct {
	exec   *Execution
	number int // in the spec, from 1
	in     requirements.Surroundings

	loader  loader.Loader // nil before it begins and after it
	doomed  bool          // its process may die: see [Conversation.Survives]
	faulted bool          // it is over: nothing more is answered
	open    []string      // sessions of the loader that have an object, in the order they were opened
}

// Conversation returns the conversation that every spec has.
func (x *Execution) Conversation() *Conversation { return x.first }

// Another begins one more conversation, with another process of the loader, or another value of one
// that is linked in, in the surroundings that the requirement asks for.
func (x *Execution) Another() *Conversation {
	return x.another(x.requirement.SurroundingsOf(x.spec.ID))
}

// AnotherAsRoot does what [Execution.Another] does, whatever surroundings the requirement asks for:
// the loader has all that root has.
func (x *Execution) AnotherAsRoot() *Conversation { return x.another(requirements.Surroundings{}) }

func (x *Execution) another(in requirements.Surroundings) *Conversation {
	c := &Conversation{exec: x, number: len(x.others) + 2, in: in}
	x.others = append(x.others, c)
	c.mustBegin()
	return c
}

// conversations returns all of the spec's, the first first.
func (x *Execution) conversations() []*Conversation {
	return append([]*Conversation{x.first}, x.others...)
}

// Restart closes what is open, sends reset and bye, and begins the conversation again with another
// process.
func (c *Conversation) Restart() {
	ctx, cancel := context.WithTimeout(c.exec.ctx, c.exec.run.farewell())
	defer cancel()
	if err := c.giveUp(ctx); err != nil {
		c.exec.broken(err)
	}
	if err := c.bye(ctx); err != nil {
		c.exec.broken(err)
	}
	c.open = nil
	c.mustBegin()
}

// Kill kills the loader's process, and begins nothing: the next request does. Where the loader is
// no process the spec ends as broken, as its requirement has to ask for one.
func (c *Conversation) Kill() {
	if c.loader == nil {
		c.mustBegin()
	}
	process, ok := c.loader.(interface{ Kill() })
	if !ok {
		c.exec.Broken("the loader is no process that could be killed: its requirement has no " +
			"surroundings with process: true")
	}
	process.Kill()
	c.open = nil
	if err := c.hangUp(); err != nil {
		c.exec.broken(err)
	}
}

// PID returns the id of the loader's process. Where the loader is no process the spec ends as
// broken, as its requirement has to ask for one.
func (c *Conversation) PID() int {
	if c.loader == nil {
		c.mustBegin()
	}
	process, ok := c.loader.(interface{ PID() int })
	if !ok {
		c.exec.Broken("the loader is no process: its requirement has no surroundings with process: true")
	}
	return process.PID()
}

// death is what ends an exchange with a doomed loader.
type death struct{}

// Survives does something in which the loader's process may be killed from outside, and reports
// whether it was not. A loader that dies is given up; the next request begins with another process.
func (c *Conversation) Survives(do func()) (survives bool) {
	c.doomed = true
	defer func() {
		c.doomed = false
		switch r := recover(); r.(type) {
		case nil:
		case death:
			c.open, c.faulted = nil, false
			if err := c.hangUp(); err != nil {
				c.exec.broken(err)
			}
		default:
			panic(r) // the spec has ended
		}
	}()
	do()
	return true
}

// mark returns what stands before the conversation's lines in a transcript.
func (c *Conversation) mark() string {
	if c.number == 1 {
		return ""
	}
	return strconv.Itoa(c.number)
}

// mustBegin begins the conversation, or ends the spec.
func (c *Conversation) mustBegin() {
	err := c.begin()
	if errors.Is(err, surround.ErrNoLimit) {
		c.exec.Skip(Lack{"process", "CAP_SYS_RESOURCE, to limit a loader's memory", "no such right"})
	}
	if err != nil {
		c.exec.fault(err)
	}
}

func (c *Conversation) begin() (err error) {
	defer func() { c.faulted = err != nil }()
	x := c.exec
	l, err := x.run.deps.Driver(x.ctx, c.in, c.trace)
	if err != nil {
		return fmt.Errorf("start driver: %w", err)
	}
	c.loader = l
	if c.in.Delegate != nil {
		if err := x.delegate(l); err != nil {
			return fmt.Errorf("start driver: %w", err)
		}
	}
	reply, err := c.Request(loader.Hello{
		Protocols: []int{loader.Version}, Suite: "loadstone", Kernel: x.run.kernel, Dirs: x.dirs,
	})
	if err != nil {
		return err
	}
	if u, unsupported := reply.(*loader.Unsupported); unsupported && !c.in.IsZero() &&
		u.Feature == loader.Unprivileged {
		x.Refused("the loader's driver cannot run so: " + phrase.Reply(reply))
	}
	ok, isOK := reply.(*loader.OK)
	if !isOK || ok.Loader == nil {
		return fmt.Errorf("driver does not greet: it answers hello with %s", phrase.Reply(reply))
	}
	// A verdict names the loader that was asked for: what another one does is not its.
	name, _, _ := strings.Cut(x.run.order.Loader.Name, "@")
	if name != "" && ok.Loader.Name != name {
		return fmt.Errorf("driver greets as %q, and is asked for as %q", ok.Loader.Name, name)
	}
	if x.transcript.largest > maxReply {
		return fmt.Errorf("driver says too much of itself: %d bytes", x.transcript.largest)
	}
	if x.features == nil { // the first of the spec; what the others say is in their steps
		x.run.greet(ok)
	}
	x.features = ok.Features
	return nil
}

// Do asks one thing of the loader. A driver that breaks ends the spec.
func (c *Conversation) Do(req loader.Request) loader.Reply {
	if c.loader == nil {
		c.mustBegin()
	}
	reply, err := c.Request(req)
	return c.Answered(req, reply, err)
}

// Request makes one exchange, within its deadline. Unlike Do it is for any goroutine; what it
// returns is for [Conversation.Answered].
func (c *Conversation) Request(req loader.Request) (loader.Reply, error) {
	return c.loader.Do(c.exec.patient(c.exec.ctx), req)
}

// Answered returns the reply to a request, if there is one and it says something of the loader.
// Anything else ends the spec.
func (c *Conversation) Answered(req loader.Request, reply loader.Reply, err error) loader.Reply {
	if err != nil {
		c.faulted = true
		if c.doomed && errors.Is(err, loader.ErrDied) && c.exec.ctx.Err() == nil {
			panic(death{})
		}
		c.exec.fault(err)
	}
	if e, isError := reply.(*loader.Error); isError {
		c.exec.Broken("driver error at %s: %s", req.Op(), e.Message)
	}
	c.exec.asked = true
	if !isOK(reply) {
		return reply
	}
	switch req := req.(type) {
	case loader.Open:
		c.open = append(c.open, req.Session)
	case loader.Load, loader.Create, loader.ChainAdd, loader.ChainLink:
		c.exec.controlled = true
	}
	return reply
}

// Close has the loader give up a session that it has opened, and returns its reply. It asks for
// nothing, and returns nil, where the session is not open, or not any more.
func (c *Conversation) Close(session string) loader.Reply {
	at := slices.Index(c.open, session)
	if at < 0 {
		return nil
	}
	c.open = slices.Delete(c.open, at, at+1)
	return c.Do(loader.Close{Session: session})
}

// patient returns ctx with the limits of a request.
func (x *Execution) patient(ctx context.Context) context.Context {
	limits := x.run.order.Limits
	return loader.WithPatience(ctx,
		loader.Patience{Limit: limits.Request, Most: limits.Patience()})
}

// giveUp closes what is open and resets the loader. It hangs up on one that does not answer, or
// that there is no time to ask.
func (c *Conversation) giveUp(ctx context.Context) error {
	switch {
	case c.loader == nil:
		return nil
	case c.faulted || c.exec.late:
		return c.hangUp()
	}
	requests := []loader.Request{}
	for _, session := range c.open {
		requests = append(requests, loader.Close{Session: session})
	}
	for _, request := range append(requests, loader.Reset{}) {
		if err := c.ask(ctx, request); err != nil {
			return err
		}
	}
	return nil
}

// bye ends the conversation, after everything was given up.
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
	reply, err := c.loader.Do(c.exec.patient(ctx), request)
	if err != nil {
		c.faulted = true
		return err
	}
	if !isOK(reply) {
		return fmt.Errorf("driver answers %s with %s", request.Op(), phrase.Reply(reply))
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

func isOK(reply loader.Reply) bool {
	_, ok := reply.(*loader.OK)
	return ok
}

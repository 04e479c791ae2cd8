// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options hold the limits of a conversation with a driver.
type Options struct {
	// Deadline limits the time that a driver may take for one request, to which [WithPatience]
	// adds. 10 seconds if zero.
	Deadline time.Duration

	// Deadlines override Deadline for some requests.
	Deadlines map[Op]time.Duration

	// Grace limits the time that a driver has to exit after [Bye], and to leave a dump after
	// SIGABRT. 2 seconds if zero.
	Grace time.Duration

	// Trace gets every exchange, once it is over.
	Trace func(Exchange)
}

func (o Options) deadline(op Op) time.Duration {
	if d := o.Deadlines[op]; d > 0 {
		return d
	}
	if o.Deadline > 0 {
		return o.Deadline
	}
	return 10 * time.Second
}

func (o Options) grace() time.Duration {
	if o.Grace > 0 {
		return o.Grace
	}
	return 2 * time.Second
}

func (o Options) trace(x Exchange) {
	if o.Trace != nil {
		o.Trace(x)
	}
}

type specKey struct{}

// WithSpec returns a context for requests made on behalf of a spec.
func WithSpec(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, specKey{}, id)
}

func specOf(ctx context.Context) string {
	id, _ := ctx.Value(specKey{}).(string)
	return id
}

// A Client speaks to a [Loader] that is a process. It has the process for itself: when the
// conversation ends, by [Client.Close] or by a [Fault], the process and all others of its group are
// gone.
type Client struct {
	process *process
	pipes   pipes
	in      replies
	stderr  notes
	options Options
	release func() bool // of the context that the client was started with

	mu    sync.Mutex
	seq   int // of the last request sent
	last  Op
	fault error // why nothing more is answered
	over  bool
}

// ErrClosed answers requests after [Bye] or Close.
var ErrClosed = errors.New("the conversation is over")

// Start starts a driver. The command's descriptors are for Start to set; its argv, environment,
// folder and root are the caller's. The driver is killed when ctx is done.
func Start(ctx context.Context, cmd *exec.Cmd, options Options) (*Client, error) {
	pipes, err := newPipes()
	if err != nil {
		return nil, fmt.Errorf("start driver %s: %w", cmd.Path, err)
	}
	err = pipes.give(cmd)
	var p *process
	if err == nil {
		p, err = watch(cmd)
	}
	if err != nil {
		pipes.close()
		return nil, fmt.Errorf("start driver %s: %w", cmd.Path, err)
	}
	pipes.given()
	c := &Client{process: p, pipes: pipes, in: replies{file: pipes.replies},
		stderr: notes{file: pipes.stderr}, options: options}
	c.release = context.AfterFunc(ctx, p.kill)
	go c.stderr.pump()
	go func() {
		<-p.gone
		wake(pipes.replies)
	}()
	return c, nil
}

// Do carries out one request. Errors are a [*Fault], [ErrClosed], or about a request that cannot be
// put on the wire.
func (c *Client) Do(ctx context.Context, req Request) (Reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.do(ctx, req)
}

func (c *Client) do(ctx context.Context, req Request) (Reply, error) {
	if c.fault != nil {
		return nil, c.fault
	}
	if c.over {
		return nil, ErrClosed
	}
	line, err := encodeRequest(c.seq+1, specOf(ctx), req)
	if err != nil {
		return nil, err
	}
	stray := c.strayLine()
	c.seq++
	c.last = req.Op()
	x := Exchange{Spec: specOf(ctx), Op: req.Op(), Seq: c.seq, Request: line}
	start := time.Now()
	reply, fault := c.exchange(ctx, req, &x, stray)
	x.Duration = time.Since(start)
	if fault != nil {
		c.end(fault)
	}
	x.Stderr = c.stderr.take()
	if fault != nil {
		fault.Op, fault.Seq, fault.Stderr = x.Op, x.Seq, x.Stderr
		x.Fault, c.fault = fault, fault
		c.options.trace(x)
		return nil, fault
	}
	c.options.trace(x)
	return reply, nil
}

// exchange sends the request and reads its reply.
func (c *Client) exchange(
	ctx context.Context, req Request, x *Exchange, stray *Fault,
) (Reply, *Fault) {
	if stray != nil {
		return nil, stray
	}
	ctx, cancel := patienceOf(ctx, c.options.deadline(req.Op())).begin(ctx, c.process.work)
	defer cancel()
	if fault := c.send(ctx, x.Request); fault != nil {
		return nil, fault
	}
	line, fault := c.receive(ctx)
	if fault != nil {
		return nil, fault
	}
	a, err := decodeReply(req.Op(), line)
	if !errors.Is(err, ErrGarbage) {
		x.Reply = line
	}
	switch {
	case errors.Is(err, ErrGarbage) || err != nil && a.seq == 0:
		return nil, faultOf(err)
	case a.seq != x.Seq:
		return nil, c.misplaced(a.seq, line)
	case err != nil:
		return nil, faultOf(err)
	}
	x.Unknown = a.unknown
	if fault := checkVersion(req, a.reply); fault != nil {
		return nil, fault
	}
	if fault := c.after(req.Op()); fault != nil {
		return nil, fault
	}
	return a.reply, nil
}

// faultOf returns the fault of an error that wraps one of the kinds.
func faultOf(err error) *Fault {
	for _, kind := range []error{ErrGarbage, ErrSchema, ErrTooLong} {
		if errors.Is(err, kind) {
			return &Fault{Kind: kind, Detail: strings.TrimPrefix(err.Error(), kind.Error()+": ")}
		}
	}
	return &Fault{Kind: ErrDied, Detail: err.Error()}
}

func (c *Client) send(ctx context.Context, line []byte) *Fault {
	stop := context.AfterFunc(ctx,
		func() { _ = c.pipes.requests.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err := c.pipes.requests.Write(append(line[:len(line):len(line)], '\n'))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return late(ctx, "it does not read the request")
	}
	return c.died("it closed its input")
}

// receive waits for one line.
func (c *Client) receive(ctx context.Context) ([]byte, *Fault) {
	if err := c.pipes.replies.SetReadDeadline(time.Time{}); err != nil {
		return nil, &Fault{Kind: ErrDied, Detail: err.Error()}
	}
	stop := context.AfterFunc(ctx, func() { wake(c.pipes.replies) })
	defer stop()
	select {
	case <-c.process.gone: // so its end woke no reader
		wake(c.pipes.replies)
	default:
	}
	line, err := c.in.next()
	// the deadline passed, or the driver ended: what it wrote before counts
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.in.drain()
		if line, err = c.in.take(); errors.Is(err, errNoLine) {
			return nil, c.silent(ctx)
		}
	}
	switch {
	case err == nil:
		return line, nil
	case errors.Is(err, io.EOF):
		return nil, c.died("it closed its output")
	}
	return nil, faultOf(err)
}

// silent returns the fault of a driver that did not answer.
func (c *Client) silent(ctx context.Context) *Fault {
	select {
	case <-c.process.gone:
		return c.died("")
	default:
		return late(ctx, c.partial())
	}
}

func (c *Client) partial() string {
	if len(c.in.buf) == 0 {
		return ""
	}
	return "half a line: " + excerpt(c.in.buf)
}

// late returns the fault of a driver that did not answer before the end of a context.
func late(ctx context.Context, detail string) *Fault {
	if errors.Is(ctx.Err(), context.Canceled) && !errors.Is(context.Cause(ctx), errImpatient) {
		return &Fault{Kind: context.Cause(ctx), Detail: detail}
	}
	f := &Fault{Kind: ErrHung, Detail: detail}
	if w, ok := ctx.Value(waitKey{}).(*wait); ok {
		w.explain(f)
	}
	return f
}

// died returns the fault of a driver that ended, or is about to end. If it does not end, the fault
// says so.
func (c *Client) died(how string) *Fault {
	if !c.process.goneIn(c.options.grace()) {
		return &Fault{Kind: ErrDied, Detail: how + " and went on"}
	}
	detail := c.process.status
	if half := c.partial(); half != "" {
		detail += ", " + half
	}
	return &Fault{Kind: ErrDied, Detail: detail}
}

// misplaced returns the fault of an answer to another request than the last one.
func (c *Client) misplaced(seq int, line []byte) *Fault {
	if 1 <= seq && seq < c.seq {
		return &Fault{Kind: ErrTwice,
			Detail: fmt.Sprintf("again to request %d: %s", seq, excerpt(line))}
	}
	return &Fault{Kind: ErrOutOfOrder,
		Detail: fmt.Sprintf("to request %d, which was not made: %s", seq, excerpt(line))}
}

// strayLine returns the fault of a driver that wrote without being asked, or nil.
func (c *Client) strayLine() *Fault {
	c.in.drain()
	if len(c.in.buf) == 0 {
		return nil
	}
	if !slices.Contains(c.in.buf, '\n') { // the rest of it is under way
		// a pipe has deadlines
		_ = c.pipes.replies.SetReadDeadline(time.Now().Add(c.options.grace()))
	}
	line, err := c.in.next()
	switch {
	case errors.Is(err, ErrTooLong):
		return faultOf(err)
	case err != nil:
		return &Fault{Kind: ErrGarbage, Detail: "nobody asked for " + c.partial()}
	}
	a, err := decodeReply(c.last, line)
	switch {
	case a.seq == c.seq && a.seq > 0:
		return &Fault{Kind: ErrTwice,
			Detail: fmt.Sprintf("again to request %d: %s", a.seq, excerpt(line))}
	case err != nil:
		return faultOf(err)
	}
	return c.misplaced(a.seq, line)
}

// after checks that a driver writes nothing after its reply, and exits after bye.
func (c *Client) after(op Op) *Fault {
	if op == OpBye {
		c.over = true
		closeAll(c.pipes.requests)
		if !c.process.goneIn(c.options.grace()) {
			return &Fault{Kind: ErrHung, Limit: c.options.grace(), Detail: "it did not exit after bye"}
		}
	}
	if fault := c.strayLine(); fault != nil {
		return fault
	}
	if op == OpBye && !c.process.clean() {
		return &Fault{Kind: ErrDied, Detail: c.process.status + " after bye"}
	}
	return nil
}

// checkVersion checks that driver and suite have a version in common.
func checkVersion(req Request, reply Reply) *Fault {
	hello, ok := req.(Hello)
	if !ok {
		return nil
	}
	switch r := reply.(type) {
	case *Unsupported:
		if r.Feature == Unprivileged { // it is not the version that it lacks
			return nil
		}
		return &Fault{Kind: ErrVersion, Detail: r.Reason}
	case *OK:
		if !slices.Contains(hello.Protocols, r.Protocol) {
			return &Fault{Kind: ErrVersion,
				Detail: fmt.Sprintf("it chose version %d of %v", r.Protocol, hello.Protocols)}
		}
	}
	return nil
}

// end stops a driver after a fault: one that hangs is asked for a dump first.
func (c *Client) end(fault *Fault) {
	if fault.Kind == ErrHung {
		if c.last != OpBye && c.unflushed() {
			fault.Detail = "its answer came when its input was closed: flush stdout after every reply"
		}
		c.process.abort()
		c.process.goneIn(c.options.grace())
	}
	c.process.kill()
	if !c.process.goneIn(c.options.grace()) {
		fault.Detail += " (it is still there after SIGKILL)"
	}
}

// flushLimit limits how long a driver may take to end, with what is in its buffers, once its input
// is closed.
const flushLimit = 2 * time.Second

// unflushed closes the input of a driver that did not answer, and reports whether its answer comes
// then: a runtime that buffers stdout writes it when the driver ends.
func (c *Client) unflushed() bool {
	closeAll(c.pipes.requests)
	if !c.process.goneIn(min(c.options.grace(), flushLimit)) {
		return false
	}
	c.in.drain()
	line, err := c.in.take()
	if err != nil {
		return false
	}
	a, err := decodeReply(c.last, line)
	return err == nil && a.seq == c.seq
}

// Close says [Bye], waits for the driver to exit, and releases everything. The error is a [*Fault];
// a fault that was returned before is not returned again.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.fault == nil && !c.over {
		_, err = c.do(context.Background(), Bye{})
	}
	c.over = true
	c.release()
	c.process.kill()
	c.process.goneIn(c.options.grace())
	c.pipes.close()
	return err
}

// PID returns the id of the driver's process. Those that it starts are of its process group.
func (c *Client) PID() int { return c.process.cmd.Process.Pid }

// Kill kills the process in the midst of the conversation, as the kernel does when it has no memory
// left, and all others of its group. The conversation is over: nothing more is answered.
func (c *Client) Kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.process.kill()
	c.process.goneIn(c.options.grace())
}

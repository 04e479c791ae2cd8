// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

// Traced gives a loader that is linked in the same exchanges as one that is a process: what goes in
// and comes out is what the wire's text says, and is held to the same rules. The text is read back
// only where it may differ from the value that it was written from, because reading is most of what
// a conversation costs. A panic in l is [ErrDied], a request that is not done when its context is,
// [ErrHung]; l is left alone after either. There is no deadline but the context's, and
// that of [WithPatience].
func Traced(l Loader, trace func(Exchange)) Loader {
	return &traced{loader: l, options: Options{Trace: trace}}
}

type traced struct {
	loader  Loader
	options Options

	mu    sync.Mutex
	seq   int
	fault error
	over  bool
}

func (t *traced) Do(ctx context.Context, req Request) (Reply, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.fault != nil:
		return nil, t.fault
	case t.over:
		return nil, ErrClosed
	}
	line, err := encodeRequest(t.seq+1, specOf(ctx), req)
	if err != nil {
		return nil, err
	}
	t.seq++
	t.over = req.Op() == OpBye
	x := Exchange{Spec: specOf(ctx), Op: req.Op(), Seq: t.seq, Request: line}
	start := time.Now()
	reply, fault := t.exchange(ctx, req, &x)
	x.Duration = time.Since(start)
	if fault != nil {
		fault.Op, fault.Seq = x.Op, x.Seq
		x.Stderr, x.Fault, t.fault = fault.Stderr, fault, fault
	}
	t.options.trace(x)
	if fault != nil {
		return nil, fault
	}
	return reply, nil
}

func (t *traced) exchange(ctx context.Context, req Request, x *Exchange) (Reply, *Fault) {
	ctx, cancel := patienceOf(ctx, 0).begin(ctx, workOfOurs)
	defer cancel()
	r := t.serve(ctx, req, *x)
	if r.fault != nil {
		return nil, r.fault
	}
	x.Reply = r.line
	a := answer{reply: r.reply}
	var err error
	if a.reply != nil {
		err = checkReply(req.Op(), a.reply)
	} else {
		a, err = decodeReply(req.Op(), r.line)
	}
	if err != nil {
		return nil, faultOf(err)
	}
	x.Unknown = a.unknown
	return a.reply, checkVersion(req, a.reply)
}

// workOfOurs returns what this process did so far, and with it a loader that is linked in.
func workOfOurs() (work, error) { return workOf(os.Getpid()) }

// A result holds the answer to one request.
type result struct {
	line  []byte
	reply Reply // nil if the line is to be read
	fault *Fault
}

// serve has the loader answer, in a goroutine that may have to be left behind.
func (t *traced) serve(ctx context.Context, req Request, x Exchange) result {
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r = result{fault: &Fault{Kind: ErrDied, Detail: fmt.Sprintf("panic: %v", p),
					Stderr: last(string(debug.Stack()))}}
			}
			done <- r
		}()
		r = answerOf(ctx, t.loader, req, x)
	}()
	select {
	case r := <-done:
		return r
	case <-ctx.Done():
		return result{fault: late(ctx, "")}
	}
}

// answerOf returns what l answers to a request whose text is in x.
func answerOf(ctx context.Context, l Loader, req Request, x Exchange) (r result) {
	var err error
	if !readsBack(req, x.Request) {
		if _, r.line, err = serveOne(ctx, x.Request, l); err != nil {
			r.fault = faultOf(err)
		}
		return r
	}
	reply := cut(perform(ctx, req, l))
	if r.line, err = encodeReply(x.Seq, reply); err != nil {
		reply = &Error{Message: err.Error()}
		r.line, err = encodeReply(x.Seq, reply)
	}
	if err != nil {
		r.fault = faultOf(err)
	} else if readsBack(reply, r.line) {
		r.reply = reply
	}
	return r
}

// readsBack reports whether reading a message's text gives the message that it was written from. A
// string that was not UTF-8 has the replacement character in its text.
func readsBack(message any, text []byte) bool {
	return exact(message) && !bytes.Contains(text, []byte(`\ufffd`))
}

// Close says [Bye] and closes the loader. After a fault the loader is left alone.
func (t *traced) Close() error {
	if t.fault != nil {
		return nil // it was returned when it happened
	}
	_, err := t.Do(context.Background(), Bye{})
	if t.fault != nil {
		return err
	}
	return t.loader.Close()
}

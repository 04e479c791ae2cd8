// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Traced is a loader that is linked in, with the same exchanges as one that is a process: what goes in and comes out passes through the
// wire's text. A panic in l is [ErrDied], a request that is not done when its context is, [ErrHung]; l is left alone after either. There
// is no deadline but the context's.
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
	line, fault := t.serve(ctx, x.Request)
	if fault != nil {
		return nil, fault
	}
	x.Reply = line
	a, err := decodeReply(req.Op(), line)
	if err != nil {
		return nil, faultOf(err)
	}
	x.Unknown = a.unknown
	return a.reply, checkVersion(req, a.reply)
}

// serve has the loader answer, beside this goroutine, which may have to leave it behind.
func (t *traced) serve(ctx context.Context, line []byte) ([]byte, *Fault) {
	type result struct {
		line  []byte
		fault *Fault
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r = result{fault: &Fault{Kind: ErrDied, Detail: fmt.Sprintf("panic: %v", p), Stderr: last(string(debug.Stack()))}}
			}
			done <- r
		}()
		var err error
		if _, r.line, err = serveOne(ctx, line, t.loader); err != nil {
			r.fault = faultOf(err)
		}
	}()
	select {
	case r := <-done:
		return r.line, r.fault
	case <-ctx.Done():
		return nil, late(ctx, "")
	}
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

// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/extensions/globals"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/gomega"
)

// underGinkgo runs the ordered specs under Ginkgo.
func (r *run) underGinkgo() {
	enterGinkgo(func() {
		for _, spec := range r.specs {
			ginkgo.It(spec.ID, func(ctx ginkgo.SpecContext) { r.execute(ctx, spec) })
		}
	}, r.after)
}

// enterGinkgo runs the specs of a tree under Ginkgo, which does what it is good at (one spec after
// the other, failures with their place) and nothing else: it prints nothing, selects nothing, knows
// no deadline, and its verdict is not read.
func enterGinkgo(tree func(), after func(ginkgo.SpecReport)) {
	globals.Reset() // a second run in a process is a new tree
	gomega.RegisterFailHandler(func(message string, _ ...int) { failNow(message) })
	stdout := formatter.ColorableStdOut
	// Why Ginkgo exits, as for go test -count=2, it says on stderr.
	formatter.ColorableStdOut = io.Discard
	defer func() { formatter.ColorableStdOut = stdout }()

	// In a container that keeps their order: Ginkgo shuffles what is in none, and sorts by name
	// what is in one that does not.
	ginkgo.Describe("order", ginkgo.Ordered, ginkgo.ContinueOnFailure, tree)
	ginkgo.ReportAfterEach(after)

	config, reporting := ginkgo.GinkgoConfiguration()
	config.Timeout = 0 // the host has the last word on time
	config.RandomizeAllSpecs = false
	reporting.NoColor = true
	reporting.FdOutput = true // the least that Ginkgo can say
	ginkgo.RunSpecs(ignored{}, "loadstone", config, reporting)
}

// failNow fails the spec at its own line, the first that is not in [plumbing]. Ginkgo wants every
// function in between to say that it is a helper, which costs something each time it is called, and
// is forgotten.
func failNow(message string) {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for skip := 0; ; skip++ {
		if frame, more := frames.Next(); !more || !isPlumbing(frame) {
			ginkgo.Fail(message, skip)
		}
	}
}

// plumbing lists the packages between a spec and its failure.
var plumbing = []string{
	"github.com/loadstone-bpf/loadstone/suites/suite.",
	"github.com/loadstone-bpf/loadstone/suites/runner.",
	"github.com/onsi/gomega",
}

// isPlumbing reports whether a frame is between a spec and its failure.
func isPlumbing(frame runtime.Frame) bool {
	if strings.HasSuffix(frame.File, "_test.go") {
		return false
	}
	return slices.ContainsFunc(plumbing,
		func(p string) bool { return strings.HasPrefix(frame.Function, p) })
}

// ignored hears Ginkgo's verdict, and does nothing: the records say more.
type ignored struct{}

func (ignored) Fail() {}

// errOverdue is the cause that ends the context of a spec whose time is up.
var errOverdue = errors.New("the spec's time is up")

// execute runs a spec, from within Ginkgo. The deadline is ours and not Ginkgo's, which wants to
// know it before the order has come.
func (r *run) execute(ctx context.Context, spec Spec) {
	if r.err != nil || r.retired != "" {
		return // nothing is begun after an error, or in a guest that is not as it was
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(r.ctx, func() { cancel(context.Cause(r.ctx)) })()
	if limit := r.order.Limits.Spec; limit > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, limit, errOverdue)
		defer stop()
	}
	// A loader that is linked in shares our memory: were it collected, a descriptor that the loader
	// lost would be closed, and the leak not seen.
	r.gcPercent = debug.SetGCPercent(-1)
	x := r.begin(ctx, spec)
	x.late, r.stuck = r.await(ctx, x.perform)
}

// await runs a body and waits for it, but not longer than the grace period once ctx is done. It
// reports whether ctx was done before the body, and whether the body goes on.
func (r *run) await(ctx context.Context, body func()) (late, stuck bool) {
	done := make(chan bool, 1)
	go func() {
		defer func() { done <- ctx.Err() != nil }()
		defer ginkgo.GinkgoRecover() // a failure is a panic too
		body()
	}()
	select {
	case late = <-done:
		return late, false
	case <-ctx.Done():
	}
	grace := time.NewTimer(r.deps.grace)
	defer grace.Stop()
	select {
	case late = <-done:
		return late, false
	case <-grace.C:
		return true, true
	}
}

// after ends a spec. It runs in a report node, not a cleanup node: one node less to run, and what
// it asks for has deadlines of its own.
func (r *run) after(report ginkgo.SpecReport) {
	x := r.current
	r.current = nil
	if x == nil {
		return // not begun
	}
	x.letLook(report)
	if !r.stuck { // else the body still uses its conversations, and none can be ended
		x.leave()
	}
	debug.SetGCPercent(r.gcPercent)
	if r.ctx.Err() != nil {
		r.stop(fmt.Errorf("run ended in %s: %w", x.spec.ID, context.Cause(r.ctx)))
		return // what an interrupted spec would say is not its own
	}
	x.finish(report)
	if r.stuck {
		r.stop(fmt.Errorf("%w: %s", ErrStuck, x.spec.ID))
		return
	}
	r.lookAfter(x)
}

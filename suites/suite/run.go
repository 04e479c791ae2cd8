// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

var (
	// ErrOrder is wrapped by the error about an order that cannot be carried out.
	ErrOrder = errors.New("impossible order")

	// ErrStuck is wrapped by the error about a spec that did not end when its time was up, so that nothing can be run after it.
	ErrStuck = errors.New("spec is stuck")
)

// Deps is what a run needs of whoever starts it.
type Deps struct {
	// Driver begins a conversation with the loader under test, once per spec, and tells trace of every exchange in it.
	Driver func(ctx context.Context, trace func(loader.Exchange)) (loader.Loader, error)

	Place   Place
	Records func(record.Record) error // where records go; an error ends the run
	Log     KernelLog                 // nil where the log is somebody else's business: no [record.KernelLog] is sent

	// Kconfig looks a kconfig symbol up, written without CONFIG_; [oracle.Kconfig] where it is nil.
	Kconfig func(symbol string) (value string, known bool, err error)

	Settle time.Duration // how long the kernel may take to free what was let go; 5 s where it is 0
	Raw    io.Writer     // the stream below the records, for hidden specs that break it; may be nil

	grace time.Duration // how long a spec may take to end once its time is up; 5 s where it is 0
}

// Place is where sessions live. Work and BPFFS are paths in the driver's root; our own path of both has Root before it. A session makes a folder
// in each and leaves it, without pins: a place belongs to one run.
type Place struct {
	Root   string // the driver's root folder; "" where it is our own
	Work   string // a folder
	BPFFS  string // a folder in a bpffs
	Shared bool   // this kernel is not ours alone: see [oracle.Witness]
}

// KernelLog is the kernel's log.
type KernelLog interface {
	Mark() error              // what follows is asked for
	Since() ([]string, error) // what was logged since Mark; the lines are good even where there is an error
}

// Run carries out an order: it runs the specs that are ordered, in that order, and sends their records. The last is [record.End], which is not
// sent where Run returns an error. A spec that fails is no error; an order that cannot be carried out is, wrapping [ErrOrder], and so is a spec
// that does not end, wrapping [ErrStuck]: the records until there are good, and the process cannot be used again.
//
// Run uses Ginkgo's global state: one run at a time.
func Run(ctx context.Context, order record.Order, deps Deps) error {
	set, err := requirements.Read()
	if err != nil {
		return err
	}
	return carryOut(ctx, order, deps, registered, set)
}

func carryOut(ctx context.Context, order record.Order, deps Deps, specs []spec, set *requirements.Set) error {
	r, err := newRun(ctx, order, deps, specs, set)
	if err != nil {
		return err
	}
	r.send(record.Accepted{Specs: len(order.Specs)})
	r.underGinkgo()
	return r.conclude()
}

// conclude sends the last record, if all specs ended.
func (r *run) conclude() error {
	if r.err != nil {
		return r.err
	}
	if r.finished != len(r.order.Specs)-r.vanished {
		return fmt.Errorf("%d of %d specs ended", r.finished, len(r.order.Specs))
	}
	r.send(record.End{Specs: r.finished})
	return r.err
}

// A run is one order being carried out.
type run struct {
	ctx    context.Context
	order  record.Order
	deps   Deps
	specs  []spec
	set    *requirements.Set
	kernel loader.Kernel

	session   *Session // of the spec that runs
	sessions  int
	running   atomic.Bool // a spec's body
	gcPercent int         // outside of specs
	finished  int         // records of that name sent
	vanished  int

	sending sync.Mutex // a spec that is stuck may be sending while its end is sent
	err     error      // what ends the run; under sending
}

func newRun(ctx context.Context, order record.Order, deps Deps, specs []spec, set *requirements.Set) (*run, error) {
	r := &run{ctx: ctx, order: order, deps: deps, set: set}
	var err error
	if r.specs, err = ordered(order.Specs, specs); err != nil {
		return nil, err
	}
	if r.kernel.Release, r.kernel.Arch, err = oracle.Release(); err != nil {
		return nil, err
	}
	if r.deps.Kconfig == nil {
		r.deps.Kconfig = oracle.Kconfig
	}
	return r, nil
}

// ordered are the specs of those ids. The error joins one for each id that there is no spec of, or that is there twice.
func ordered(ids []string, all []spec) ([]spec, error) {
	var specs []spec
	var problems []error
	for i, id := range ids {
		at := slices.IndexFunc(all, func(s spec) bool { return s.id == id })
		switch {
		case at < 0:
			problems = append(problems, fmt.Errorf("%w: no spec is named %s", ErrOrder, id))
		case slices.Contains(ids[:i], id):
			problems = append(problems, fmt.Errorf("%w: spec %s is ordered twice", ErrOrder, id))
		default:
			specs = append(specs, all[at])
		}
	}
	if len(ids) == 0 {
		problems = append(problems, fmt.Errorf("%w: no specs", ErrOrder))
	}
	return specs, errors.Join(problems...)
}

// settle is how long the kernel may take to free what nobody holds any more. An emulated kernel on a busy host took more than five seconds for an
// array of programs, once in ten thousand specs; what is really held stays for good.
func (r *run) settle() time.Duration {
	if r.deps.Settle > 0 {
		return r.deps.Settle
	}
	return 15 * time.Second
}

func (r *run) grace() time.Duration {
	if r.deps.grace > 0 {
		return r.deps.grace
	}
	return 5 * time.Second
}

// send sends a record. After an error nothing more is sent, and no spec is begun.
func (r *run) send(rec record.Record) {
	r.sending.Lock()
	defer r.sending.Unlock()
	if r.err != nil {
		return
	}
	if err := r.deps.Records(rec); err != nil {
		r.err = fmt.Errorf("send record: %w", err)
	}
}

// stop ends the run with the first error.
func (r *run) stop(err error) {
	r.sending.Lock()
	defer r.sending.Unlock()
	if r.err == nil {
		r.err = err
	}
}

// farewell is how long a session may take to end: it closes, resets, waits for the kernel, and says bye.
func (r *run) farewell() time.Duration {
	return r.settle() + 3*max(r.order.Limits.Request, 10*time.Second)
}

// greet records what the loader said of itself. Its claims are in the step before.
func (r *run) greet(hello *loader.OK) {
	r.send(record.Greeting{Name: hello.Loader.Name, Version: hello.Loader.Version, Components: hello.Loader.Components})
}

// spec is the whole of one spec: what comes before its body, and the body. What comes after is [Session.finish].
func (r *run) spec(ctx context.Context, sp spec) {
	s := r.begin(ctx, sp)
	s.checkNeeds()
	if !sp.hidden {
		if err := s.converse(); err != nil {
			s.fault(err)
		}
	}
	sp.body(s)
}

func (r *run) begin(ctx context.Context, sp spec) *Session {
	r.sessions++
	s := &Session{spec: sp, run: r, ctx: loader.WithSpec(ctx, sp.id), began: time.Now()}
	s.Conversation = Conversation{session: s, number: 1}
	s.requirement, _ = r.set.ForSpec(sp.id)
	r.session = s
	r.send(record.Begin{Spec: sp.id})
	if r.deps.Log != nil {
		s.logError = r.deps.Log.Mark()
	}
	if err := s.prepare(); err != nil {
		s.broken("%v", err)
	}
	return s
}

// SPDX-License-Identifier: Apache-2.0

package mutants

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// DefaultKernel names the kernel of mutants that name none, unless the bench has another.
const DefaultKernel = "6.12"

// A Bench has specs judge mutants, in guests. Its methods are safe for concurrent use.
type Bench struct {
	// Kernel names the kernel of mutants that name none; [DefaultKernel] if empty. The host's own
	// is good for a quick look, but what a wrong loader leaves there stays, and others use it too.
	Kernel string

	root string // the module's folder
	dir  string // for drivers, images and templates

	requirements *requirements.Set
	store        *kernel.Store
	lab          *run.Lab

	mu      sync.Mutex
	kernels map[string]*prepared
}

// Open builds the guest program of the module in root. What it makes goes into dir, an empty folder
// of the caller's, which outlives the bench.
func Open(ctx context.Context, root, dir string) (*Bench, error) {
	b := &Bench{root: root, dir: dir, kernels: make(map[string]*prepared)}
	var err error
	if b.requirements, err = requirements.Read(); err != nil {
		return nil, err
	}
	if b.store, err = kernel.Open(kernel.Options{}); err != nil {
		return nil, err
	}
	guest := filepath.Join(dir, run.GuestProgram)
	if err := program(ctx, root, guest, "./cmd/loadstone-guest"); err != nil {
		return nil, err
	}
	b.lab = &run.Lab{Guest: guest, Cache: dir, Accel: machine.TCG}
	return b, nil
}

// Close releases the kernels.
func (b *Bench) Close() error {
	var errs []error
	for _, k := range b.kernels {
		errs = append(errs, k.Close())
	}
	return errors.Join(append(errs, b.lab.Close())...)
}

// A prepared kernel is made ready once for all plans, the first of which waits for it.
type prepared struct {
	run.Kernel
	once sync.Once
	err  error
}

// Prepare makes the kernel ready, the first time.
func (k *prepared) Prepare(ctx context.Context) error {
	k.once.Do(func() { k.err = k.Kernel.Prepare(ctx) })
	return k.err
}

// Close releases the kernel.
func (k *prepared) Close() error {
	if c, ok := k.Kernel.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func (b *Bench) kernel(ctx context.Context, name string) (*prepared, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k, ok := b.kernels[name]; ok {
		return k, nil
	}
	if name == run.NativeName {
		b.kernels[name] = &prepared{
			Kernel: &run.Native{Guest: b.lab.Guest, Within: record.DefaultLimits.Spec},
		}
		return b.kernels[name], nil
	}
	k, err := b.store.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	b.kernels[name] = &prepared{Kernel: b.lab.Kernel(k)}
	return b.kernels[name], nil
}

// Try returns the verdicts of specs on a mutant, in no order, each of a guest of its own.
func (b *Bench) Try(ctx context.Context, m *Mutant, specs []string) ([]verdict.Verdict, error) {
	return b.try(ctx, m, b.KernelOf(m), specs, run.BySpec)
}

// Reference returns the verdicts of specs on the reference loader as it is, built and started as
// mutants are, on a kernel.
func (b *Bench) Reference(
	ctx context.Context, kernel string, specs []string,
) ([]verdict.Verdict, error) {
	return b.try(ctx, nil, kernel, specs, run.Auto)
}

// KernelOf returns the name of the kernel that a mutant is tried on.
func (b *Bench) KernelOf(m *Mutant) string {
	return cmp.Or(m.Kernel, b.Kernel, DefaultKernel)
}

func (b *Bench) try(
	ctx context.Context, m *Mutant, kernel string, specs []string, isolation run.Isolation,
) ([]verdict.Verdict, error) {
	version := "unchanged"
	if m != nil {
		version = m.Name
	}
	return b.carryOut(ctx, kernel, specs, isolation, "reference", version,
		func(dir string) error { return driver(ctx, b.root, dir, m) }, nil)
}

// Idle returns the verdicts of specs on the loader that does nothing, in each of these ways; see
// package idle. All specs of a suite share a guest: what does nothing leaves nothing.
func (b *Bench) Idle(
	ctx context.Context, kernel string, specs, ways []string,
) ([]verdict.Verdict, error) {
	return b.carryOut(ctx, kernel, specs, run.BySuite, "idle", "",
		func(dir string) error { return idleDriver(ctx, b.root, dir) }, ways)
}

// plainIdle and otherIdle list values of the variable IDLE: it made nothing; it made something that
// is not there, and it refuses everything.
var (
	plainIdle = []string{"0"}
	otherIdle = []string{"2147483647", "refuse"}
)

// carryOut has a driver that build makes in a folder judged by specs, as a version of the loader
// that it greets as; once for each value of the variable IDLE, if there are any.
func (b *Bench) carryOut(
	ctx context.Context, kernel string, specs []string, isolation run.Isolation,
	name, version string, build func(dir string) error, ways []string,
) ([]verdict.Verdict, error) {
	dir, err := os.MkdirTemp(b.dir, cmp.Or(version, name)+"-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	k, err := b.kernel(ctx, kernel)
	if err != nil {
		return nil, err
	}
	if err := build(dir); err != nil {
		return nil, err
	}
	l, err := bundled(ctx, dir, name, version)
	if err != nil {
		return nil, err
	}
	plan := run.Plan{
		ID: cmp.Or(version, name), Kernels: []run.Kernel{k}, Loaders: []run.Loader{l}, Isolation: isolation,
		Seed: 1, Jobs: 1, Limits: record.DefaultLimits, Requirements: b.requirements,
	}
	if len(ways) > 0 {
		plan.Loaders, plan.Jobs = nil, runtime.NumCPU()
	}
	for _, way := range ways {
		one := l
		one.Version, one.Env = way, append(slices.Clone(l.Env), "IDLE="+way)
		plan.Loaders = append(plan.Loaders, one)
	}
	for _, id := range specs {
		suite, _, _ := strings.Cut(id, ".")
		plan.Specs = append(plan.Specs, record.Spec{ID: id, Suite: suite})
	}
	seen := new(list)
	if err := plan.Do(ctx, seen, seen); err != nil {
		return nil, fmt.Errorf("%s: %w", cmp.Or(version, name), err)
	}
	return seen.verdicts, seen.unready
}

// list keeps what a run says.
type list struct {
	verdicts []verdict.Verdict
	unready  error // why the kernel could not be made ready
}

func (l *list) Write(v verdict.Verdict) error {
	l.verdicts = append(l.verdicts, v)
	return nil
}

func (*list) Preparing(string)                {}
func (*list) Began(run.Turn)                  {}
func (*list) Again(verdict.Cell, record.Spec) {}
func (*list) Verdict(verdict.Verdict)         {}

func (l *list) Prepared(_ string, _ time.Duration, err error) { l.unready = err }

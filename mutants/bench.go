// SPDX-License-Identifier: Apache-2.0

package mutants

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// DefaultKernel names the kernel of mutants that name none.
const DefaultKernel = "6.12"

// A Bench has specs judge mutants, in guests. Its methods are safe for concurrent use.
type Bench struct {
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
	*run.Virtual
	once sync.Once
	err  error
}

// Prepare makes the kernel ready, the first time.
func (k *prepared) Prepare(ctx context.Context) error {
	k.once.Do(func() { k.err = k.Virtual.Prepare(ctx) })
	return k.err
}

func (b *Bench) kernel(ctx context.Context, name string) (*prepared, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k, ok := b.kernels[name]; ok {
		return k, nil
	}
	k, err := b.store.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	b.kernels[name] = &prepared{Virtual: b.lab.Kernel(k)}
	return b.kernels[name], nil
}

// Try returns the verdicts of specs on a mutant, in no order, each of a guest of its own.
func (b *Bench) Try(ctx context.Context, m *Mutant, specs []string) ([]verdict.Verdict, error) {
	return b.try(ctx, m, m.kernel(), specs, run.BySpec)
}

// Reference returns the verdicts of specs on the reference loader as it is, built and started as
// mutants are, on a kernel.
func (b *Bench) Reference(
	ctx context.Context, kernel string, specs []string,
) ([]verdict.Verdict, error) {
	return b.try(ctx, nil, kernel, specs, run.Auto)
}

// kernel returns the name of the kernel that a mutant is tried on.
func (m *Mutant) kernel() string {
	if m.Kernel != "" {
		return m.Kernel
	}
	return DefaultKernel
}

func (b *Bench) try(
	ctx context.Context, m *Mutant, kernel string, specs []string, isolation run.Isolation,
) ([]verdict.Verdict, error) {
	name := "reference"
	if m != nil {
		name = m.Name
	}
	dir, err := os.MkdirTemp(b.dir, name+"-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	k, err := b.kernel(ctx, kernel)
	if err != nil {
		return nil, err
	}
	if err := driver(ctx, b.root, dir, m); err != nil {
		return nil, err
	}
	l, err := bundled(ctx, dir, name)
	if err != nil {
		return nil, err
	}
	plan := run.Plan{
		ID: name, Kernels: []run.Kernel{k}, Loaders: []run.Loader{l}, Isolation: isolation,
		Seed: 1, Jobs: 1, Limits: record.DefaultLimits, Requirements: b.requirements,
	}
	for _, id := range specs {
		suite, _, _ := strings.Cut(id, ".")
		plan.Specs = append(plan.Specs, record.Spec{ID: id, Suite: suite})
	}
	seen := new(list)
	if err := plan.Do(ctx, seen, seen); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
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

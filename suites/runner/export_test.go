// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

// The tests of what a run does write their specs in the words of package suite, which imports this
// package, so they are outside of it.

const (
	MaxLog    = maxLog
	DetailLen = detailLen
	MaxFiles  = maxFiles
)

func CarryOut(
	ctx context.Context, o record.Order, d Deps, specs []Spec, set *requirements.Set,
) error {
	return carryOut(ctx, o, d, specs, set)
}

func ServeSpecs(
	ctx context.Context, next func() (record.Order, Deps, error), done func(error), specs []Spec,
	set *requirements.Set,
) error {
	return serve(ctx, next, done, specs, set)
}

func Ordered(ids []string, specs []Spec) ([]Spec, error) { return ordered(ids, specs) }

// SetGrace changes how long a spec may take to end once its time is up.
func (d *Deps) SetGrace(grace time.Duration) { d.grace = grace }

// Context returns the spec's own, which is done when its time is up.
func (x *Execution) Context() context.Context { return x.ctx }

// Vanish ends the spec without its last records.
func (x *Execution) Vanish() { x.vanish() }

// Registering returns what register registers, and registers nothing.
func Registering(register func()) []Spec {
	before := registered
	registered = nil
	defer func() { registered = before }()
	register()
	return registered
}

// WithRegistered has do done as if specs were all that is registered.
func WithRegistered(specs []Spec, do func()) {
	before := registered
	registered = specs
	defer func() { registered = before }()
	do()
}

// RequirementsOf reads requirements of the tests' own.
func RequirementsOf(t *testing.T, yaml string) *requirements.Set {
	t.Helper()
	set, err := requirements.Parse(fstest.MapFS{"fake.yaml": {Data: []byte(yaml)}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

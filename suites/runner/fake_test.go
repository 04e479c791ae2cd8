// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/suites/runner"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A fakeObject tells [fakeLoader] by its name what to do.
type fakeObject string

func (o fakeObject) Name() string { return string(o) }
func (o fakeObject) ELF() []byte  { return []byte(o) }

// The objects that fakeLoader knows.
const (
	good    fakeObject = "good"    // a map m and nothing wrong
	bad     fakeObject = "bad"     // rejected at open: an unknown field
	lacking fakeObject = "lacking" // unsupported
	atLoad  fakeObject = "at-load" // rejected at load
)

// A fakeLoader makes one array for each object, and does one thing wrong.
type fakeLoader struct {
	features map[loader.Feature]loader.Claim
	// wrong returns nil and nil where nothing is wrong with a request.
	wrong   func(f *fakeLoader, req loader.Request) (loader.Reply, error)
	objects map[string]string    // session to object
	maps    map[string]*ebpf.Map // session to map
}

func newFake(wrong func(*fakeLoader, loader.Request) (loader.Reply, error)) *fakeLoader {
	return &fakeLoader{
		features: map[loader.Feature]loader.Claim{loader.BTFMaps: {Support: loader.Yes}},
		wrong:    wrong,
		objects:  map[string]string{},
		maps:     map[string]*ebpf.Map{},
	}
}

func (f *fakeLoader) Do(_ context.Context, req loader.Request) (loader.Reply, error) {
	if f.wrong != nil {
		if reply, err := f.wrong(f, req); reply != nil || err != nil {
			return reply, err
		}
	}
	switch r := req.(type) {
	case loader.Hello:
		return &loader.OK{
			Protocol: 1, Loader: &loader.Identity{Name: "fake", Version: "1"}, Features: f.features,
		}, nil
	case loader.Open:
		return f.open(r), nil
	case loader.Load:
		return f.load(r)
	case loader.Close:
		f.close(r.Session)
	case loader.Reset:
		for session := range f.maps {
			f.close(session)
		}
	}
	return &loader.OK{}, nil
}

func (f *fakeLoader) open(r loader.Open) loader.Reply {
	switch {
	case strings.HasSuffix(r.Object, "/bad.bpf.o"):
		return &loader.Rejected{
			Stage: loader.AtOpen, Class: loader.UnknownMapField, Errno: 95,
			Message: "what is this?",
		}
	case strings.HasSuffix(r.Object, "/lacking.bpf.o"):
		return &loader.Unsupported{Feature: loader.BTFMaps, Reason: "not yet"}
	}
	f.objects[r.Session] = r.Object
	return &loader.OK{Maps: []loader.MapView{{Name: "m"}}}
}

func (f *fakeLoader) load(r loader.Load) (loader.Reply, error) {
	if strings.HasSuffix(f.objects[r.Session], "/at-load.bpf.o") {
		return &loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid, Errno: 22}, nil
	}
	m, err := ebpf.NewMap(&ebpf.MapSpec{
		Name: "m", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1,
	})
	if err != nil {
		return nil, err
	}
	f.maps[r.Session] = m
	return &loader.OK{Maps: []loader.MapView{{Name: "m", ID: idOf(m)}}}, nil
}

func (f *fakeLoader) close(session string) {
	if m := f.maps[session]; m != nil {
		m.Close()
		delete(f.maps, session)
	}
}

func (f *fakeLoader) Close() error { return nil }

func idOf(m *ebpf.Map) uint32 {
	info, err := m.Info()
	if err != nil {
		panic(err)
	}
	id, _ := info.ID()
	return uint32(id)
}

// theRequirements holds those of the test specs.
const theRequirements = `
- {id: fake.first, must: A loader does it., profiles: [btf-maps], sources: [{kind: ours, reason: A test.}]}
- {id: fake.legacy, must: A loader does it., profiles: [legacy-maps], sources: [{kind: ours, reason: A test.}]}
- {id: fake.new, must: A loader does it., profiles: [btf-maps], sources: [{kind: ours, reason: A test.}], needs: {kernel: "99.0"}}
- {id: fake.rights, must: A loader does it., profiles: [btf-maps], sources: [{kind: ours, reason: A test.}], surroundings: {user: 65534, caps: [bpf]}, variants: {usual: {surroundings: {}}}}
- {id: fake.second, must: A loader does it., profiles: [btf-maps], sources: [{kind: ours, reason: A test.}]}
`

// A spec belongs to the tests.
type spec struct {
	id     string
	body   func(*Session)
	below  func(*runner.Execution) // the body, where it needs what the words do not give
	place  string                  // "" for that of the registration
	hidden bool
}

// registered returns specs as they would be registered.
func registered(specs []spec) []runner.Spec {
	var all []runner.Spec
	for _, s := range specs {
		register := It
		if s.hidden {
			register = Hidden
		}
		r := runner.Registering(func() { register(s.id, s.body) })[0]
		if s.below != nil {
			r.Body = s.below
		}
		if s.place != "" {
			r.Place = s.place
		}
		all = append(all, r)
	}
	return all
}

// ran holds what a run of test specs left.
type ran struct {
	records []record.Record
	err     error
}

// carry runs specs, in their order, with the loader.
func carry(t *testing.T, l loader.Loader, specs ...spec) ran {
	t.Helper()
	return carryWith(t, t.Context(), l, func(*record.Order, *runner.Deps) {}, specs...)
}

func carryWith(
	t *testing.T, ctx context.Context, l loader.Loader, change func(*record.Order, *runner.Deps),
	specs ...spec,
) ran {
	t.Helper()
	var r ran
	order, deps := fakeOrder(t, l, &r, specs...)
	change(&order, &deps)
	r.err = runner.CarryOut(ctx, order, deps, registered(specs),
		runner.RequirementsOf(t, theRequirements))
	return r
}

// fakeOrder returns an order to run specs with the loader, and what that needs. Records go to r.
func fakeOrder(t *testing.T, l loader.Loader, r *ran, specs ...spec) (record.Order, runner.Deps) {
	t.Helper()
	deps := runner.Deps{
		Driver: func(
			_ context.Context, _ requirements.Surroundings, trace func(loader.Exchange),
		) (loader.Loader, error) {
			return loader.Traced(l, trace), nil
		},
		Folders: runner.Folders{Root: t.TempDir(), Work: "/work", BPFFS: "/bpf"},
		Shared:  true, Transcripts: true,
		Records: func(rec record.Record) error { r.records = append(r.records, rec); return nil },
		Settle:  200 * time.Millisecond,
	}
	order := record.Order{Limits: record.Limits{Request: 10 * time.Second, Spec: 30 * time.Second}}
	for _, s := range specs {
		order.Specs = append(order.Specs, s.id)
	}
	return order, deps
}

// finishes returns the last records of the specs that have one.
func (r ran) finishes() map[string]record.Finish {
	all := map[string]record.Finish{}
	for _, rec := range r.records {
		if f, ok := rec.(record.Finish); ok {
			all[f.Spec] = f
		}
	}
	return all
}

// ended reports whether the run said that it ended.
func (r ran) ended() bool {
	if len(r.records) == 0 {
		return false
	}
	_, ok := r.records[len(r.records)-1].(record.End)
	return ok
}

// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/drivers/faults"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// The tests of this file have real guests go wrong. They need QEMU and a kernel, which is fetched
// if it is not in the cache; they are not skipped where those are missing: they fail.
var testKernel = flag.String("kernel", "6.12",
	"kernel of the tests with guests: a series or a path")

var testDir string // of the guest program, images and templates; TestMain removes it

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "run-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		testDir = dir
		defer os.RemoveAll(dir)
		return m.Run()
	}())
}

// buildGuest makes the guest program, once.
var buildGuest = sync.OnceValues(func() (string, error) {
	program := filepath.Join(testDir, GuestProgram)
	build := exec.Command("go", "build", "-o", program,
		"github.com/loadstone-bpf/loadstone/cmd/loadstone-guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the guest program: %w: %s", err, output)
	}
	return program, nil
})

// testVirtual returns the kernel of these tests, with the guest program, impatient.
func testVirtual(t *testing.T) *Virtual {
	t.Helper()
	guest, err := buildGuest()
	if err != nil {
		t.Fatal(err)
	}
	store, err := kernel.Open(kernel.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k, err := store.Get(t.Context(), *testKernel)
	if err != nil {
		t.Fatal(err)
	}
	lab := &Lab{
		Guest: guest, Cache: testDir, Accel: machine.TCG,
		Deadlines: machine.Deadlines{Silence: 10 * time.Second}, // four times that under TCG
	}
	v := lab.Kernel(k)
	t.Cleanup(func() {
		if err := errors.Join(v.Close(), lab.Close()); err != nil {
			t.Error(err)
		}
	})
	return v
}

// faultPlan runs specs of the suite that breaks its machine with a loader that none of them uses.
func faultPlan(t *testing.T, k Kernel, isolation Isolation, ids ...string) Plan {
	t.Helper()
	set, err := requirements.Read()
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{
		ID: "test", Kernels: []Kernel{k}, Isolation: isolation, Jobs: 2, Requirements: set,
		Limits:  record.Limits{Request: 5 * time.Second, Spec: 2 * time.Minute},
		Loaders: []Loader{{Name: "reference", Version: "0.1", Builtin: "reference"}},
	}
	for _, id := range ids {
		p.Specs = append(p.Specs, record.Spec{ID: id, Suite: "faults"})
	}
	return p
}

// collector keeps verdicts.
type collector struct {
	t     *testing.T
	kinds map[string]verdict.Kind
	all   []verdict.Verdict
}

func (c *collector) Write(v verdict.Verdict) error {
	if c.kinds == nil {
		c.kinds = make(map[string]verdict.Kind)
	}
	if was, twice := c.kinds[v.Spec]; twice {
		c.t.Errorf("a second verdict on %s: %s after %s", v.Spec, v.Kind, was)
	}
	c.kinds[v.Spec] = v.Kind
	c.all = append(c.all, v)
	return nil
}

func (c *collector) Preparing(string) {}

func (c *collector) Began(Turn) {}

func (c *collector) Again(verdict.Cell, record.Spec) {}

func (c *collector) Prepared(kernel string, _ time.Duration, err error) {
	if err != nil {
		c.t.Errorf("%s cannot be made ready: %v", kernel, err)
	}
}

func (c *collector) Verdict(v verdict.Verdict) {
	c.t.Logf("%-8s %s: %s", v.Kind, v.Spec, v.Reason)
}

// guestFaults holds each fault of a guest, and the verdict on the spec that was in flight.
var guestFaults = []struct {
	spec   string
	kind   verdict.Kind
	reason string // regular expression for a part of it
}{
	{"faults.pass", verdict.Pass, ""},
	{"faults.fail", verdict.Fail, ""},
	{"faults.panic-in-spec", verdict.Broken, "a bug of the spec"},
	{"faults.panic", verdict.Crash, "sysrq triggered crash"},
	{"faults.reset", verdict.Crash, "reset"},
	{"faults.oops", verdict.Crash, "NULL pointer dereference"},
	{"faults.hang-kernel", verdict.Crash, "hang|hung"}, // on a slow host the kernel sees it first
	{"faults.hang-user", verdict.Broken, "hang"},
	{"faults.out-of-memory", verdict.Crash, "Out of memory"},
	{"faults.exit", verdict.Crash, "Attempted to kill init"},
	{"faults.no-end", verdict.Broken, "without saying that it was done"},
	{"faults.power-off", verdict.Missing, "without saying that it was done"},
	{"faults.silent", verdict.Missing, "no record"},
	{"faults.large-record", verdict.Broken, "too large"},
	{"faults.garbage", verdict.Broken, "garbage"},
	{"faults.half-record", verdict.Broken, "half a record"},
	{"faults.splat", verdict.Fail, "kernel splat: WARNING"},
	{"faults.forged-splat", verdict.Pass, ""},
	{"faults.taint", verdict.Fail, "the kernel is tainted: U .bit 6."},
	{"faults.log-overrun", verdict.Broken, "kernel log"},
}

func TestEveryFaultOfAGuestEndsAsItsVerdict(t *testing.T) {
	var ids []string
	want := make(map[string]verdict.Kind)
	for _, f := range guestFaults {
		ids = append(ids, f.spec)
		want[f.spec] = f.kind
	}
	c := &collector{t: t}
	if err := faultPlan(t, testVirtual(t), BySpec, ids...).Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, c.kinds); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	for _, v := range c.all {
		for _, f := range guestFaults {
			if f.spec == v.Spec && !regexp.MustCompile("(?i)"+f.reason).MatchString(v.Reason) {
				t.Errorf("%s: reason %q, want %q in it", v.Spec, v.Reason, f.reason)
			}
		}
	}
}

// A guest that several specs share dies with one of them: those before it keep their verdicts,
// those after it get a guest of their own.
func TestAFaultCostsOneSpecOfASharedGuest(t *testing.T) {
	p := faultPlan(t, testVirtual(t), ByCell, "faults.pass", "faults.panic", "faults.fail",
		"faults.exit", "faults.panic-in-spec")
	c := &collector{t: t}
	if err := p.Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	want := map[string]verdict.Kind{
		"faults.pass": verdict.Pass, "faults.panic": verdict.Crash, "faults.fail": verdict.Fail,
		"faults.exit": verdict.Crash, "faults.panic-in-spec": verdict.Broken,
	}
	if diff := cmp.Diff(want, c.kinds); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// The host's own kernel takes a driver's bundle as a clone does.
func TestNativeRunOfALinkedInLoaderAndOfAProcess(t *testing.T) {
	guest, err := buildGuest()
	if err != nil {
		t.Fatal(err)
	}
	brought := faultyBundle(t)
	p := faultPlan(t, &Native{Guest: guest, Within: time.Minute}, ByCell, "faults.pass",
		"mapdefs.use.program-sees-map")
	p.Loaders = append(p.Loaders, Loader{
		Name: "process", Version: "1.0", Payload: brought.Payload, Command: brought.Command,
		Env: []string{faults.EnvFault + "=none", faults.EnvName + "=process"},
	})
	var kinds []verdict.Kind
	sink := sinkFunc(func(v verdict.Verdict) error {
		kinds = append(kinds, v.Kind)
		t.Logf("%s %s: %s %s", v.LoaderName(), v.Spec, v.Kind, v.Reason)
		return nil
	})
	if err := p.Do(t.Context(), sink, &notes{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]verdict.Kind{verdict.Pass, verdict.Pass, verdict.Pass, verdict.Pass},
		kinds); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func TestInterruptedRunWritesNoVerdictOnWhatItCutOff(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupt := errors.New("interrupted by the test")
	c := &collector{t: t}
	stopAfterFirst := observerFunc(func(verdict.Verdict) { cancel(interrupt) })
	p := faultPlan(t, testVirtual(t), BySpec, "faults.pass", "faults.hang-user", "faults.fail")
	p.Jobs = 1
	if err := p.Do(ctx, c, stopAfterFirst); !errors.Is(err, interrupt) {
		t.Errorf("ended with %v, want %v", err, interrupt)
	}
	if diff := cmp.Diff(map[string]verdict.Kind{"faults.pass": verdict.Pass}, c.kinds); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// observerFunc makes an Observer of a function that is told of verdicts only.
type observerFunc func(verdict.Verdict)

func (observerFunc) Preparing(string)                      {}
func (observerFunc) Prepared(string, time.Duration, error) {}
func (observerFunc) Began(Turn)                            {}
func (observerFunc) Again(verdict.Cell, record.Spec)       {}
func (f observerFunc) Verdict(v verdict.Verdict)           { f(v) }

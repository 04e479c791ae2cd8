// SPDX-License-Identifier: Apache-2.0

package run

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/drivers/faults"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// harmless lists the faults that are none of the loader's business: the spec passes all the same.
var harmless = map[string]bool{"none": true, "orphan": true, "chatty": true}

// died lists the faults after which the loader itself is to blame: it was given an object, and is
// gone.
var died = map[string]bool{
	"die": true, "exit": true, "exit-half-line": true, "exit-orphan": true, "mute": true,
}

// lied lists the faults that only the kernel can tell.
var lied = map[string]bool{"false-ids": true, "leak": true}

func TestEveryFaultOfADriverCostsOneSpec(t *testing.T) {
	const victim, bystander = "mapdefs.use.program-sees-map", "mapdefs.use.program-sees-map/hash"
	brought := faultyBundle(t)
	p := faultPlan(t, testVirtual(t), ByCell, victim, bystander)
	p.Limits.Request = 10 * time.Second
	p.Loaders = nil
	for _, f := range faults.All {
		p.Loaders = append(p.Loaders, Loader{
			Name: f.Name, Version: "1.0", Payload: brought.Payload, Command: brought.Command,
			Env: []string{
				"GOGC=off", faults.EnvFault + "=" + f.Name, faults.EnvSpec + "=" + victim,
				faults.EnvName + "=" + f.Name,
			},
		})
	}
	sink := sinkFunc(func(v verdict.Verdict) error {
		t.Logf("%-7s %-16s %s: %s", v.Kind, v.Loader, v.Spec, v.Reason)
		want := []verdict.Kind{verdict.Broken}
		switch {
		case v.Spec == bystander || harmless[v.Loader]:
			want = []verdict.Kind{verdict.Pass}
		case died[v.Loader] || lied[v.Loader]:
			want = []verdict.Kind{verdict.Fail}
		}
		if v.Kind != want[0] {
			t.Errorf("%s: %s is %s (%s), want %s", v.Loader, v.Spec, v.Kind, v.Reason, want[0])
		}
		if !harmless[v.Loader] && v.Spec == victim && len(v.Conversation) == 0 {
			t.Errorf("%s: no conversation", v.Loader)
		}
		return nil
	})
	verdicts := 0
	if err := p.Do(t.Context(), sink,
		&notes{verdict: func(verdict.Verdict) { verdicts++ }}); err != nil {
		t.Fatal(err)
	}
	if want := 2 * len(faults.All); verdicts != want {
		t.Errorf("%d verdicts, want %d", verdicts, want)
	}
}

// faultyBundle returns the root of the driver that breaks the protocol.
func faultyBundle(t *testing.T) *bundle.Bundle {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "driver"),
		"github.com/loadstone-bpf/loadstone/drivers/faults/driver")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the driver: %v: %s", err, output)
	}
	b, err := bundle.Build(t.Context(), bundle.Options{
		Manifest: &loader.Manifest{
			Name: "faulty", Versions: map[string]loader.Suite{"1.0": loader.Local},
			Speaks: loader.NDJSON, Command: []string{"./driver"}, Dir: dir,
		},
		Cache: t.TempDir(), Offline: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A kernel that works for long is no fault of the driver that waits for it.
func TestADriverIsNotHeldToWhatItsKernelTakes(t *testing.T) {
	const spec = "mapdefs.use.program-sees-map"
	brought := faultyBundle(t)
	p := faultPlan(t, testVirtual(t), BySpec, spec)
	p.Loaders = []Loader{{
		Name: faults.Slow.Name, Version: "1.0", Payload: brought.Payload, Command: brought.Command,
		Env: []string{
			"GOGC=off", faults.EnvFault + "=" + faults.Slow.Name,
			faults.EnvName + "=" + faults.Slow.Name,
			// half of it more than a request's limit, and within the patience of the suite
			faults.EnvFor + "=" + (p.Limits.Request * 3 / 2).String(),
		},
	}}
	sink := sinkFunc(func(v verdict.Verdict) error {
		if v.Kind != verdict.Pass {
			t.Errorf("%s: %s\n%v", v.Kind, v.Reason, v.Conversation)
		}
		return nil
	})
	if err := p.Do(t.Context(), sink, &notes{}); err != nil {
		t.Fatal(err)
	}
}

// SPDX-License-Identifier: Apache-2.0

// Command loadstone runs conformance suites against BPF loaders, on real kernels in virtual
// machines.
//
// Read main.go, root.go and signal.go (from arguments to an exit code), run.go (the main job, in
// order), with catalogue.go (which specs), bring.go (which loaders) and lab.go (where virtual
// machines come from); then the other commands: check.go and narrow.go (a user's own objects),
// exec.go and baggage.go (a user's own program), list.go, report.go and history.go, kernels.go,
// loaders.go with talk.go (a look at a driver), loaders_check.go, converse.go and trial.go (proving
// it), shell.go, link.go, metadata.go (what programs say of themselves), ops.go with ops_list.go,
// ops_show.go, ops_insert.go and ops_remove.go (structures in the kernel), chain.go with
// chain_list.go, chain_add.go and chain_remove.go (XDP programs on interfaces), btf.go with
// btf_show.go, btf_explain.go, btf_stitch.go and btf_min.go (types, and relocations to them),
// version.go; screen.go, notice.go, json.go and completion.go are for all of them.
//
// What a run needs as a gate: require.go (features that no kernel may lack), expect.go (known
// failures), folder.go and resume.go (runs that are killed), shards.go (a run on several
// machines), github.go (a job there), baseline.go and compare.go (what changed), verify.go
// (whether it is always the same), bisect.go (since when), bundles.go and repro.go with look.go
// (failures that are kept, and run again), claim.go with claim_make.go and claim_verify.go (what
// a release says of itself).
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

func main() {
	var name string
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	os.Exit(exitCode(newRootCommandFor(name).ExecuteContext(newUntilSignal())))
}

// exitCode prints err, where there is something to print, and returns the code to end with: one of
// those of package verdict.
func exitCode(err error) int {
	if err == nil {
		return verdict.ExitClean
	}
	var quiet quietError
	if !errors.As(err, &quiet) {
		fmt.Fprintf(os.Stderr, "loadstone: %v\n", err)
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	for _, usage := range usageErrors {
		if errors.Is(err, usage) {
			return verdict.ExitUsage
		}
	}
	return verdict.ExitHarness
}

// usageErrors lists the user's mistakes that other packages find.
var usageErrors = []error{kernel.ErrUsage, bundle.ErrUsage, machine.ErrConfig}

// A usageError reports the user's mistake.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }
func (e usageError) ExitCode() int { return verdict.ExitUsage }

// A quietError ends the command with a code, after it has said everything there is to say.
type quietError struct{ code int }

func (e quietError) Error() string { return fmt.Sprintf("exit %d", e.code) }
func (e quietError) ExitCode() int { return e.code }

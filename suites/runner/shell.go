// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"slices"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/loadstone-bpf/loadstone/record"
)

// letLook gives a spec that did not pass to a person: what the loader made is still there, and so
// is its process.
func (x *Execution) letLook(report ginkgo.SpecReport) {
	failed := report.State.Is(types.SpecStateFailed|types.SpecStatePanicked) || x.late ||
		x.early().outcome == record.Broken
	if failed {
		x.shell()
	}
}

// letLookAtLeft does what letLook does for a spec that went well up to its end, and left something
// in the kernel: the loader was reset, pins are gone, and its process is still there.
func (x *Execution) letLookAtLeft() {
	if len(x.left) > 0 {
		x.shell()
	}
}

func (x *Execution) shell() {
	if x.run.deps.Shell == nil || x.looked {
		return
	}
	x.looked = true
	said := record.Shell{Spec: x.spec.ID}
	begins := said
	begins.Begins = true
	x.run.send(begins)
	said.Ended = x.run.deps.Shell(func(stdout, stderr []byte) {
		x.run.send(record.Shell{
			Spec: x.spec.ID, Stdout: slices.Clone(stdout), Stderr: slices.Clone(stderr),
		})
	})
	x.run.send(said)
}

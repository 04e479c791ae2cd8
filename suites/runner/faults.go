// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"io"
	"os"

	"github.com/loadstone-bpf/loadstone/record"
)

// Faults break the harness, for its own tests.
type Faults struct{ exec *Execution }

// Faults gives a hidden spec, in a test VM, what no other spec may touch. Anywhere else it ends the
// spec as broken.
func (x *Execution) Faults() Faults {
	switch {
	case !x.spec.Hidden:
		x.Broken("only a hidden spec may cause faults")
	case x.run.deps.Shared || os.Getpid() != 1:
		x.Broken("this machine is not ours to break")
	}
	return Faults{exec: x}
}

// Raw returns the stream that records go out on, below their framing. It is nil where there is
// none.
func (f Faults) Raw() io.Writer { return f.exec.run.deps.Raw }

// Vanish ends the spec without its last records, as a guest would that forgot it.
func (f Faults) Vanish() { f.exec.vanish() }

// Send sends a record that the spec made itself.
func (f Faults) Send(r record.Record) { f.exec.run.send(r) }

func (x *Execution) vanish() { x.end(ending{outcome: vanished}) }

// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A Kernel boots guests.
type Kernel interface {
	// Name returns the user's name of it: a series, a path, "native".
	Name() string

	// About returns what the run file says of it.
	About() verdict.Kernel

	// Own reports whether each guest has a kernel to itself: one that was clean at first, and in
	// which whatever is not as it was came from its specs.
	Own() bool

	// Prepare makes what all guests share. It is called before the first Run, and again where it
	// failed as the kernel died.
	Prepare(ctx context.Context) error

	// Run has one guest carry out an order, and passes each line that the guest writes to hear as
	// it comes, until the guest is gone. It is safe for concurrent use.
	Run(ctx context.Context, order record.Order, payload Payload,
		hear func(verdict.Heard)) verdict.Ending
}

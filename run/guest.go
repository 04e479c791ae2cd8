// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A Kernel is a kernel that guests can be had of.
type Kernel interface {
	// Name is how the user named it: a series, a path, "native".
	Name() string

	// About is what the run file says of it.
	About() verdict.Kernel

	// Prepare makes whatever all guests have in common. It is called once, before the first Run.
	Prepare(ctx context.Context) error

	// Run has one guest carry out an order and hands on each line that it says, as it says it, until it is gone. It is safe for
	// concurrent use.
	Run(ctx context.Context, order record.Order, payload string, hear func(verdict.Heard)) verdict.Ending
}

// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"path"

	"github.com/loadstone-bpf/loadstone/record"
)

// WarmUp carries out an order and drops its records. What a process and its kernel do for the first
// time only (fault pages in, parse vmlinux's BTF, set up what is set up late) is done then, and a
// clone of a warm machine starts with it. Its specs have other folders than those of a later run.
// The error is that of [Run].
func WarmUp(ctx context.Context, order record.Order, deps Deps) error {
	deps.Records = func(record.Record) error { return nil }
	deps.Folders.Work, deps.Folders.BPFFS = path.Join(deps.Folders.Work, "warm"), path.Join(deps.Folders.BPFFS, "warm")
	return Run(ctx, order, deps)
}

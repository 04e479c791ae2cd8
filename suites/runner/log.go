// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"errors"
	"fmt"

	"github.com/loadstone-bpf/loadstone/record"
)

// maxLog bounds how much of the kernel's log a record holds, in bytes; as JSON it may be six times
// that.
const maxLog = 128 << 10

// markLog has what the kernel logged so far be forgotten, and its taint be known.
func (r *run) markLog() error {
	err := r.deps.Log.Mark()
	taint, taintErr := r.deps.Taint()
	r.taint = taint
	return errors.Join(err, taintErr)
}

// logSince makes the record of what the kernel logged, and how it was tainted, since it was asked
// last. unmarked says why its log could not be marked when a spec began.
func (r *run) logSince(spec string, unmarked error) record.KernelLog {
	lines, err := r.deps.Log.Since()
	kept, size := 0, 0
	for ; kept < len(lines) && size+len(lines[kept]) <= maxLog; kept++ {
		size += len(lines[kept])
	}
	if kept < len(lines) { // not read whole, then: what is left out may be what matters
		err = errors.Join(err,
			fmt.Errorf("%d lines of %d are too many for a record", len(lines)-kept, len(lines)))
	}
	rec := record.KernelLog{Spec: spec, Lines: lines[:kept]}
	taint, taintErr := r.deps.Taint()
	if taintErr == nil {
		rec.Tainted, r.taint = taint&^r.taint, taint
	}
	if err = errors.Join(unmarked, err, taintErr); err != nil {
		rec.Error = err.Error()
	}
	return rec
}

// late returns what the kernel logged after the log of the last spec was read. A guest that is
// watched says it in its states.
func (r *run) late() record.Late {
	if r.order.Watch {
		return record.Late{}
	}
	return r.lateLog()
}

// lateLog reads the log of the kernel once more.
func (r *run) lateLog() record.Late {
	if r.deps.Log == nil {
		return record.Late{}
	}
	log := r.logSince("", nil)
	return record.Late{Lines: log.Lines, Tainted: log.Tainted, Error: log.Error}
}

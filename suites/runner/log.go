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

// logSince makes the record of what the kernel logged since a spec began. unmarked says why its log
// could not be marked then.
func logSince(log KernelLog, spec string, unmarked error) record.KernelLog {
	lines, err := log.Since()
	kept, size := 0, 0
	for ; kept < len(lines) && size+len(lines[kept]) <= maxLog; kept++ {
		size += len(lines[kept])
	}
	if kept < len(lines) { // not read whole, then: what is left out may be what matters
		err = errors.Join(err,
			fmt.Errorf("%d lines of %d are too many for a record", len(lines)-kept, len(lines)))
	}
	rec := record.KernelLog{Spec: spec, Lines: lines[:kept]}
	if err = errors.Join(unmarked, err); err != nil {
		rec.Error = err.Error()
	}
	return rec
}

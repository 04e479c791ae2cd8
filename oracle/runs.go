// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"io"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// CountRuns has the kernel count how often it calls programs, until what it returns is closed: from
// 5.8 on (d46edd671a14), and at a cost for every call.
func CountRuns() (io.Closer, error) {
	counting, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	if err != nil {
		return nil, fmt.Errorf("have runs of programs counted: %w", err)
	}
	return counting, nil
}

// Runs returns how often the kernel has called the program of that id while it counted. The error
// wraps [ErrNoSuchObject] if there is no such program.
func Runs(id uint32) (uint64, error) {
	p, err := program(id)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	stats, err := p.Stats()
	if err != nil {
		return 0, fmt.Errorf("count runs of program %d: %w", id, err)
	}
	return stats.RunCount, nil
}

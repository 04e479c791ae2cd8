// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A progress counts what is compiled, and says how far it is.
type progress struct {
	out   io.Writer
	total int
	now   func() time.Time
	every time.Duration // between two lines

	mu    sync.Mutex
	start time.Time
	said  time.Time // when the last line was written
	done  int
}

func newProgress(out io.Writer, total int) *progress {
	p := &progress{out: out, total: total, now: time.Now, every: 5 * time.Second}
	p.start = p.now()
	p.said = p.start
	return p
}

// step counts one more, and writes a line where the last is old enough.
func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	now := p.now()
	if p.done == p.total || now.Sub(p.said) < p.every {
		return
	}
	p.said = now
	left := now.Sub(p.start) * time.Duration(p.total-p.done) / time.Duration(p.done)
	fmt.Fprintf(p.out, "compiled %d of %d, about %v left\n", p.done, p.total,
		left.Round(time.Second))
}

// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/oracle"
)

// counting says whether the kernel counts runs all the time. Before 5.1 it has no such setting.
func counting() (Counting, error) {
	text, err := os.ReadFile("/proc/sys/kernel/bpf_stats_enabled")
	if errors.Is(err, fs.ErrNotExist) {
		return CountingOff, nil
	}
	if err != nil {
		return CountingOff, fmt.Errorf("does the kernel count runs: %w", err)
	}
	if bytes.Equal(bytes.TrimSpace(text), []byte("0")) {
		return CountingOff, nil
	}
	return CountingSysctl, nil
}

// member returns a member with its program.
func (s *surroundings) member(m oracle.StructOpsMember) (Member, error) {
	read := Member{Name: m.Name, Value: m.C}
	if !m.Func {
		read.Zero = isZero(m.Value)
		return read, nil
	}
	if read.Zero = m.Program == 0; read.Zero {
		return read, nil
	}
	program, err := readProgram(m.Program)
	if err != nil {
		return read, err
	}
	if s.counting == CountingOff {
		program.Runs, program.RunTime = nil, nil
	}
	read.Program = &program
	return read, nil
}

func isZero(data []byte) bool { return len(bytes.Trim(data, "\x00")) == 0 }

// readProgram asks the kernel about a program. Of one that has gone, with its structure, only the
// id is known.
func readProgram(id uint32) (Program, error) {
	facts, err := oracle.Program(id)
	if errors.Is(err, oracle.ErrNoSuchObject) {
		return Program{ID: id}, nil
	}
	if err != nil {
		return Program{}, err
	}
	p := Program{ID: id, Name: facts.Name, Tag: facts.Tag}
	if len(facts.Functions) > 0 {
		p.Name = facts.Functions[0] // in full
	}
	p.Runs, p.RunTime, err = runs(id)
	return p, err
}

// runs returns how often the kernel has called a program while it counted.
func runs(id uint32) (*uint64, *time.Duration, error) {
	p, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open program %d: %w", id, err)
	}
	defer p.Close()
	stats, err := p.Stats()
	if err != nil {
		return nil, nil, fmt.Errorf("runs of program %d: %w", id, err)
	}
	return &stats.RunCount, &stats.Runtime, nil
}

// Measure has the kernel count runs for a while, and returns the structure of that id with what its
// programs ran meanwhile. All programs of the kernel are a little slower while it counts. The error
// wraps [ErrNotThere] if the kernel has the structure no more.
func Measure(ctx context.Context, id uint32, while time.Duration) (_ Structure, err error) {
	count, err := oracle.CountRuns()
	if err != nil {
		return Structure{}, err
	}
	defer func() { err = errors.Join(err, count.Close()) }()
	before, err := ReadOne(id)
	if err != nil {
		return Structure{}, err
	}
	began := make(map[string]Program)
	for _, m := range before.Members {
		if m.Program != nil {
			if began[m.Name], err = readProgram(m.Program.ID); err != nil {
				return Structure{}, err
			}
		}
	}
	select {
	case <-ctx.Done():
		return Structure{}, ctx.Err()
	case <-time.After(while):
	}
	after, err := ReadOne(id)
	if err != nil {
		return Structure{}, err
	}
	after.Counting = CountingMeasured
	for _, m := range after.Members {
		if m.Program == nil {
			continue
		}
		now, err := readProgram(m.Program.ID)
		if err != nil {
			return Structure{}, err
		}
		m.Program.Runs, m.Program.RunTime = nil, nil
		if was := began[m.Name]; was.ID == now.ID && was.Runs != nil && now.Runs != nil {
			ran, took := *now.Runs-*was.Runs, *now.RunTime-*was.RunTime
			m.Program.Runs, m.Program.RunTime = &ran, &took
		}
	}
	return after, nil
}

// ownName returns what a member of the structure names it by: tcp_congestion_ops and sched_ext_ops
// have name, Qdisc_ops has id.
func ownName(members []oracle.StructOpsMember) string {
	for _, m := range members {
		if m.Name != "name" && m.Name != "id" {
			continue
		}
		if name, err := strconv.Unquote(m.C); err == nil {
			return name
		}
	}
	return ""
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// measureMatrix measures the whole command: the reference loader on every kernel of the default
// matrix, with all suites and with the first of them, and one cell. The first run, which makes the
// templates, does not count among the others.
func measureMatrix(ctx context.Context, o options, s *sheet) error {
	if o.wholes == 0 {
		return nil
	}
	out, err := os.MkdirTemp("", "loadstone-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	// The cache's templates go, so that the first run makes them; kernels stay.
	cache, err := kernel.DefaultCache()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(machine.TemplatesIn(cache)); err != nil {
		return err
	}
	run := func(args ...string) func() (float64, error) {
		return func() (float64, error) {
			started := time.Now()
			cmd := exec.CommandContext(ctx, filepath.Join(o.bin, "loadstone"),
				append([]string{"run", "--out", out}, args...)...)
			if text, err := cmd.CombinedOutput(); err != nil {
				return 0, fmt.Errorf("loadstone %s: %w: %s", strings.Join(cmd.Args[1:], " "), err,
					text)
			}
			return time.Since(started).Seconds(), nil
		}
	}
	cold, err := run()()
	if err != nil {
		return err
	}
	s.add("matrix, kernels cached, templates made", "s", matrixBar, []float64{cold})
	for _, whole := range []struct {
		name string
		bar  float64 // seconds
		args []string
	}{
		{"matrix, templates cached too", matrixBar, nil},
		{"matrix of mapdefs, templates cached too", 180, []string{"--suite", "mapdefs"}},
		{"cell of all suites on 6.12", 90, []string{"--kernel", "6.12"}},
	} {
		took, err := repeatWhole(o.wholes, run(whole.args...))
		if err != nil {
			return err
		}
		s.add(whole.name, "s", whole.bar, took)
	}
	return nil
}

// matrixBar gives how long the reference loader may take for all suites on the default matrix, in
// seconds.
const matrixBar = 480

func repeatWhole(runs int, measure func() (float64, error)) ([]float64, error) {
	var all []float64
	for range runs {
		v, err := measure()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// measureVirtme runs uname -r through virtme-ng, where it is installed, on the host's own kernel
// image.
func measureVirtme(ctx context.Context, o options, s *sheet) error {
	path, err := exec.LookPath("vng")
	if err != nil {
		fmt.Fprintln(s.progress,
			"bench: virtme-ng is not installed, so there is nothing to compare with (apt-get install virtme-ng)")
		return nil
	}
	store, err := kernel.Open(kernel.Options{})
	if err != nil {
		return err
	}
	k, err := store.Get(ctx, "6.12")
	if err != nil {
		return err
	}
	took, err := repeat(o.wholes, func() (float64, error) {
		started := time.Now()
		cmd := exec.CommandContext(ctx, path, "--run", k.Image, "--disable-kvm", "--", "uname",
			"-r")
		text, err := cmd.CombinedOutput()
		if err == nil && !strings.Contains(string(text), k.Release) {
			err = fmt.Errorf("no %s in its output", k.Release)
		}
		if err != nil {
			return 0, fmt.Errorf("virtme-ng: %w: %s", err, text)
		}
		return time.Since(started).Seconds(), nil
	})
	if err != nil {
		// A peer that does not run here says nothing about us.
		fmt.Fprintf(s.progress, "bench: %v\n", err)
		return nil
	}
	s.add("6.12 virtme-ng, uname -r", "s", 0, took)
	return nil
}

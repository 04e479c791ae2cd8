// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// The kernel that whole commands are held against, and the most that they may take.
const (
	whole     = "6.12"
	matrixBar = 40.0 // boots: the reference loader, all suites, the default matrix
	cellBar   = 12.0 // boots: a loader that is a process, all suites
	firstBar  = 2.0  // boots of the first kernel: up to the first verdict on the screen
)

// measureMatrix measures whole commands: the reference loader on the default matrix, with templates
// and without; a cell of libbpf; and how long a run without templates takes to show a verdict.
func measureMatrix(ctx context.Context, o options, s *sheet) (err error) {
	if o.wholes == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "loadstone-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	y, err := newYardstick(ctx, o, whole, dir)
	if err != nil {
		return err
	}
	cold := command{options: o, dir: dir, fresh: true}
	warm := command{options: o, dir: dir}
	if err := measureFirstVerdict(ctx, o, s, cold); err != nil {
		return err
	}
	libbpf := []string{"--kernel", whole, "--loader", "libbpf"}
	// What the first run makes, the runs that are measured find.
	if _, err := warm.run(ctx, libbpf...)(); err != nil {
		return err
	}
	if err := y.show(ctx, o, s, "cell of libbpf on "+whole+", all suites", cellBar,
		warm.run(ctx, libbpf...)); err != nil {
		return err
	}
	if err := y.show(ctx, o, s, "matrix, templates made", matrixBar, cold.run(ctx)); err != nil {
		return err
	}
	return y.show(ctx, o, s, "matrix, templates cached", matrixBar, cold.again().run(ctx))
}

// measureFirstVerdict measures how long it takes from the start of a run to a line with a verdict,
// where no template is cached and no terminal is watching.
func measureFirstVerdict(ctx context.Context, o options, s *sheet, c command) error {
	store, err := kernel.Open(kernel.Options{Cache: o.cache})
	if err != nil {
		return err
	}
	matrix, err := store.DefaultMatrix(ctx)
	if err != nil {
		return err
	}
	y, err := newYardstick(ctx, o, matrix[0], c.dir)
	if err != nil {
		return err
	}
	return y.show(ctx, o, s, "first verdict, templates made", firstBar,
		func() (float64, error) { return c.firstVerdict(ctx) })
}

// show measures a whole command and adds what it takes, in seconds and in boots.
func (y yardstick) show(
	ctx context.Context, o options, s *sheet, name string, bar float64,
	measure func() (float64, error),
) error {
	h, err := y.holdCold(ctx, o.wholes, measure)
	if err != nil {
		return err
	}
	s.add(name, "s", 0, h.seconds)
	s.add(name+", in boots", boots(y.kernel), bar, h.ratios)
	return nil
}

// A command is 'loadstone run', or 'loadstone check', with a cache that has the kernels and loaders
// of the user's, but images and templates of its own: the user's stay.
type command struct {
	options options
	dir     string // for caches and results
	fresh   bool   // each run makes images and templates; else it finds what others made
	check   bool
}

// again returns a command that finds what the last run of c made.
func (c command) again() command {
	c.fresh = false
	return c
}

// shared names what a command's cache has of the user's.
var shared = []string{"kernels", "bundles", "debs", "apt"}

// cache returns the folder of the cache for a run.
func (c command) cache() (string, error) {
	from := c.options.cache
	if from == "" {
		var err error
		if from, err = kernel.DefaultCache(); err != nil {
			return "", err
		}
	}
	from, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(c.dir, "cache")
	if c.fresh {
		// Links, and what the run before made.
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, name := range shared {
		if err := os.MkdirAll(filepath.Join(from, name), 0o755); err != nil {
			return "", err
		}
		err := os.Symlink(filepath.Join(from, name), filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	return dir, nil
}

// prepare returns a run that is not yet started. Its guests are run as those that boot bare.
func (c command) prepare(ctx context.Context, args ...string) (*exec.Cmd, error) {
	cache, err := c.cache()
	if err != nil {
		return nil, err
	}
	words := []string{"run", "--overwrite"}
	if c.check {
		words = []string{"check"}
	}
	words = append(words, "--cache", cache, "--accel", string(machine.TCG), "--out", filepath.Join(c.dir, "out"))
	cmd := exec.CommandContext(ctx, filepath.Join(c.options.bin, "loadstone"), append(words, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd, nil
}

// run returns a function that carries out a run and returns the seconds that it took. That a loader
// fails a requirement is no error here.
func (c command) run(ctx context.Context, args ...string) func() (float64, error) {
	return func() (float64, error) {
		cmd, err := c.prepare(ctx, args...)
		if err != nil {
			return 0, err
		}
		started := time.Now()
		text, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
			return 0, fmt.Errorf("loadstone %s: %w: %s", strings.Join(cmd.Args[1:], " "), err, text)
		}
		return time.Since(started).Seconds(), nil
	}
}

// verdictLine matches a line of progress with at least one verdict.
var verdictLine = regexp.MustCompile(`^\[[#.]+\]  [1-9][0-9]*/`)

// firstVerdict returns the seconds from the start of a run to its first verdict, and ends it.
func (c command) firstVerdict(ctx context.Context) (float64, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd, err := c.prepare(ctx)
	if err != nil {
		return 0, err
	}
	return untilLine(cmd, verdictLine, stop)
}

// untilLine starts a command and returns the seconds up to a line of its progress that matches.
// Then it calls stop, and waits for the command's end.
func untilLine(cmd *exec.Cmd, line *regexp.Regexp, stop func()) (float64, error) {
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	started, took := time.Now(), 0.0
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	var said strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if took == 0 && line.MatchString(lines.Text()) {
			took = time.Since(started).Seconds()
			stop()
		}
	}
	// It was interrupted, or failed before there was such a line.
	if err := cmd.Wait(); took == 0 {
		return 0, fmt.Errorf("no line %q of %q: %w: %s", line, cmd.Args, err, said.String())
	}
	return took, nil
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
	store, err := kernel.Open(kernel.Options{Cache: o.cache})
	if err != nil {
		return err
	}
	k, err := store.Get(ctx, whole)
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

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(3)
	}
}

// options say what is measured, and how often.
type options struct {
	out     string
	kernels string // names with commas between; empty for the default matrix
	runs    int    // of everything but whole commands
	wholes  int    // of whole commands, which take minutes
	bin     string // folder of the programs
	cache   string // that of the programs; the default one if empty
	only    string // measure no other than this; empty for all
}

// A measure is a part of the bench that can be asked for by name.
type measure struct {
	name string
	take func(context.Context, options, *sheet) error
}

// measures are all there are, in their order.
var measures = []measure{
	{"loads", measureLoads},
	{"links", measureLinks},
	{"guests", measureGuests},
	{"checks", measureChecks},
	{"matrix", measureMatrix},
	{"virtme", measureVirtme},
}

func run(ctx context.Context) error {
	var o options
	flag.StringVar(&o.out, "out", "out", "write bench.json into `DIR`")
	flag.StringVar(&o.kernels, "kernels", "", "measure on kernels `K,…` (default the default matrix)")
	flag.IntVar(&o.runs, "runs", 10, "measure everything `N` times")
	flag.IntVar(&o.wholes, "wholes", 3, "run whole commands `N` times")
	flag.StringVar(&o.bin, "bin", "bin", "the programs are in `DIR`")
	flag.StringVar(&o.cache, "cache", "", "kernels and loaders are in `DIR` (default loadstone's cache)")
	flag.StringVar(&o.only, "only", "", "measure `WHAT` and nothing else: loads, links, guests, checks, matrix or virtme")
	flag.Parse()
	known := slices.ContainsFunc(measures, func(m measure) bool { return m.name == o.only })
	if o.only != "" && !known || o.runs < 1 || o.wholes < 0 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	s := &sheet{progress: os.Stderr}
	for _, m := range measures {
		if o.only != "" && o.only != m.name {
			continue
		}
		if err := m.take(ctx, o, s); err != nil {
			return err
		}
	}
	describeMachine(os.Stdout)
	if err := s.table(os.Stdout); err != nil {
		return err
	}
	return s.save(o.out)
}

// describeMachine says what the numbers were measured on.
func describeMachine(w io.Writer) {
	var uts unix.Utsname
	release := "unknown kernel"
	if err := unix.Uname(&uts); err == nil {
		release = unix.ByteSliceToString(uts.Release[:])
	}
	qemu := "no QEMU"
	if text, err := exec.Command(arch.Default().QEMU, "--version").Output(); err == nil {
		qemu, _, _ = strings.Cut(string(text), "\n")
	}
	fmt.Fprintf(w, "%d CPUs (%s), Linux %s, %s, %s\n\n", runtime.NumCPU(), cpuModel(), release, qemu, runtime.Version())
}

// cpuModel is what /proc/cpuinfo calls the CPU.
func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown CPU"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cilium/ebpf/rlimit"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// linkSizes lists the numbers of objects that are linked.
var linkSizes = []int{2, 10, 100, 500, 2000}

// linkedSize says how many objects are linked into the one that is loaded.
const linkedSize = 100

const (
	// linkBar is how many times as long as bpftool gen object loadstone link may take.
	linkBar = 1.0
	// linkedBar is how many times as long as libbpf the reference loader may take to load what was
	// linked.
	linkedBar = 1.1
	// memoryBar limits what one more object takes, as a multiple of the object's size.
	memoryBar = 16
)

// measureLinks links objects with loadstone link and with bpftool gen object, in turns: both as
// commands, from exec to exit, and without the start of a process, which takes most of the time
// for a few objects. Two more programs show what no linker in Go can be faster than: one that has
// the linker alone, and one that does nothing. What was linked is then loaded.
func measureLinks(ctx context.Context, o options, s *sheet) (err error) {
	dir, err := os.MkdirTemp("", "loadstone-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bpftool, err := exec.LookPath("bpftool")
	if err != nil {
		return fmt.Errorf("links: %w (install bpftool, or put one on PATH)", err)
	}
	loadstone, err := filepath.Abs(filepath.Join(o.bin, "loadstone"))
	if err != nil {
		return err
	}
	out := filepath.Join(dir, "out.o")
	floors, err := buildFloors(ctx, dir)
	if err != nil {
		return err
	}
	l := linking{options: o, sheet: s, out: out, commands: [][]string{
		{loadstone, "link", "-o", out}, {bpftool, "gen", "object", out},
		{floors[0], out}, {floors[1]}}}
	objects, err := partsOf(ctx, dir, linkSizes[len(linkSizes)-1])
	if err != nil {
		return err
	}
	for _, n := range linkSizes {
		if err := l.measure(ctx, fmt.Sprintf("%d objects", n), objects[:n]); err != nil {
			return err
		}
	}
	if err := l.memory(objects); err != nil {
		return err
	}
	pair, err := largePair(ctx, dir)
	if err != nil {
		return err
	}
	if err := l.measure(ctx, "a pair with 20,000 types", pair); err != nil {
		return err
	}
	return measureLinked(ctx, o, s, dir, objects[:linkedSize])
}

// measureLinked has the reference loader and libbpf load what was linked.
func measureLinked(ctx context.Context, o options, s *sheet, dir string, objects []string) (
	err error) {
	out := filepath.Join(dir, "linked.o")
	if err := loaderimpl.Link(out, objects...); err != nil {
		return err
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		return fmt.Errorf("links: %w (this has to be root)", err)
	}
	libbpf, stop, err := startLibbpf(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return measureLoad(o, s, out, fmt.Sprintf("%d objects linked", len(objects)), linkedBar,
		[]peer{{"reference", timeReference}, {"libbpf", libbpf}})
}

// buildFloors builds the program that has the linker alone, and the one that does nothing.
func buildFloors(ctx context.Context, dir string) ([]string, error) {
	var programs []string
	for _, name := range []string{"link", "start"} {
		program := filepath.Join(dir, name)
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o",
			program, "./bench/peer/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // as loadstone is built
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w: %s", name, err, out)
		}
		programs = append(programs, program)
	}
	return programs, nil
}

// A linking measures links by loadstone, whose command is the first, beside another linker.
type linking struct {
	options  options
	sheet    *sheet
	out      string     // path of the output
	commands [][]string // loadstone's, bpftool's, then the linker alone, and a program that does nothing
	peaks    []float64  // what loadstone link took for each of the sizes, bytes
}

// measure has both commands link the same objects in turns, and this process too.
func (l *linking) measure(ctx context.Context, what string, objects []string) error {
	var wall, cpu [5][]float64 // milliseconds, of the commands and of this process
	var wallRatio, cpuRatio, within, aloneRatio, startRatio, peaks []float64
	for turn := range l.options.runs + 1 {
		var took, busy [5]float64
		for i, argv := range l.commands {
			cmd := exec.CommandContext(ctx, argv[0], append(argv[1:len(argv):len(argv)],
				objects...)...)
			start := time.Now()
			if printed, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%s %s: %w: %s", argv[0], what, err, printed)
			}
			took[i] = 1000 * time.Since(start).Seconds()
			state := cmd.ProcessState
			busy[i] = 1000 * (state.UserTime() + state.SystemTime()).Seconds()
			if usage, ok := state.SysUsage().(*syscall.Rusage); ok && i == 0 {
				peaks = append(peaks, float64(usage.Maxrss)/1024)
			}
		}
		runtime.GC() // of what came before
		start := time.Now()
		if err := loaderimpl.Link(l.out, objects...); err != nil {
			return err
		}
		took[4] = 1000 * time.Since(start).Seconds()
		if turn == 0 {
			peaks = peaks[:0]
			continue // it warms caches up
		}
		for i := range took {
			wall[i], cpu[i] = append(wall[i], took[i]), append(cpu[i], busy[i])
		}
		wallRatio = append(wallRatio, took[0]/took[1])
		cpuRatio = append(cpuRatio, busy[0]/busy[1])
		within = append(within, took[4]/took[1])
		aloneRatio = append(aloneRatio, busy[2]/busy[1])
		startRatio = append(startRatio, busy[3]/busy[1])
	}
	s := l.sheet
	s.add(what+", loadstone link", "ms", 0, wall[0])
	s.add(what+", bpftool gen object", "ms", 0, wall[1])
	s.add(what+", loadstone link beside bpftool", "×", linkBar, wallRatio)
	s.add(what+", CPU time of loadstone link", "ms", 0, cpu[0])
	s.add(what+", CPU time beside bpftool", "×", linkBar, cpuRatio)
	s.add(what+", CPU time beside bpftool, at the least of each", "×", linkBar,
		[]float64{slices.Min(cpu[0]) / slices.Min(cpu[1])})
	s.add(what+", CPU time of the linker alone, beside bpftool", "×", 0, aloneRatio)
	s.add(what+", CPU time of a program in Go that does nothing, beside bpftool", "×", 0, startRatio)
	s.add(what+", linked in a process that runs", "ms", 0, wall[4])
	s.add(what+", in a process that runs, beside bpftool", "×", linkBar, within)
	s.add(what+", memory of loadstone link at most", "MiB", 0, peaks)
	l.peaks = append(l.peaks, slices.Min(peaks)*(1<<20))
	return nil
}

// memory holds what the last objects take when they are linked too to their size. A process has its
// own size beside that.
func (l *linking) memory(objects []string) error {
	last := len(linkSizes) - 1
	few, many := linkSizes[last-1], linkSizes[last]
	size := 0.0
	for _, path := range objects[few:many] {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		size += float64(info.Size())
	}
	l.sheet.add(fmt.Sprintf("memory for %d more objects than %d, in object sizes", many-few, few),
		"×", memoryBar, []float64{(l.peaks[last] - l.peaks[last-1]) / size})
	return nil
}

// partsOf compiles so many objects: each has a function that calls the next one's, a map, a
// variable, and a map of the first object's that all of them use. Calls end after five functions,
// so that a kernel accepts them.
func partsOf(ctx context.Context, dir string, n int) ([]string, error) {
	const definition = "struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); " +
		"__type(value, struct shared_value); __uint(max_entries, 4); } "
	var paths []string
	for i := range n {
		declared, place := "extern ", `EXTERN_SEC(".maps")`
		if i == 0 {
			declared, place = "", `SEC(".maps")`
		}
		source := fmt.Sprintf(`#include "bpf.h"
struct shared_value { __u64 a; struct shared_value *next; __u32 b[7]; };
struct own_%[1]d { struct shared_value v; int n; };
%[2]s%[3]sshared %[4]s;
%[3]sown_map_%[1]d SEC(".maps");
int variable_%[1]d = %[1]d;
__weak int function_%[5]d(int x) { return x; }
__noinline int function_%[1]d(int x)
{
	struct own_%[1]d own = { .n = x };

	return variable_%[1]d + own.n + (%[6]d ? function_%[5]d(x + 1) : 0);
}
SEC("xdp") int program_%[1]d(void *ctx)
{
	__u32 key = 0;
	struct shared_value *v = bpf_map_lookup_elem(&shared, &key);
	struct shared_value *own = bpf_map_lookup_elem(&own_map_%[1]d, &key);

	return v && own ? v->a + own->a : function_%[1]d(1);
}
`, i, declared, definition, place, i+1, (i+1)%5)
		path, err := compile(ctx, filepath.Join(dir, fmt.Sprintf("part%d.o", i)), source)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// largePair compiles two objects that have the same 5000 structs, which refer to each other, and
// with what is in them some 20,000 types each.
func largePair(ctx context.Context, dir string) ([]string, error) {
	const structs = 5000
	var common strings.Builder
	common.WriteString("#include \"bpf.h\"\n")
	for i := range structs {
		fmt.Fprintf(&common, "struct s%d { __u32 a%d; struct s%d *next; int f[%d]; "+
			"struct s%d *other; int (*call)(struct s%d *); };\n", i, i, (i*7+1)%structs, i%200+1,
			(i*13+5)%structs, i)
	}
	var paths []string
	for _, name := range []string{"one", "other"} {
		var b strings.Builder
		b.WriteString(common.String())
		for i := range structs {
			fmt.Fprintf(&b, "struct s%d *%s_%d SEC(\".data.x\");\n", i, name, i)
		}
		fmt.Fprintf(&b, "SEC(\"xdp\") int program_%s(void *ctx) { return 2; }\n", name)
		path, err := compile(ctx, filepath.Join(dir, name+".o"), b.String())
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

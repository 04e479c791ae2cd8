// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// sizes list how many maps the objects have that are loaded.
var sizes = []int{1, 10, 100, 1000}

// mapsOfProgram limits how many maps one program uses: the kernel accepts no more than 64
// (MAX_USED_MAPS).
const mapsOfProgram = 50

// A peer times a loader's opening and loading, in nanoseconds. Closing what was loaded is outside
// of both.
type peer struct {
	name string
	time timer
}

// A timer opens and loads an object, closes it, and returns how long the first two took.
type timer func(path string) (open, load float64, err error)

// measureLoads measures how long the reference loader, cilium/ebpf and this machine's libbpf take
// to open and load the same objects, in turns, on this machine's kernel; and what opening
// allocates.
func measureLoads(ctx context.Context, o options, s *sheet) (err error) {
	dir, err := os.MkdirTemp("", "loadstone-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := rlimit.RemoveMemlock(); err != nil {
		return fmt.Errorf("loads: %w (this has to be root)", err)
	}
	libbpf, stop, err := startLibbpf(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	peers := []peer{{"reference", timeReference}, {"cilium/ebpf", timeCilium}, {"libbpf", libbpf}}
	for _, n := range sizes {
		path, err := objectOf(ctx, dir, n)
		if err != nil {
			return err
		}
		if err := measureLoad(o, s, path, counted(n), mapsBar, peers); err != nil {
			return fmt.Errorf("%d maps: %w", n, err)
		}
		if err := measureOpening(o, s, path, n); err != nil {
			return fmt.Errorf("%d maps: %w", n, err)
		}
	}
	path, err := structure(ctx, dir)
	if err != nil {
		return err
	}
	// cilium/ebpf reads no structure that this machine's libbpf reads, and the other way round.
	peers = []peer{{"reference", timeReference}, {"libbpf", libbpf}}
	if err := measureLoad(o, s, path, "structure registered", structureBar, peers); err != nil {
		return fmt.Errorf("structure: %w", err)
	}
	return measureExterns(ctx, o, s, dir, peers)
}

// measureExterns measures loads of objects that expect something of the kernel, by where it is
// looked for: the kernel's configuration, its list of symbols, its types. cilium/ebpf is no peer:
// it does not read weak externs.
func measureExterns(ctx context.Context, o options, s *sheet, dir string, peers []peer) error {
	for _, externs := range []struct{ what, declared, used string }{
		{"options of the kernel", `extern _Bool CONFIG_BPF_SYSCALL __kconfig;
extern int CONFIG_HZ __kconfig;
extern int CONFIG_LOADSTONE __kconfig __weak;
extern int LINUX_KERNEL_VERSION __kconfig;
`, "CONFIG_BPF_SYSCALL + CONFIG_HZ + CONFIG_LOADSTONE + LINUX_KERNEL_VERSION"},
		{"addresses of symbols", "extern const void bpf_prog_put __ksym;\n",
			"!!(__u32)(__u64)&bpf_prog_put"},
		{"functions of the kernel", `extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void loadstone_nowhere(void) __ksym __weak;
static inline int call(void)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	if (loadstone_nowhere)
		loadstone_nowhere();
	return 0;
}
`, "call()"},
	} {
		source := "#include \"extern.h\"\n" + externs.declared +
			"SEC(\"xdp\") int use(struct xdp_md *ctx)\n{\n\treturn " + externs.used + ";\n}\n"
		path, err := compile(ctx, filepath.Join(dir, "externs.o"), source)
		if err == nil {
			err = measureLoad(o, s, path, externs.what, externsBar, peers)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", externs.what, err)
		}
	}
	return nil
}

// The reference loader may take as many times as long as the fastest of its peers.
const (
	mapsBar      = 1.2
	structureBar = 1.1
	externsBar   = 1.1
)

// measureLoad has every peer open and load one object in turns. The first turn warms caches up, and
// does not count.
func measureLoad(o options, s *sheet, path, what string, most float64, peers []peer) error {
	whole, opening := make([][]float64, len(peers)), make([][]float64, len(peers))
	for turn := range o.runs + 1 {
		for i, p := range peers {
			open, load, err := p.time(path)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			if turn > 0 {
				whole[i] = append(whole[i], (open+load)/1e6)
				opening[i] = append(opening[i], open/1e6)
			}
		}
	}
	fastest, least := 0.0, 0.0
	for i := range peers[1:] {
		f := newFigure("", "", 0, whole[i+1])
		if fastest == 0 || f.Median < fastest {
			fastest = f.Median
		}
		if least == 0 || f.Min < least {
			least = f.Min
		}
	}
	for i, p := range peers {
		bar := 0.0
		if i == 0 {
			bar = most * fastest
		}
		s.add(fmt.Sprintf("%s, %s: open and load", what, p.name), "ms", bar, whole[i])
		s.add(fmt.Sprintf("%s, %s: open", what, p.name), "ms", 0, opening[i])
	}
	// The machine is shared: what each takes when it is left alone is what it takes by itself.
	s.add(fmt.Sprintf("%s, %s beside the fastest, at the least of each", what, peers[0].name), "×",
		most, []float64{slices.Min(whole[0]) / least})
	return nil
}

func counted(n int) string {
	if n == 1 {
		return "1 map"
	}
	return fmt.Sprintf("%d maps", n)
}

// measureOpening measures what the reference loader allocates to open an object, as a multiple of
// the object's size.
func measureOpening(o options, s *sheet, path string, n int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	var shares []float64
	for range o.runs {
		const opens = 20 // the runtime counts small objects by the span
		metrics.Read(sample)
		before := sample[0].Value.Uint64()
		for range opens {
			if _, err := loaderimpl.Open([]string{path}, loaderimpl.Options{}); err != nil {
				return err
			}
		}
		metrics.Read(sample)
		shares = append(shares, float64(sample[0].Value.Uint64()-before)/opens/float64(len(data)))
	}
	s.add(fmt.Sprintf("%s, reference: opening allocates, in object sizes", counted(n)), "×", 4,
		shares)
	return nil
}

func timeReference(path string) (open, load float64, err error) {
	runtime.GC() // of what came before
	started := time.Now()
	object, err := loaderimpl.Open([]string{path}, loaderimpl.Options{})
	opened := time.Now()
	if err != nil {
		return 0, 0, err
	}
	loaded, err := object.Load(loaderimpl.LoadOptions{})
	if err != nil {
		return 0, 0, err
	}
	registered, err := registerAll(object, loaded)
	took := time.Since(opened)
	for _, r := range registered {
		err = errors.Join(err, r.Close())
	}
	return float64(opened.Sub(started)), float64(took), errors.Join(err, loaded.Close())
}

// registerAll has the kernel call all structures of an object.
func registerAll(object *loaderimpl.Object, loaded *loaderimpl.Loaded) (
	[]*loaderimpl.Registration, error) {
	var registered []*loaderimpl.Registration
	for _, m := range object.Maps() {
		if m.Definition().Type != ebpf.StructOpsMap {
			continue
		}
		r, err := loaded.Register(m.Name())
		if err != nil {
			return registered, err
		}
		registered = append(registered, r)
	}
	return registered, nil
}

func timeCilium(path string) (open, load float64, err error) {
	runtime.GC()
	started := time.Now()
	spec, err := ebpf.LoadCollectionSpec(path)
	opened := time.Now()
	if err != nil {
		return 0, 0, err
	}
	loaded, err := ebpf.NewCollection(spec)
	took := time.Since(opened)
	if err != nil {
		return 0, 0, err
	}
	loaded.Close()
	return float64(opened.Sub(started)), float64(took), nil
}

//go:embed peer/libbpf.c
var libbpfSource string

// startLibbpf compiles and starts the program that loads with this machine's libbpf. Stop ends it.
func startLibbpf(ctx context.Context, dir string) (timed timer, stop func() error, err error) {
	source, program := filepath.Join(dir, "libbpf.c"), filepath.Join(dir, "libbpf")
	if err := os.WriteFile(source, []byte(libbpfSource), 0o644); err != nil {
		return nil, nil, err
	}
	gcc := exec.CommandContext(ctx, "gcc", "-O2", "-o", program, source, "-lbpf")
	if out, err := gcc.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("compile with libbpf (make setup installs libbpf-dev): %w: %s",
			err, out)
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	answers := bufio.NewReader(out)
	timed = func(path string) (open, load float64, err error) {
		if _, err := io.WriteString(in, path+"\n"); err != nil {
			return 0, 0, err
		}
		_, err = fmt.Fscanln(answers, &open, &load)
		return open, load, err
	}
	return timed, func() error { return errors.Join(in.Close(), cmd.Wait()) }, nil
}

// objectOf compiles an object with n maps, and with as many programs as it takes to use them all.
func objectOf(ctx context.Context, dir string, n int) (string, error) {
	var c strings.Builder
	c.WriteString("#include \"bpf.h\"\nstruct value { __u64 packets, bytes; __u32 last[4]; };\n")
	for i := range n {
		fmt.Fprintf(&c, "struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __uint(map_flags, BPF_F_NO_PREALLOC); "+
			"__type(key, __u32); __type(value, struct value); } map_%d SEC(\".maps\");\n", i)
	}
	for first := 0; first < n; first += mapsOfProgram {
		fmt.Fprintf(&c, "SEC(\"xdp\") int use_%d(struct xdp_md *ctx)\n{\n\t__u32 key = 0, found = 0;\n", first)
		for i := first; i < min(first+mapsOfProgram, n); i++ {
			fmt.Fprintf(&c, "\tfound += !!bpf_map_lookup_elem(&map_%d, &key);\n", i)
		}
		c.WriteString("\treturn found;\n}\n")
	}
	return compile(ctx, filepath.Join(dir, fmt.Sprintf("maps_%d.o", n)), c.String())
}

// structure compiles an object with a congestion control of TCP, which an update registers.
func structure(ctx context.Context, dir string) (string, error) {
	const source = `#include "bpf.h"
struct sock;
struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};
SEC("struct_ops") __u64 ssthresh(__u64 *ctx) { return 2; }
SEC("struct_ops") __u64 cong_avoid(__u64 *ctx) { return 0; }
SEC("struct_ops") __u64 undo_cwnd(__u64 *ctx) { return 2; }
SEC(".struct_ops") struct tcp_congestion_ops measured = {
	.ssthresh = (void *)ssthresh, .cong_avoid = (void *)cong_avoid,
	.undo_cwnd = (void *)undo_cwnd, .name = "loadstone_bench",
};
`
	return compile(ctx, filepath.Join(dir, "structure.o"), source)
}

// compile compiles an object.
func compile(ctx context.Context, path, source string) (string, error) {
	cmd := exec.CommandContext(ctx, "clang-19", "-target", "bpf", "-O2", "-g", "-mcpu=v2",
		"-nostdinc", "-Iobjects/include", "-x", "c", "-", "-c", "-o", path)
	cmd.Stdin = strings.NewReader(source)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile %s (make setup installs clang-19): %w: %s",
			filepath.Base(path), err, out)
	}
	strip := exec.CommandContext(ctx, "llvm-strip-19", "-g", path)
	if out, err := strip.CombinedOutput(); err != nil {
		return "", fmt.Errorf("strip %s: %w: %s", filepath.Base(path), err, out)
	}
	return path, nil
}

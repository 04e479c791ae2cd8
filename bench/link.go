// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// linkSizes are the numbers of objects that are linked.
var linkSizes = []int{2, 10, 100, 500}

// linkBar is how many times as long as bpftool gen object loadstone link may take.
const linkBar = 1.0

// measureLinks links objects with loadstone link and with bpftool gen object, in turns: both as
// commands, from exec to exit.
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
	commands := [][]string{{loadstone, "link", "-o", out}, {bpftool, "gen", "object", out}}
	objects, err := partsOf(ctx, dir, linkSizes[len(linkSizes)-1])
	if err != nil {
		return err
	}
	for _, n := range linkSizes {
		err := measureLink(ctx, o, s, fmt.Sprintf("%d objects", n), commands, objects[:n])
		if err != nil {
			return err
		}
	}
	pair, err := largePair(ctx, dir)
	if err != nil {
		return err
	}
	return measureLink(ctx, o, s, "a pair with 20,000 types", commands, pair)
}

// measureLink has both commands link the same objects in turns.
func measureLink(ctx context.Context, o options, s *sheet, what string, commands [][]string,
	objects []string) error {
	var took [2][]float64
	var ratios []float64
	for turn := range o.runs + 1 {
		var now [2]float64
		for i, argv := range commands {
			cmd := exec.CommandContext(ctx, argv[0], append(argv[1:len(argv):len(argv)],
				objects...)...)
			start := time.Now()
			if printed, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%s %s: %w: %s", argv[0], what, err, printed)
			}
			now[i] = time.Since(start).Seconds()
		}
		if turn == 0 {
			continue // it warms caches up
		}
		for i := range took {
			took[i] = append(took[i], 1000*now[i])
		}
		ratios = append(ratios, now[0]/now[1])
	}
	s.add(what+", loadstone link", "ms", 0, took[0])
	s.add(what+", bpftool gen object", "ms", 0, took[1])
	s.add(what+", loadstone link beside bpftool", "×", linkBar, ratios)
	return nil
}

// partsOf compiles so many objects: each has a function that calls the next one's, a map, a
// variable, and a map of the first object's that all of them use.
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

	return variable_%[1]d + own.n + function_%[5]d(x + 1);
}
SEC("xdp") int program_%[1]d(void *ctx)
{
	__u32 key = 0;
	struct shared_value *v = bpf_map_lookup_elem(&shared, &key);
	struct shared_value *own = bpf_map_lookup_elem(&own_map_%[1]d, &key);

	return v && own ? v->a + own->a : function_%[1]d(1);
}
`, i, declared, definition, place, i+1)
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

// SPDX-License-Identifier: Apache-2.0

// Command floors makes the table from which 'loadstone check' tells since when kernels have what an
// object uses: it runs command probe in a guest of each kernel, and writes what these say.
//
//	go run ./check/floors [-kernel SERIES]... [-loadstone FILE] [-out FILE]
//
// 'make floors' does so for every series that can be had. Read main.go, then probe/main.go.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/loadstone-bpf/loadstone/check"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var series []string
	flag.Func("kernel", "ask `SERIES`; may be repeated, from old to new (default all that can be had)",
		func(s string) error { series = append(series, s); return nil })
	loadstone := flag.String("loadstone", "bin/loadstone", "run guests with `FILE`")
	out := flag.String("out", "check/floors.json", "write the table to `FILE`")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "floors: %q: want no arguments beside flags\n", flag.Args())
		os.Exit(2)
	}
	if err := write(ctx, *loadstone, series, *out); err != nil {
		fmt.Fprintln(os.Stderr, "floors:", err)
		os.Exit(1)
	}
}

// write asks all kernels and writes the table.
func write(ctx context.Context, loadstone string, series []string, out string) (err error) {
	if len(series) == 0 {
		if series, err = offered(ctx, loadstone); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "loadstone-floors-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	probe := filepath.Join(dir, "probe")
	build := exec.CommandContext(ctx, "go", "build", "-o", probe, "./check/floors/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the probe, in the folder of the module: %w: %s", err, text)
	}
	var all []kernel
	for i, s := range series {
		fmt.Fprintf(os.Stderr, "[%d/%d] asking %s\n", i+1, len(series), s)
		k, err := ask(ctx, loadstone, s, probe)
		if err != nil {
			return fmt.Errorf("kernel %s: %w", s, err)
		}
		all = append(all, k)
	}
	table, err := tableOf(all)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(table, "", "\t")
	if err != nil {
		return err
	}
	if _, err := check.ParseFloors(text); err != nil {
		return err
	}
	return wholefile.Write(out, append(text, '\n'), 0o644)
}

// offered returns every series that can be had, from old to new.
func offered(ctx context.Context, loadstone string) ([]string, error) {
	text, err := output(exec.CommandContext(ctx, loadstone, "kernels", "list", "--json"))
	if err != nil {
		return nil, err
	}
	var offers []struct{ Series string }
	if err := json.Unmarshal(text, &offers); err != nil {
		return nil, fmt.Errorf("%s kernels list: %w", loadstone, err)
	}
	var series []string
	for _, o := range offers {
		series = append(series, o.Series)
	}
	return series, nil
}

// A kernel holds what one said.
type kernel struct {
	series, release string
	answers         []answer
}

// An answer says of one thing whether the kernel has it.
type answer struct {
	probe string
	has   byte // as a table has it
}

// ask runs the probe on a kernel.
func ask(ctx context.Context, loadstone, series, probe string) (kernel, error) {
	text, err := output(exec.CommandContext(ctx, loadstone, "exec", "--kernel", series,
		"--timeout", "20m", "--", probe))
	if err != nil {
		return kernel{}, err
	}
	k, err := parse(text)
	k.series = series
	return k, err
}

// output returns what a command prints, and what it complains of as an error.
func output(cmd *exec.Cmd) ([]byte, error) {
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, complaints.Bytes())
	}
	return text, nil
}

var errProbe = errors.New("the probe says what is not understood")

// parse reads what the probe printed.
func parse(text []byte) (kernel, error) {
	var k kernel
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) == 2 && words[0] == "release" && k.release == "":
			k.release = words[1]
			continue
		case len(words) < 2 || len(words[0]) != 1 || !strings.Contains("+-?", words[0]):
			return k, fmt.Errorf("%w: %q", errProbe, lines.Text())
		}
		said := answer{has: words[0][0]}
		said.probe = strings.Join(words[1:1+min(len(words)-1, wordsOf(words[1]))], " ")
		k.answers = append(k.answers, said)
	}
	if k.release == "" || len(k.answers) == 0 {
		return k, fmt.Errorf("%w: a release and %d answers", errProbe, len(k.answers))
	}
	return k, lines.Err()
}

// wordsOf returns how many words a probe has; why it cannot be told follows them.
func wordsOf(first string) int {
	switch first {
	case "kernel_btf":
		return 1
	case "helper":
		return 3
	}
	return 2
}

// tableOf makes the table. Every kernel was asked the same.
func tableOf(all []kernel) (*check.Floors, error) {
	t := &check.Floors{Asked: make(map[string]map[string]string)}
	for _, k := range all {
		t.Kernels = append(t.Kernels, check.FloorKernel{Series: k.series, Release: k.release})
	}
	numbers := make(map[string]map[string][]int)
	for i, one := range all[0].answers {
		answers := ""
		for _, k := range all {
			if len(k.answers) != len(all[0].answers) || k.answers[i].probe != one.probe {
				return nil, fmt.Errorf("%w: kernels %s and %s were not asked the same", errProbe,
					all[0].series, k.series)
			}
			answers += string(k.answers[i].has)
		}
		what, number := one.probe, 0
		if at := strings.LastIndexByte(what, ' '); at >= 0 {
			var err error
			if number, err = strconv.Atoi(what[at+1:]); err != nil {
				return nil, fmt.Errorf("%w: %q", errProbe, one.probe)
			}
			what = what[:at]
		}
		if numbers[what] == nil {
			numbers[what] = make(map[string][]int)
		}
		numbers[what][answers] = append(numbers[what][answers], number)
	}
	for what, by := range numbers {
		t.Asked[what] = make(map[string]string)
		for answers, of := range by {
			t.Asked[what][answers] = check.Ranges(of)
		}
	}
	return t, nil
}

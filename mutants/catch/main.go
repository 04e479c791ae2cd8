// SPDX-License-Identifier: Apache-2.0

// Command catch has specs judge mutants, and prints a table: each mutant, and the specs that caught
// it. Those that no spec caught come last.
//
//	go run ./mutants/catch [-all] [-kernel K] [NAME...]
//
// Without names it takes all mutants; a name may be a pattern of package path. With -all it runs
// every spec on every mutant, which takes some minutes for each, and says what else catches it. It
// is run in the module's folder, and exits with 1 if a mutant survives.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/loadstone-bpf/loadstone/mutants"
	"github.com/loadstone-bpf/loadstone/suites/catalogue"
	"github.com/loadstone-bpf/loadstone/verdict"
)

func main() {
	all := flag.Bool("all", false, "run every spec, not only those that are said to catch a mutant")
	kernel := flag.String("kernel", mutants.DefaultKernel,
		"of mutants that name none: a series, a path, or native for the host's own")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	survivors, err := try(ctx, *kernel, *all, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "catch:", err)
		os.Exit(3)
	}
	if survivors > 0 {
		os.Exit(1)
	}
}

// A row holds what became of one mutant.
type row struct {
	mutants.Mutant
	caught []string // by these specs
	other  []string // specs that did not, and should have, or that are no verdict on it
}

// try prints the table of the mutants that are named, and returns how many survived.
func try(
	ctx context.Context, kernel string, all bool, names []string,
) (survivors int, err error) {
	rows, err := chosen(names)
	if err != nil {
		return 0, err
	}
	committed, err := catalogue.Committed()
	if err != nil {
		return 0, err
	}
	root, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bench, err := mutants.Open(ctx, root, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, bench.Close()) }()
	bench.Kernel = kernel

	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i := range rows {
		group.Go(func() error {
			r := &rows[i]
			specs := r.Caught
			if all {
				specs = committed.Specs
			}
			verdicts, err := bench.Try(ctx, &r.Mutant, specs)
			if err != nil {
				return err
			}
			r.judge(verdicts)
			fmt.Fprintf(os.Stderr, "%s: caught by %d of %d specs\n", r.Name, len(r.caught), len(specs))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return table(rows)
}

// chosen returns a row for each mutant that a name stands for.
func chosen(names []string) ([]row, error) {
	all, err := mutants.All()
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, m := range all {
		wanted := len(names) == 0
		for _, name := range names {
			match, err := path.Match(name, m.Name)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", name, err)
			}
			wanted = wanted || match
		}
		if wanted {
			rows = append(rows, row{Mutant: m})
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no mutant is called %s", strings.Join(names, " or "))
	}
	return rows, nil
}

// judge notes which specs caught the mutant.
func (r *row) judge(verdicts []verdict.Verdict) {
	for _, v := range verdicts {
		switch v.Kind {
		case verdict.Fail:
			r.caught = append(r.caught, v.Spec)
		case verdict.Pass, verdict.Skip:
			if slices.Contains(r.Caught, v.Spec) {
				r.other = append(r.other, fmt.Sprintf("%s: %s, and should catch it", v.Spec, v.Kind))
			}
		default:
			r.other = append(r.other, fmt.Sprintf("%s: %s: %s", v.Spec, v.Kind, v.Reason))
		}
	}
	slices.Sort(r.caught)
	slices.Sort(r.other)
}

// table prints the rows, survivors last, and returns how many there are.
func table(rows []row) (survivors int, err error) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, survive := range []bool{false, true} {
		for _, r := range rows {
			if survive != (len(r.caught) == 0) {
				continue
			}
			if survive {
				survivors++
				fmt.Fprintf(out, "%s\tSURVIVES\t%s\n", r.Name, r.Wrong)
			}
			for i, id := range r.caught {
				name := r.Name
				if i > 0 {
					name = ""
				}
				fmt.Fprintf(out, "%s\t%s\n", name, id)
			}
			for _, text := range r.other {
				fmt.Fprintf(out, "\t%s\n", text)
			}
		}
	}
	if err := out.Flush(); err != nil {
		return 0, err
	}
	_, err = fmt.Printf("%d mutants, %d survive\n", len(rows), survivors)
	return survivors, err
}

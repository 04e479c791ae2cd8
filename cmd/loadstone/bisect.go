// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// exitUntold tells git bisect run of a commit that cannot be tested.
const exitUntold = 125

// axes lists what a search can go along.
var axes = []string{"kernel", "loader"}

// bisectOptions hold what the user says of a search.
type bisectOptions struct {
	runOptions
	axis     string
	from, to string
	asJSON   bool
}

func newBisectCommand(cache *cacheOptions) *cobra.Command {
	o := &bisectOptions{runOptions: runOptions{cache: cache}}
	cmd := &cobra.Command{
		Use:   "bisect --spec ID [--axis kernel|loader]",
		Short: "Find the kernel or the version of a loader from which on a spec ends otherwise",
		Long: `Ask a spec of the oldest and the newest kernel that can be had, or version of a loader, and where it ends otherwise there, find by halving the
first that ends as the newest does. What is skipped, refused or does not boot tells nothing; its neighbors are asked then, and the answer may be several.
Where it ended otherwise more than once in between, one of the places is found.

Without --axis the spec is asked once, of one kernel and one loader, and the command ends as 'git bisect run' wants it to: 0 the spec passes, 1 it fails or the kernel dies,
125 it cannot be told, as where the kernel does not boot.

Exit codes with --axis: 0 the place is found; 1 there is none, as the ends stand alike; 2 wrong usage; 3 a run could not be carried out.`,
		Example: `  loadstone bisect --spec linking.map.extern/defined-last --loader libbpf --axis loader --kernel 6.12
  loadstone bisect --spec mapdefs.btf.unknown-field-refused --axis kernel --loader cilium
  loadstone bisect --spec structops.update.connections --axis kernel --from 6.1 --to 7.0
  git bisect run sh -c 'make -j8 || exit 125; loadstone bisect --spec structops.update.connections --kernel ./'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.bisect(cmd) },
	}
	o.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.axis, "axis", "", fmt.Sprintf("search along `%s`", strings.Join(axes, "|")))
	flags.StringVar(&o.from, "from", "", "begin at `K`, a kernel's series or a loader's version (default the oldest)")
	flags.StringVar(&o.to, "to", "", "end at `K`, a kernel's series or a loader's version (default the newest)")
	flags.BoolVar(&o.asJSON, "json", false, "print one JSON object: what was asked, and what was found")
	registerCompletion(cmd, "axis", words(axes...))
	return cmd
}

// A question describes one place of the row, with how the spec ended there.
type question struct {
	Name     string           `json:"name"`
	Standing verdict.Standing `json:"standing"`
	Verdict  *verdict.Verdict `json:"verdict,omitempty"`
}

func answerOf(name string, v *verdict.Verdict) question {
	q := question{Name: name, Standing: verdict.Untold, Verdict: v}
	if v != nil {
		q.Standing = v.Standing()
	}
	return q
}

// said returns how the spec ended, in a line.
func (q question) said() string {
	if q.Verdict == nil {
		return "no verdict"
	}
	return strings.TrimSuffix(string(q.Verdict.Kind)+": "+q.Verdict.Reason, ": ")
}

// A bisection holds what a search found, as --json prints it.
type bisection struct {
	Axis  string     `json:"axis"`
	Spec  string     `json:"spec"`
	Asked []question `json:"asked"` // in the order of the row
	Last  string     `json:"last,omitempty"`
	First string     `json:"first,omitempty"`
	// what is between them and does not tell
	Among []string `json:"among,omitempty"`
}

func (o *bisectOptions) bisect(cmd *cobra.Command) error {
	if len(o.specs) != 1 || strings.HasSuffix(o.specs[0], "*") || len(o.suites) > 0 {
		return usageError{errors.New("name one spec with --spec ID: a search is for one")}
	}
	if o.out == "" {
		o.out = filepath.Join("out", "bisect")
	}
	if o.axis == "" {
		return o.once(cmd)
	}
	row, err := o.row(cmd)
	if err != nil {
		return err
	}
	found := bisection{Axis: o.axis, Spec: o.specs[0]}
	asked := make(map[int]question)
	turn, err := verdict.Bisect(len(row), func(i int) (verdict.Standing, error) {
		v, err := o.ask(cmd, row[i])
		if err != nil {
			return "", err
		}
		asked[i] = answerOf(row[i], v)
		fmt.Fprintf(cmd.ErrOrStderr(), "%-14s %-7s %s\n", row[i], asked[i].Standing, asked[i].said())
		return asked[i].Standing, nil
	})
	for i := range row {
		if q, ok := asked[i]; ok {
			found.Asked = append(found.Asked, q)
		}
	}
	if err != nil && !errors.Is(err, verdict.ErrNoTurn) {
		return err
	}
	if turn != nil {
		found.Last, found.First = row[turn.Last], row[turn.First]
		for _, i := range turn.Among {
			found.Among = append(found.Among, row[i])
		}
	}
	return o.answer(cmd, found, turn)
}

// answer prints what was found.
func (o *bisectOptions) answer(cmd *cobra.Command, found bisection, turn *verdict.Turn) error {
	if o.asJSON {
		if err := writeJSON(cmd.OutOrStdout(), found); err != nil {
			return err
		}
	}
	if turn == nil {
		if !o.asJSON {
			fmt.Fprintf(cmd.OutOrStdout(), "%s: no place to be found: %s\n", found.Spec, standingsOf(found.Asked))
		}
		return quietError{verdict.ExitFailed}
	}
	if o.asJSON {
		return nil
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s is %s on %s and %s on %s\n", found.Spec, turn.From, found.Last, turn.To, found.First)
	if len(found.Among) > 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "it may be one of these, which do not tell: %s\n", strings.Join(found.Among, ", "))
	}
	for _, q := range found.Asked {
		if (q.Name == found.Last || q.Name == found.First) && q.Verdict != nil {
			fmt.Fprintf(cmd.OutOrStdout(), "again: %s\n", verdict.Again(q.Verdict.Cell, q.Verdict.Spec))
		}
	}
	return nil
}

func standingsOf(asked []question) string {
	var all []string
	for _, q := range asked {
		all = append(all, fmt.Sprintf("%s is %s", q.Name, q.Standing))
	}
	return cmp.Or(strings.Join(all, ", "), "there are not two to ask")
}

// row returns the names along the axis, from old to new.
func (o *bisectOptions) row(cmd *cobra.Command) ([]string, error) {
	var row []string
	switch o.axis {
	case "kernel":
		if len(o.kernels) > 0 || len(o.loaders) > 1 {
			return nil, usageError{errors.New("--axis kernel asks kernels with one loader: leave --kernel out (--from and --to narrow the search), and name one loader at most")}
		}
		store, end, err := o.cache.store(cmd, false)
		if err != nil {
			return nil, err
		}
		offers, err := store.List(cmd.Context())
		end()
		if len(offers) == 0 && err != nil {
			return nil, err
		}
		for _, offer := range newestOfSeries(offers) {
			row = append(row, offer.Series)
		}
	case "loader":
		if len(o.loaders) != 1 || len(o.kernels) != 1 {
			return nil, usageError{errors.New("--axis loader asks versions of one loader on one kernel: name both, as in --loader libbpf --kernel 6.12")}
		}
		choices, err := findLoaders([]string{o.loaders[0] + "@all"})
		if err != nil {
			return nil, err
		}
		row = append(row, choices[0].Manifest.Sorted()...)
	default:
		return nil, usageError{fmt.Errorf("--axis %s: there are %s", o.axis, strings.Join(axes, ", "))}
	}
	return o.part(row)
}

// part returns what --from and --to leave of a row.
func (o *bisectOptions) part(row []string) ([]string, error) {
	low, high := 0, len(row)-1
	for _, end := range []struct {
		flag, name string
		at         *int
	}{{"--from", o.from, &low}, {"--to", o.to, &high}} {
		if end.name == "" {
			continue
		}
		if *end.at = slices.Index(row, end.name); *end.at < 0 {
			return nil, usageError{fmt.Errorf("%s %s: there are %s", end.flag, end.name, strings.Join(row, ", "))}
		}
	}
	if low >= high {
		return nil, usageError{errors.New("a search takes two ends, the older of them --from")}
	}
	return row[low : high+1], nil
}

// ask runs the spec at one place of the row, and returns its verdict, nil where there is none.
func (o *bisectOptions) ask(cmd *cobra.Command, name string) (*verdict.Verdict, error) {
	one := o.runOptions
	one.out, one.overwrite = filepath.Join(o.out, name), true
	if o.axis == "kernel" {
		one.kernels = []string{name}
	} else {
		one.loaders = []string{o.loaders[0] + "@" + name}
	}
	return one.oneVerdict(cmd)
}

// oneVerdict carries out a run of one spec in one cell, whose reports are not shown.
func (o runOptions) oneVerdict(cmd *cobra.Command) (*verdict.Verdict, error) {
	out := cmd.OutOrStdout()
	cmd.SetOut(new(strings.Builder)) // it is in the folder
	err := o.start(cmd)
	cmd.SetOut(out)
	if cmd.Context().Err() != nil {
		return nil, cmp.Or(err, cmd.Context().Err())
	}
	var quiet quietError
	if err != nil && !errors.As(err, &quiet) {
		return nil, err
	}
	f, err := verdict.ReadFile(filepath.Join(o.out, runFile))
	if err != nil {
		return nil, err
	}
	switch len(f.Verdicts) {
	case 0:
		return nil, nil
	case 1:
		return &f.Verdicts[0], nil
	}
	return nil, usageError{fmt.Errorf("%d verdicts: name one kernel and one loader", len(f.Verdicts))}
}

// once asks the spec once, and ends as git bisect run wants it to.
func (o *bisectOptions) once(cmd *cobra.Command) error {
	if o.from != "" || o.to != "" {
		return usageError{errors.New("--from and --to are ends of an --axis")}
	}
	if len(o.kernels) != 1 || len(o.loaders) > 1 {
		return usageError{errors.New("name one kernel with --kernel, and one loader at most; or search along an --axis")}
	}
	o.overwrite = true
	v, err := o.oneVerdict(cmd)
	if err != nil {
		return err
	}
	q := answerOf(o.kernels[0], v)
	if o.asJSON {
		err = writeJSON(cmd.OutOrStdout(), bisection{Spec: o.specs[0], Asked: []question{q}})
	} else {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s (%s)\n", o.specs[0], q.Standing, q.said())
	}
	if err != nil {
		return err
	}
	if code := gitExit(q.Standing); code != verdict.ExitClean {
		return quietError{code}
	}
	return nil
}

// gitExit returns the exit code that tells git bisect run how a commit stands.
func gitExit(s verdict.Standing) int {
	switch s {
	case verdict.Good:
		return verdict.ExitClean
	case verdict.Bad:
		return verdict.ExitFailed
	default:
		return exitUntold
	}
}

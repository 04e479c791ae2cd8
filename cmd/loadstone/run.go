// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// runOptions holds what the user says of a run.
type runOptions struct {
	kernels, loaders, suites, specs []string
	out                             string
	isolation                       string
	seed                            uint64
	jobs                            int
	accel                           string
	expect                          []string
	baseline                        string
	require                         []string
	overwrite                       bool
	resume                          string
	shard                           string
	process                         bool
	bundles                         int
	shell                           *run.Shell // where the spec does not pass; nil for none
	cache                           *cacheOptions

	before *verdict.File  // the run to go on with; nil for a new one
	part   *verdict.Shard // that this run is of a plan; nil for a plan of its own
	// every spec of the guest program
	catalogue verdict.Catalogue
}

func newRunCommand(cache *cacheOptions) *cobra.Command {
	return runCommand(&runOptions{cache: cache})
}

// runCommand returns the command whose flags set o.
func runCommand(o *runOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run specs with loaders on kernels, and report the verdicts",
		Long: `Run every spec with every loader on every kernel, and report the verdicts.

A guest is used for one spec after the other, in an order that --seed shuffles, as long as it proves after each that it is as it was before
the first. Only a pass counts there: whatever does not pass is run again in a guest of its own, whose verdict is the one. --isolation spec gives every
spec a guest of its own at once.

Kernels are named by series (6.12), by exact version (6.12@6.12.117-1), by path (./bzImage), by path with a name that stays
(mine=./bzImage), or native for the host's own, on which one spec runs at
a time, also beside other runs. Loaders are named by name (its newest version), by name@version, name@all for every version, by the path of a
loader.yaml, or all. Specs are named as for 'loadstone list'.

DIR is locked while it is in use, and one that holds a run is not written to without --overwrite. --resume goes on with a run that was interrupted or killed.
DIR then holds run.jsonl, written as verdicts come, and made from it junit.xml, run.ktap, kcidb.json, report.html, summary.md and findings.md; and in DIR/repro a bundle
for each failure, which 'loadstone repro' runs again. Exit codes: 0 clean; 1 a loader
failed a requirement, a kernel died, an expectation no longer holds, a feature of --require is missing, or nothing passed in a cell; 2 wrong usage; 3 the harness could not do its job.`,
		Example: `  loadstone run
  loadstone run --kernel 6.12 --kernel 5.10 --loader libbpf@1.1 --loader cilium
  loadstone run --kernel ./bzImage --loader all
  loadstone run --kernel 6.12 --loader libbpf@all --suite mapdefs
  loadstone run --loader ./my-loader.yaml --suite mapdefs
  loadstone run --isolation spec --expect known.yaml
  loadstone run --kernel ./bzImage --baseline 6.12 --loader all
  loadstone run --baseline last-release/run.jsonl
  loadstone run --kernel native --require btf,jit
  loadstone run --kernel native --loader reference --out out   # on a device, as docs/lava.yaml does
  loadstone run --resume out
  loadstone run --seed 1234 --kernel 6.12 --loader libbpf
  loadstone run --kernel 6.12 --loader libbpf --spec mapdefs.btf.unknown-field-refused`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.shard, "shard", "", "run the specs of `FILE`, which 'loadstone plan' wrote")
	flags.StringVar(&o.resume, "resume", "",
		"go on with the run in `DIR`, as its first command said, where it ended before its plan was done")
	flags.StringArrayVar(&o.expect, "expect", nil,
		"read failures that are known from `FILE`, or the .yaml files of a folder; may be repeated")
	flags.StringVar(&o.baseline, "baseline", "",
		"hold the verdicts against `RUN`, the run.jsonl of a run before or a kernel that is run beside: only what is worse than there fails")
	flags.StringSliceVar(&o.require, "require", nil,
		"fail where a spec is skipped for want of `FEATURE`, such as btf, jit or numa, several with commas between; all for any")
	return cmd
}

// addFlags gives a command the flags that say what is run, and how.
func (o *runOptions) addFlags(cmd *cobra.Command) {
	var isolations []string
	for _, i := range run.Isolations {
		isolations = append(isolations, string(i))
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&o.kernels, "kernel", nil,
		"run on kernel `K`; may be repeated (default the default matrix, see 'loadstone kernels list')")
	flags.StringArrayVar(&o.loaders, "loader", nil,
		"run with loader `L`, such as libbpf, libbpf@1.1, libbpf@all, or all; may be repeated (default reference)")
	flags.StringArrayVar(&o.suites, "suite", nil, "run suite `S` only; may be repeated")
	flags.StringArrayVar(&o.specs, "spec", nil, "run spec `ID` only; may be repeated, and end in *")
	flags.StringVar(&o.out, "out", "",
		"write results to `DIR` (default out, or with --spec out/specs, which is written anew each time)")
	flags.BoolVar(&o.overwrite, "overwrite", false, "write results in the place of those of another run")
	flags.StringVar(&o.isolation, "isolation", string(run.Auto),
		fmt.Sprintf("`%s`; auto: use a guest again while it is proved clean; spec: one for each spec; "+
			"suite, cell: one for all, without proof", strings.Join(isolations, "|")))
	flags.Uint64Var(&o.seed, "seed", 0,
		"shuffle specs by `N`, to repeat the order of a run that reports --seed N (default: another each time)")
	flags.IntVarP(&o.jobs, "jobs", "j", runtime.NumCPU(), "run `N` guests at once")
	addAccelFlag(cmd, &o.accel)
	flags.BoolVar(&o.process, "process", false,
		"start loaders that are linked into the guest as processes too")
	flags.IntVar(&o.bundles, "bundles", usualBundles,
		"keep at most `N` failures in bundles, files of DIR/repro that 'loadstone repro' runs again; 0 for none")
	registerCompletion(cmd, "kernel", completeKernels(o.cache, run.NativeName))
	registerCompletion(cmd, "loader", completeLoaders)
	registerCompletion(cmd, "suite", completeSuites)
	registerCompletion(cmd, "spec", completeSpecs)
	registerCompletion(cmd, "isolation", words(isolations...))
}

// run carries out a run from the user's words to the exit code.
func (o runOptions) run(cmd *cobra.Command) error {
	if o.resume != "" {
		return o.resumeRun(cmd)
	}
	return o.start(cmd)
}

// start carries out a run, or what is left of one, whose folder is locked then.
func (o runOptions) start(cmd *cobra.Command) (err error) {
	plan, err := o.plan(cmd.Context())
	if err != nil {
		return err
	}
	baseline, err := o.findBaseline()
	if err != nil {
		return err
	}
	loaders, err := findLoaders(o.loaders)
	if err != nil {
		return err
	}
	if o.before == nil {
		lock, err := o.takeFolder()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, lock.Remove()) }()
	}
	lab, err := o.cache.lab(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lab.Close()) }()
	lab.Shell = o.shell
	if plan.Kernels, err = o.findKernels(cmd, lab); err != nil {
		return err
	}
	if plan.Loaders, err = o.cache.bring(cmd, loaders, o.process); err != nil {
		return err
	}
	about, err := o.describe(plan, lab)
	if err != nil {
		return err
	}
	err = o.carryOut(cmd, plan, about)
	if o.baseline == "" || !judged(err) {
		return err
	}
	return o.holdAgainst(cmd, baseline)
}

// plan returns the part of the plan that needs no kernel, bundle or network: the user's mistakes
// show here, before anything takes time.
func (o *runOptions) plan(ctx context.Context) (plan run.Plan, err error) {
	if plan.Isolation, err = run.ParseIsolation(o.isolation); err != nil {
		return plan, usageError{err}
	}
	if o.jobs < 1 {
		return plan, usageError{fmt.Errorf("--jobs %d: want at least 1", o.jobs)}
	}
	if o.bundles < 0 {
		return plan, usageError{fmt.Errorf("--bundles %d: want 0 or more", o.bundles)}
	}
	all, set, err := readCatalogue(ctx)
	if err != nil {
		return plan, err
	}
	o.catalogue = catalogueOf(all)
	if plan.Specs, err = o.chooseSpecs(all); err != nil {
		return plan, err
	}
	if err := checkRequired(o.require, plan.Specs, set); err != nil {
		return plan, err
	}
	plan.Requirements, plan.Seed = set, o.seed
	if plan.Seed == 0 {
		plan.Seed = uint64(rand.Uint32()) + 1
	}
	plan.Jobs, plan.Limits, plan.ID = o.jobs, record.DefaultLimits, newRunID()
	if len(o.expect) > 0 {
		plan.Expectations, err = o.expectations(all)
	}
	return plan, err
}

// chooseSpecs returns the specs that the user named, or those of the shard.
func (o *runOptions) chooseSpecs(all run.Catalogue) (chosen run.Catalogue, err error) {
	if o.shard == "" {
		return selectSpecs(all, o.suites, o.specs)
	}
	if len(o.suites)+len(o.specs) > 0 {
		return nil, usageError{errors.New("--shard has its own specs: no --suite and no --spec beside it")}
	}
	chosen, o.part, err = readShard(o.shard, all)
	return chosen, err
}

// expectations returns those of --expect, held against the whole catalogue: an entry may be about a
// spec that this run leaves out.
func (o runOptions) expectations(all run.Catalogue) (*verdict.Expectations, error) {
	expectations, err := verdict.ReadExpectations(o.expect...)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return expectations, expectations.Check(ids, time.Now())
}

// findKernels gets the kernels that the user named. The first settles how guests are run.
func (o runOptions) findKernels(cmd *cobra.Command, lab *run.Lab) ([]run.Kernel, error) {
	store, end, err := o.cache.store(cmd, false)
	if err != nil {
		return nil, err
	}
	defer end()
	names := o.kernels
	if len(names) == 0 {
		names = []string{"default"}
	}
	if names, err = expandKernels(cmd, store, names); err != nil {
		return nil, err
	}
	var kernels []run.Kernel
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		if name == run.NativeName {
			kernels = append(kernels,
				&run.Native{Guest: lab.Guest, Within: record.DefaultLimits.Spec, Log: lab.Log})
			continue
		}
		k, err := store.Get(cmd.Context(), name)
		if err != nil {
			return nil, err
		}
		end()
		if lab.Accel == "" {
			if err := lab.Choose(cmd.Context(), o.accel, k); err != nil {
				return nil, err
			}
		}
		for _, other := range kernels {
			if other.Name() == k.Name {
				return nil, usageError{fmt.Errorf("--kernel %s: another kernel is called %s too: give it another name", name, k.Name)}
			}
		}
		kernels = append(kernels, lab.Kernel(k))
	}
	return kernels, nil
}

// describe returns the first line of the run file.
func (o runOptions) describe(plan run.Plan, lab *run.Lab) (verdict.Run, error) {
	guest, err := wholefile.Digest(lab.Guest)
	if err != nil {
		return verdict.Run{}, fmt.Errorf("guest program: %w", err)
	}
	about := verdict.Run{
		ID: plan.ID, Started: time.Now(), Loadstone: build(),
		Host: verdict.Host{
			OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
			QEMU: lab.QEMU, Accel: string(lab.Accel),
		},
		Suites: plan.Suites(), Plan: plan.Parts(), Specs: plan.Named(), Guest: guest, Command: os.Args,
		Shard: o.part, Dir: workingDir(), Isolation: string(plan.Isolation), Require: o.require,
		Catalogue: &o.catalogue,
	}
	if plan.Isolation == run.Auto {
		about.Seed = plan.Seed
	}
	for _, p := range about.Plan {
		about.Planned += p.Specs
	}
	for _, k := range plan.Kernels {
		about.Kernels = append(about.Kernels, k.About())
	}
	for _, l := range plan.Loaders {
		about.Loaders = append(about.Loaders, l.About())
	}
	return about, nil
}

// carryOut runs the plan, with its progress on the screen, and then reports.
func (o runOptions) carryOut(cmd *cobra.Command, plan run.Plan, about verdict.Run) error {
	ctx := cmd.Context()
	dir := o.outDir()
	path := filepath.Join(dir, runFile)
	seen := &observer{unready: make(map[string]error)}
	writer, err := o.writer(&plan, about, path, seen)
	if err != nil {
		return err
	}
	bundles, err := o.bundler(about)
	if err != nil {
		return errors.Join(err, writer.Close(err.Error(), nil))
	}
	if o.bundles > 0 {
		plan.Trail = bundles.take
	}
	progress := report.NewProgress(cmd.ErrOrStderr(), report.ScreenOf(os.Stderr), work(plan))
	seen.progress = progress
	failed := plan.Do(ctx, writer, seen)
	progress.Stop()
	for _, text := range seen.died {
		writer.Note(text)
	}

	reason := ""
	switch {
	case ctx.Err() != nil:
		reason, failed = "interrupted", nil
	case failed != nil:
		reason = failed.Error()
	}
	problems := verdict.Wanting(o.require, seen.verdicts)
	if reason == "" {
		problems = append(problems, plan.Expectations.Problems(seen.verdicts, o.everything())...)
	}
	if err := errors.Join(failed, bundles.err, writer.Close(reason, problems),
		closeKernels(plan.Kernels)); err != nil {
		return err
	}
	if text := bundles.said(); text != "" {
		defer fmt.Fprintln(cmd.ErrOrStderr(), text)
	}
	return makeReports(cmd, path, dir, everyFormat())
}

// writer returns the writer of the run's file: a new one, or that of the run to go on with, whose
// verdicts seen then has.
func (o runOptions) writer(
	plan *run.Plan, about verdict.Run, path string, seen *observer,
) (*verdict.Writer, error) {
	if o.before == nil {
		return verdict.Create(path, about)
	}
	writer, before, err := goOn(plan, about, path)
	if err == nil {
		seen.verdicts = before.Verdicts
	}
	return writer, err
}

// workingDir returns the folder that paths of the command are in, "" where it is gone.
func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return dir
}

// work returns what the plan's progress is measured against.
func work(p run.Plan) report.Work {
	w := report.Work{
		Parts: p.Parts(), Jobs: p.Jobs, CPUs: runtime.NumCPU(), Share: p.Share(),
		Again: p.Isolation == run.Auto,
	}
	for _, l := range p.Loaders {
		if l.Builtin != "" {
			w.Linked = append(w.Linked, l.String())
		}
	}
	return w
}

// everything reports whether the run leaves out nothing, so that an expectation that came up
// nowhere is stale.
func (o runOptions) everything() bool {
	return o.shard == "" && len(o.suites)+len(o.specs)+len(o.kernels) == 0 &&
		slices.Equal(o.loaders, []string{loader.All})
}

// runFile names a run's file in its folder.
const runFile = "run.jsonl"

// observer shows a run on the screen as it goes on.
type observer struct {
	progress *report.Progress
	verdicts []verdict.Verdict

	unready map[string]error // by kernel: why it was not ready
	died    []string         // kernels that died before they were ready, and then were

	label func(spec string) string // how the screen names a spec; nil for its id
}

func (s *observer) Preparing(kernel string) { s.progress.Preparing(kernel) }

func (s *observer) Prepared(kernel string, took time.Duration, err error) {
	s.progress.Prepared(kernel)
	if err != nil {
		s.progress.Say(fmt.Sprintf("%s cannot be made ready: %v", kernel, err))
		s.unready[kernel] = err
	} else if before := s.unready[kernel]; before != nil {
		s.died = append(s.died, fmt.Sprintf("%s was booted twice: %v", kernel, before))
	}
}

func (s *observer) Again(c verdict.Cell, spec record.Spec) {
	s.progress.Again(c.LoaderName(), c.Kernel, spec.ID)
}

func (s *observer) Began(t run.Turn) {
	turn := report.Turn{Worker: t.Worker, Loader: t.Cell.LoaderName(), Kernel: t.Cell.Kernel}
	for _, spec := range t.Specs {
		turn.Specs, turn.Suites = append(turn.Specs, spec.ID), append(turn.Suites, spec.Suite)
	}
	s.progress.Began(turn)
}

func (s *observer) Verdict(v verdict.Verdict) {
	s.verdicts = append(s.verdicts, v)
	if s.label != nil {
		v.Spec = s.label(v.Spec)
	}
	s.progress.Add(v)
}

// closeKernels gives up what kernels hold.
func closeKernels(kernels []run.Kernel) error {
	var errs []error
	for _, k := range kernels {
		if c, ok := k.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

func (o runOptions) outDir() string {
	switch {
	case o.out != "":
		return o.out
	case len(o.specs) > 0:
		return filepath.Join("out", "specs") // what was run whole before stays
	}
	return "out"
}

// newRunID names a run: when it was, and eight digits that no other has.
func newRunID() string {
	var b [4]byte
	cryptorand.Read(b[:]) // it never fails
	return time.Now().UTC().Format("20060102-150405-") + hex.EncodeToString(b[:])
}

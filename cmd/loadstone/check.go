// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/check"
	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// checkOptions holds what the user says of a check.
type checkOptions struct {
	run      runOptions // its kernels, loaders, folder and so on
	settings string     // file
	bisect   bool
	attach   bool
	floors   *check.Floors
}

// checkLoaders are those of a check where the user names none.
var checkLoaders = []string{"libbpf", "cilium", "reference"}

// checkFile names a check's file in its folder.
const checkFile = "check.jsonl"

// summaryFile names the summary beside it.
const summaryFile = "summary.md"

func newCheckCommand(cache *cacheOptions) *cobra.Command {
	o := checkOptions{run: runOptions{cache: cache, isolation: string(run.BySpec)}}
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Say on which kernels and with which loaders an object loads, and why not",
		Long: `Load every object with every loader on every kernel, each in a clone of its own, and say where it loads, and where not, why.

FILE is a compiled object, a folder with objects somewhere below it, or an executable that carries objects (skeletons, bpf2go): these are
named program#1, program#2 and so on. What was loaded is what the kernel has then; what a loader says counts only where it refuses. A refusal gets one cause
(docs/check.md lists them), which is found by asking that kernel for what the object needs: the types of its maps and programs, its helpers,
the fields of its CO-RE relocations, its externs.

Beside it stands a lower bound, read from the object alone: from which kernel on it could load by the types and helpers that it uses, as kernels were probed for
them once. It says what that leaves out, and where the two disagree.

Where an object loads on one kernel and not on the next of those that were asked, --bisect asks the series between that can be had: by halving, so that 5.10 to 6.12 takes
three kernels more. What it asks is in DIR/between.

With --attach, each program of an object that loads is attached where its section says, alone, in the clone: to a tracepoint or a function, or to an interface or a cgroup
that is made for it. What the kernel has of it is shown, then it is detached, and nothing may stay. What a section does not name, and kinds of attachment that a loader's driver
does not know, are not tried.

Kernels and loaders are named as for 'loadstone run'. DIR then holds check.jsonl with all that was seen, and made from it report.html, junit.xml and summary.md, which is appended to $GITHUB_STEP_SUMMARY where
that is set.
Exit codes: 0 every object loads everywhere, or where --settings says, and with --attach no program is refused; 1 one does not, or is, or leaves something, or a kernel died; 2 wrong usage, such as a file without an object;
3 the harness could not do its job.`,
		Example: `  loadstone check prog.bpf.o
  loadstone check ./build --kernel 5.10 --kernel 6.12 --loader libbpf@all
  loadstone check /usr/sbin/bpftool --loader libbpf
  loadstone check prog.bpf.o --bisect               # from which series on does it load?
  loadstone check ./build --attach                  # and does every program attach?
  loadstone check ./build --settings expected.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.check(cmd, args) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&o.run.kernels, "kernel", nil,
		"check on kernel `K`; may be repeated (default the default matrix, see 'loadstone kernels list')")
	flags.StringArrayVar(&o.run.loaders, "loader", checkLoaders,
		"check with loader `L`, such as libbpf, libbpf@1.1, libbpf@all, or all; may be repeated")
	flags.StringVar(&o.run.out, "out", filepath.Join("out", "check"),
		"write results to `DIR`, in the place of those of another check")
	flags.IntVarP(&o.run.jobs, "jobs", "j", runtime.NumCPU(), "run `N` guests at once")
	flags.StringVar(&o.settings, "settings", "",
		"change maps and programs before they are loaded, and say where objects are expected to load, as `FILE` (YAML, see docs/check.md)")
	flags.BoolVar(&o.bisect, "bisect", false,
		"where an object ends otherwise on two kernels, ask the series between them too, by halving")
	flags.BoolVar(&o.attach, "attach", false,
		"attach each program of an object that loads where its section says, look at what the kernel has of it, and detach it")
	addAccelFlag(cmd, &o.run.accel)
	registerCompletion(cmd, "kernel", completeKernels(cache, run.NativeName))
	registerCompletion(cmd, "loader", completeLoaders)
	return cmd
}

// check carries out a check from the user's words to the exit code.
func (o checkOptions) check(cmd *cobra.Command, files []string) (err error) {
	if o.run.jobs < 1 {
		return usageError{fmt.Errorf("--jobs %d: want at least 1", o.run.jobs)}
	}
	if o.attach && slices.Contains(o.run.kernels, run.NativeName) {
		return usageError{errors.New("--attach with --kernel native: programs are attached in clones " +
			"alone, as on this machine they would change what it does (name a kernel that guests run)")}
	}
	if _, err := os.Stat(filepath.Join(o.run.out, runFile)); err == nil {
		return usageError{fmt.Errorf("--out %s: a run is there, whose reports would be overwritten: name another folder", o.run.out)}
	}
	objects, err := check.Find(files)
	if err != nil {
		return usageError{err}
	}
	loaders, err := findLoaders(o.run.loaders)
	if err != nil {
		return err
	}
	if err := o.set(objects, loaders); err != nil {
		return usageError{err}
	}
	lab, err := o.run.cache.lab(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lab.Close()) }()
	plan, err := planOf(objects, o.attach)
	if err != nil {
		return err
	}
	plan.Jobs = o.run.jobs
	if plan.Requirements, err = requirements.Read(); err != nil {
		return err
	}
	if plan.Kernels, err = o.run.findKernels(cmd, lab); err != nil {
		return err
	}
	if plan.Loaders, err = o.run.cache.bring(cmd, loaders, false); err != nil {
		return err
	}
	if o.floors, err = check.ReadFloors(); err != nil {
		return err
	}
	about, err := o.describe(plan, lab, objects)
	if err != nil {
		return err
	}
	answers, err := o.carryOut(cmd, plan, about, objects)
	if err != nil {
		return err
	}
	var between []verdict.Run
	if o.bisect {
		if answers, between, err = o.narrow(cmd, lab, plan, objects, answers); err != nil {
			return err
		}
	}
	// The files come first: who reads the screen may stop after some lines, such as head.
	page, err := o.writeReports(answers, between)
	if err != nil {
		return err
	}
	if err := answers.Write(cmd.OutOrStdout()); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "\nreport  %s\n", page); err != nil {
		return err
	}
	return outcomeOf(answers)
}

// writeReports writes the files of a check beside check.jsonl, with what was asked of kernels
// between, and returns the path of the page. The summary also goes where a job on GitHub shows it.
func (o checkOptions) writeReports(answers check.Answers, between []verdict.Run) (string, error) {
	file, err := verdict.ReadFile(filepath.Join(o.run.out, checkFile))
	if err != nil {
		return "", err
	}
	written, err := report.Write(o.run.out, answers.File(with(file.Run, between), *file.End), report.HTML, report.JUnit)
	if err != nil {
		return "", err
	}
	summary := answers.Summary()
	if err := wholefile.Write(filepath.Join(o.run.out, summaryFile), summary, 0o644); err != nil {
		return "", err
	}
	return written[0], appendSummary(summary)
}

// describe returns the first line of the file of a check.
func (o checkOptions) describe(
	plan run.Plan, lab *run.Lab, objects []check.Object,
) (verdict.Run, error) {
	about, err := o.run.describe(plan, lab)
	for i, s := range plan.Specs {
		about.Objects = append(about.Objects, verdict.Object{
			Spec: s.ID, Label: objects[i].Label, Floor: o.floors.Of(&objects[i]).Verdict(),
		})
	}
	return about, err
}

// planOf returns the plan of a check, without kernels and loaders: a spec for each object.
func planOf(objects []check.Object, attach bool) (run.Plan, error) {
	plan := run.Plan{
		ID: newRunID(), Isolation: run.BySpec, Limits: record.DefaultLimits,
		Objects: make(map[string]run.Object),
	}
	for i, o := range objects {
		id := o.SpecOf(i + 1)
		var needs []string
		for _, n := range o.Needs.All {
			needs = append(needs, n.Probe)
		}
		plan.Specs = append(plan.Specs, record.Spec{ID: id, Suite: "check"})
		changes, err := o.Setting.Changes(&o)
		if err != nil {
			return plan, err
		}
		object := run.Object{
			Name: o.Name(), ELF: o.ELF, Needs: needs, Pins: o.Needs.Pins, Changes: changes,
		}
		if attach {
			object.Attach = o.Attaching()
		}
		plan.Objects[id] = object
	}
	return plan, nil
}

// set gives objects what the user's settings say of them.
func (o checkOptions) set(objects []check.Object, loaders []drivers.Choice) error {
	if o.settings == "" {
		return nil
	}
	settings, err := check.ReadSettings(o.settings)
	if err != nil {
		return err
	}
	var problems []error
	for i := range objects {
		objects[i].Setting = settings.For(&objects[i])
		problems = append(problems, objects[i].Setting.Check(&objects[i]))
		if objects[i].Setting.Attaches != nil && !o.attach {
			problems = append(problems, fmt.Errorf("%s: attaches is said of it, and nothing is attached: add --attach", objects[i].Label))
		}
	}
	var names []string
	for _, l := range loaders {
		names = append(names, l.String())
	}
	problems = append(problems, settings.Unused(), settings.CheckLoaders(names))
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("%s: %w", o.settings, err)
	}
	return nil
}

// carryOut runs the plan, with its progress on the screen.
func (o checkOptions) carryOut(
	cmd *cobra.Command, plan run.Plan, about verdict.Run, objects []check.Object,
) (answers check.Answers, err error) {
	ctx := cmd.Context()
	if err := os.MkdirAll(o.run.out, 0o755); err != nil {
		return answers, usageError{fmt.Errorf("--out: %w", err)}
	}
	// Reports of another check must not stand beside the answers of this one, should it not come to
	// its end.
	for _, name := range []string{report.HTML.Name(), report.JUnit.Name(), summaryFile} {
		err := os.Remove(filepath.Join(o.run.out, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return answers, err
		}
	}
	writer, err := verdict.Create(filepath.Join(o.run.out, checkFile), about)
	if err != nil {
		return answers, err
	}
	answers = check.Answers{
		Kernels: named(plan.Kernels), Loaders: called(plan.Loaders), Floors: o.floors,
		Attach: o.attach,
	}
	progress := report.NewProgress(cmd.ErrOrStderr(), report.ScreenOf(os.Stderr), work(plan))
	objectOf := func(spec string) *check.Object {
		return &objects[slices.IndexFunc(plan.Specs, func(s record.Spec) bool { return s.ID == spec })]
	}
	seen := &observer{
		progress: progress, unready: make(map[string]error),
		label: func(spec string) string { return objectOf(spec).Label },
	}
	failed := plan.Do(ctx, writer, seen)
	progress.Stop()
	reason := ""
	switch {
	case ctx.Err() != nil:
		reason, failed = "interrupted", nil
	case failed != nil:
		reason = failed.Error()
	}
	for _, v := range seen.verdicts {
		answers.All = append(answers.All, check.Of(objectOf(v.Spec), v))
	}
	answers.Complete()
	for _, line := range answers.Disagreements() {
		writer.Note(line)
	}
	err = errors.Join(failed, writer.Close(reason, nil), closeKernels(plan.Kernels))
	if err == nil && reason != "" {
		err = fmt.Errorf("%s: %w", reason, context.Cause(ctx))
	}
	return answers, err
}

// named returns the names of kernels, and called those of loaders.
func named(kernels []run.Kernel) (names []string) {
	for _, k := range kernels {
		names = append(names, k.Name())
	}
	return names
}

func called(loaders []run.Loader) (names []string) {
	for _, l := range loaders {
		names = append(names, l.String())
	}
	return names
}

// outcomeOf returns how the command ends.
func outcomeOf(answers check.Answers) error {
	code := verdict.ExitClean
	for _, a := range answers.All {
		switch {
		case a.Unknown():
			return quietError{verdict.ExitHarness}
		case a.Wrong != "":
			code = verdict.ExitFailed
		}
	}
	if code == verdict.ExitClean {
		return nil
	}
	return quietError{code}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/repro"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// reproOptions holds what the user says of a failure that is run again.
type reproOptions struct {
	runOptions
	kernel, loader string
	asJSON         bool
	look           bool
}

func newReproCommand(cache *cacheOptions) *cobra.Command {
	o := &reproOptions{runOptions: runOptions{cache: cache, jobs: 1, overwrite: true}}
	cmd := &cobra.Command{
		Use:   "repro FILE",
		Short: "Run a failure again that a run kept in a bundle",
		Long: `Run the spec of a bundle again, with the same loader on the same kernel, and say whether it fails in the same way. A run keeps a bundle for each failure, in the
folder repro of its own. What is fetched is what the bundle names: the exact version of a kernel and of a loader, or what is at their paths; that something there
is not what it was is said. --kernel and --loader ask another one instead, such as one with a fix.

With --shell, the guest stays as it is where the spec fails, before the loader is told to give anything up: you get a shell in it, as in 'loadstone shell', with what the loader made in
the kernel and its process. The root of the loader is /run/loader. If the input is not a terminal, it is run as a script. When the shell ends, so does the spec.

DIR then holds all that 'loadstone run' writes. Exit codes: 0 the spec passes now; 1 it fails, in the same way or in another, which is said; 125 it cannot be told, as where the
spec is skipped; 2 wrong usage, or FILE is no bundle or was altered; 3 it could not be run. 'git bisect run' takes 2 and 3 for a bad commit: make 125 of them where
a build may leave no kernel.`,
		Example: `  loadstone repro out/repro/mapdefs.set.max-entries-libbpf@1.7-6.12.repro.tar.gz
  loadstone repro bundle.repro.tar.gz --loader ./fixed.yaml
  loadstone repro bundle.repro.tar.gz --shell
  git bisect run sh -c 'make -j8 || exit 125; loadstone repro bundle.repro.tar.gz --kernel ./; code=$?; [ $code -lt 2 ] || exit 125; exit $code'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.again(cmd, args[0]) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"gz"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.kernel, "kernel", "", "run on kernel `K` instead")
	flags.StringVar(&o.loader, "loader", "", "run with loader `L` instead")
	flags.StringVar(&o.out, "out", filepath.Join("out", "again"), "write results to `DIR`, which is written anew each time")
	flags.BoolVar(&o.look, "shell", false, "open a shell in the guest where the spec fails")
	addAccelFlag(cmd, &o.accel)
	addJSONFlag(cmd, &o.asJSON)
	registerCompletion(cmd, "kernel", completeKernels(cache))
	registerCompletion(cmd, "loader", completeLoaders)
	return cmd
}

// A rerun says how a failure did that was run again, as --json prints it.
type rerun struct {
	Bundle  string           `json:"bundle"` // its path
	Outcome repro.Outcome    `json:"outcome"`
	Was     verdict.Verdict  `json:"was"`
	Is      *verdict.Verdict `json:"is"` // null where there is none
	// what it ran with that is not as it was
	Differs []string `json:"differs"`
}

// again runs the failure of a bundle again.
func (o *reproOptions) again(cmd *cobra.Command, path string) error {
	b, err := repro.ReadFile(path)
	if err != nil {
		return usageError{err}
	}
	m := b.Manifest
	if strings.HasSuffix(m.Verdict.Spec, "*") {
		return usageError{fmt.Errorf("%s: %w: %q names no one spec", path, repro.ErrNotBundle, m.Verdict.Spec)}
	}
	o.specs, o.seed, o.process = []string{m.Verdict.Spec}, m.Seed, m.Process
	o.isolation = cmp.Or(m.Isolation, "auto")
	o.kernels = []string{cmp.Or(o.kernel, kernelOf(m))}
	o.loaders = []string{cmp.Or(o.loader, m.Verdict.LoaderAnywhere())}
	is, err := o.once(cmd)
	if err != nil {
		return err
	}
	again := rerun{Bundle: path, Outcome: repro.Untold, Was: m.Verdict, Is: is, Differs: []string{}}
	if is != nil {
		again.Outcome = repro.OutcomeOf(m.Verdict, *is)
		f, err := verdict.ReadFile(filepath.Join(o.out, runFile))
		if err != nil {
			return err
		}
		again.Differs = append(again.Differs, m.Differences(f.Run)...)
	}
	if o.asJSON {
		err = writeJSON(cmd.OutOrStdout(), again)
	} else {
		err = again.write(cmd.OutOrStdout())
	}
	if err != nil {
		return err
	}
	return again.exit()
}

// once runs the failure once, with a shell where it fails if the user asked for one.
func (o *reproOptions) once(cmd *cobra.Command) (_ *verdict.Verdict, err error) {
	if !o.look {
		return o.oneVerdict(cmd)
	}
	if o.asJSON {
		return nil, usageError{errors.New("--shell has the screen to itself: no --json beside it")}
	}
	if o.kernels[0] == run.NativeName {
		return nil, usageError{errors.New("--shell takes a kernel that a guest can boot, not native: name one with --kernel")}
	}
	l, shell, err := newLook(cmd)
	if err != nil {
		return nil, err
	}
	o.shell = shell
	before := cmd.ErrOrStderr()
	cmd.SetErr(l.screen())
	is, err := o.oneVerdict(cmd)
	cmd.SetErr(before)
	l.close()
	if err == nil && !l.begun {
		fmt.Fprintln(cmd.ErrOrStderr(), "loadstone: there was no step to stop at for a shell")
	}
	return is, errors.Join(err, l.failed)
}

// kernelOf returns the kernel of a bundle as a command line names it: by its path, or by the exact
// version of its package.
func kernelOf(m repro.Manifest) string {
	k := m.Kernel
	if k.Path == "" && k.Given == "" && k.Version != "" && k.Name != "native" && !strings.ContainsAny(k.Name, "/@") {
		return k.Name + "@" + k.Version
	}
	return m.Verdict.KernelAnywhere()
}

// exit returns the error that ends the command.
func (r rerun) exit() error {
	switch r.Outcome {
	case repro.Passes:
		return nil
	case repro.Same, repro.Other:
		return quietError{verdict.ExitFailed}
	}
	return quietError{exitUntold}
}

// outcomeWords has the outcomes in words.
var outcomeWords = map[repro.Outcome]string{
	repro.Same: "fails again, in the same way", repro.Other: "fails, in another way",
	repro.Passes: "passes now", repro.Untold: "cannot be told",
}

// write tells a person.
func (r rerun) write(w io.Writer) error {
	var errs []error
	say := func(name, text string) {
		if text != "" {
			_, err := fmt.Fprintf(w, "  %-9s %s\n", name, report.Plain(text))
			errs = append(errs, err)
		}
	}
	_, err := fmt.Fprintf(w, "%s, %s on %s: %s\n", report.Plain(r.Was.Spec), report.Plain(r.Was.LoaderName()),
		report.Plain(r.Was.Kernel), outcomeWords[r.Outcome])
	errs = append(errs, err)
	say("was", inShort(&r.Was))
	say("is", inShort(r.Is))
	for _, d := range r.Differs {
		say("differs", d)
	}
	return errors.Join(errs...)
}

// inShort returns a verdict in a line.
func inShort(v *verdict.Verdict) string {
	if v == nil {
		return "no verdict"
	}
	text := strings.TrimSuffix(string(v.Kind)+": "+v.Reason, ": ")
	if v.Expected != "" {
		text += " (expected " + v.Expected + ")"
	}
	return text
}

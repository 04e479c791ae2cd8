// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loader/check"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

func newLoadersCheckCommand(cache *cacheOptions, open openTrial) *cobra.Command {
	var trace bool
	var kernel string
	cmd := &cobra.Command{
		Use:   "check LOADER…",
		Short: "Prove a driver before its results count",
		Long: `Prove a driver before its results count: read its manifest, bring what it needs, have a short conversation with it on this machine,
every message of which is held to the protocol's schema, and have it load one good object in a kernel of its own.

The conversation makes nothing in this machine's kernel, but takes root, for the driver runs in a root of its own. Without root it is left
out, and that is said. Exit codes: 0 all is well; 1 the driver or its manifest is at fault; 2 wrong usage; 3 it could not be checked.`,
		Example: `  loadstone loaders check libbpf
  loadstone loaders check iproute2@all
  loadstone loaders check ./my-loader.yaml --trace
  loadstone loaders check all`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeLoaders,
		RunE: func(cmd *cobra.Command, args []string) error {
			c := &loaderCheck{cmd: cmd, cache: cache, trace: trace, kernel: kernel}
			return c.all(args, open)
		},
	}
	cmd.Flags().BoolVar(&trace, "trace", false, "print the conversation")
	cmd.Flags().StringVar(&kernel, "kernel", "6.12", "load in a clone of kernel `K`")
	registerCompletion(cmd, "kernel", completeKernels(cache))
	return cmd
}

// A loaderCheck checks loaders one after the other.
type loaderCheck struct {
	cmd    *cobra.Command
	cache  *cacheOptions
	trial  trial // of the kernel
	trace  bool
	kernel string // of the clone
	faults int
}

// all checks what the user named. The user's mistakes, a kernel that cannot be had among them, show
// before anything takes time.
func (c *loaderCheck) all(args []string, open openTrial) (err error) {
	found := make([][]drivers.Choice, len(args))
	bad := make([]error, len(args)) // manifests
	for i, arg := range args {
		found[i], err = findLoader(arg)
		if errors.Is(err, loader.ErrManifest) {
			bad[i] = err
		} else if err != nil {
			return usageError{err}
		}
	}
	if c.trial, err = open(c.cmd, c.kernel); err != nil {
		return fmt.Errorf("--kernel: %w", err)
	}
	defer func() { err = errors.Join(err, c.trial.Close()) }()
	for i, choices := range found {
		if bad[i] != nil {
			c.say("%s", args[i])
			c.finding("manifest", bad[i])
		}
		for _, choice := range choices {
			if err := c.one(choice); err != nil {
				return err
			}
		}
	}
	return c.verdict()
}

// one checks one loader. Faults of drivers and manifests are counted; an error means that there was
// no checking.
func (c *loaderCheck) one(choice drivers.Choice) error {
	c.say(choice.String())
	c.finding("manifest", nil)
	faults := c.faults
	if len(choice.Command) > 0 {
		if err := c.converse(choice); err != nil {
			return err
		}
	}
	if c.faults > faults {
		c.skip("one load in a clone", "the driver is not fit for it")
		return nil
	}
	return c.load(choice)
}

// load has the loader load one good object in a clone. A load that does not end well is a finding;
// an error is that there was none.
func (c *loaderCheck) load(choice drivers.Choice) error {
	v, err := c.trial.Load(c.cmd, choice)
	if err != nil {
		return err
	}
	var finding error
	if v.Kind != verdict.Pass {
		finding = fmt.Errorf("%s: %s\n%s", v.Kind, v.Reason, strings.Join(v.Conversation, "\n"))
	}
	c.finding("one load in a clone of "+c.kernel, finding)
	return nil
}

// converse has the conversation on this machine.
func (c *loaderCheck) converse(choice drivers.Choice) error {
	b, err := c.cache.bundle(c.cmd, choice)
	if isAuthors(err) {
		c.finding("bundle", err)
		return nil
	}
	if err != nil {
		return err
	}
	c.finding(fmt.Sprintf("bundle, %s, of %d packages", megabytes(b.Size), len(b.Components)), nil)
	log := slog.New(notices{c.cmd.ErrOrStderr()})
	limits := run.OnThisHost(record.DefaultLimits, log)
	report, err := converseNatively(c.cmd.Context(), choice.Name, b, limits)
	if errors.Is(err, errNotRoot) {
		c.skip("conversation", err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	c.report(report, c.trace || report.Err() != nil)
	if errors.Is(report.Err(), loader.ErrHung) {
		tasks, err := machine.HostLoad()
		if err != nil {
			return err
		}
		c.say("      host's load: %.1f runnable tasks per core", tasks)
	}
	return nil
}

// authors lists what is wrong with a driver or its manifest, of all that keeps a bundle from being
// made.
var authors = []error{
	bundle.ErrUsage, bundle.ErrCompile, bundle.ErrOtherVersion, apt.ErrNoSuchPackage,
	apt.ErrUnknownSuite,
}

// isAuthors reports whether an error is for the author of a driver to cure.
func isAuthors(err error) bool {
	return slices.ContainsFunc(authors, func(fault error) bool { return errors.Is(err, fault) })
}

// report prints what was found, and with exchanges the conversation.
func (c *loaderCheck) report(r *check.Report, exchanges bool) {
	for _, f := range r.Findings {
		c.finding(f.Rule, f.Err)
	}
	if r.Identity != nil {
		c.say("      it is %s %s", r.Identity.Name, r.Identity.Version)
		claims := make(map[loader.Feature]loader.Support)
		for feature, claim := range r.Features {
			claims[feature] = claim.Support
		}
		c.say("      it claims %s", strings.Join(claimed(claims), " "))
	}
	if unknown := r.Unknown(); len(unknown) > 0 {
		c.say("      fields that the protocol does not know, kept and no fault: %s",
			strings.Join(unknown, ", "))
	}
	if loaded := r.Loaded; loaded != nil {
		for _, m := range loaded.Maps {
			c.say("      map %s has id %d", m.Name, m.ID)
		}
		for _, p := range loaded.Programs {
			c.say("      program %s has id %d", p.Name, p.ID)
		}
	}
	if exchanges {
		for _, x := range r.Exchanges {
			c.exchange(x)
		}
	}
}

// exchange prints one exchange: what went in, what came out, and what the driver complained about.
func (c *loaderCheck) exchange(x loader.Exchange) {
	c.say("      > %s", x.Request)
	if x.Reply != nil {
		c.say("      < %s", x.Reply)
	}
	for line := range strings.Lines(x.Stderr) {
		c.say("      ! %s", strings.TrimRight(line, "\n"))
	}
	if x.Fault != nil {
		c.say("      %v", x.Fault)
	}
}

func (c *loaderCheck) finding(what string, err error) {
	paint := painter(c.cmd.OutOrStdout())
	if err == nil {
		c.say("  %s  %s", paint(green, "ok  "), what)
		return
	}
	c.faults++
	c.say("  %s  %s", paint(red, "FAIL"), what)
	for line := range strings.Lines(err.Error()) {
		c.say("        %s", strings.TrimRight(line, "\n"))
	}
}

func (c *loaderCheck) skip(what, why string) {
	paint := painter(c.cmd.OutOrStdout())
	c.say("  %s  %s: %s", paint(yellow, "skip"), what, why)
}

// say prints a line. If the output cannot be written, there is no place to report it.
func (c *loaderCheck) say(format string, args ...any) {
	fmt.Fprintf(c.cmd.OutOrStdout(), format+"\n", args...)
}

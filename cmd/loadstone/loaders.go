// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/drivers/cilium"
	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loader/check"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// A trialFunc has a loader load one good object in a clone of a kernel, and returns the verdict on
// it. The error says why there is none.
type trialFunc func(
	cmd *cobra.Command, kernel string, choice drivers.Choice,
) (verdict.Verdict, error)

// newLoadersCommand returns the command loaders.
func newLoadersCommand(cache *cacheOptions, trial trialFunc) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "loaders",
		Short: "List and fetch the loaders that specs run with, and check drivers",
		Long: `A loader is put under test by its driver, which speaks the loader protocol (docs/loader-protocol.md), and named by name (libbpf, its
newest version), name@version (libbpf@1.1), name@all (every version), the path of a loader.yaml, or all (every loader at its newest version).`,
		Example: `  loadstone loaders list
  loadstone loaders pull iproute2@all
  loadstone loaders check libbpf@1.1
  loadstone loaders check ./my-loader.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLoadersListCommand(cache), newLoadersPullCommand(cache),
		newLoadersCheckCommand(cache, trial))
	return cmd
}

// A listedLoader describes one loader of loadstone loaders list --json.
type listedLoader struct {
	Name     string                  `json:"name"`
	Homepage string                  `json:"homepage,omitempty"`
	Newest   string                  `json:"newest"`
	Versions map[string]loader.Suite `json:"versions"` // to where its packages come from
	// versions that take neither network nor compiler any more, the oldest first
	Cached  []string `json:"cached"`
	Started string   `json:"started"` // "linked in" or "process"
	Command []string `json:"command,omitempty"`

	// Profiles are what the loader claims, with how far. Absent if that is not known without
	// starting it.
	Profiles map[loader.Feature]loader.Support `json:"profiles,omitempty"`

	sorted []string // versions, the oldest first
}

func newLoadersListCommand(cache *cacheOptions) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the loaders that loadstone brings along, and which are cached",
		Example: `  loadstone loaders list
  loadstone loaders list --json | jq -r '.[].name'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := drivers.All()
			if err != nil {
				return err
			}
			var listed []listedLoader
			for _, m := range all {
				l, err := listLoader(cmd.Context(), cache, m)
				if err != nil {
					return err
				}
				listed = append(listed, l)
			}
			if asJSON {
				return writeJSONList(cmd.OutOrStdout(), listed)
			}
			return writeLoaders(cmd.OutOrStdout(), listed)
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// linkedIn lists the loaders whose drivers are part of this program too, so that it can ask them
// what they claim.
var linkedIn = map[string]func() loader.Loader{"reference": reference.New, "cilium": cilium.New}

func listLoader(
	ctx context.Context, cache *cacheOptions, m *loader.Manifest,
) (listedLoader, error) {
	l := listedLoader{
		Name: m.Name, Homepage: m.Homepage, Newest: m.Newest(), Versions: m.Versions,
		Started: "process", Command: m.Command,
		sorted: m.Sorted(),
	}
	if m.Builtin != "" {
		l.Started = "linked in"
	}
	var err error
	if l.Cached, err = cachedVersions(ctx, cache, m); err != nil {
		return l, err
	}
	begin, ok := linkedIn[m.Name]
	if !ok {
		return l, nil
	}
	claims, err := claimsOf(ctx, begin())
	l.Profiles = claims
	return l, err
}

// cachedVersions returns the versions of a loader that are in the cache. Where its driver was not
// built with this program, there is none.
func cachedVersions(
	ctx context.Context, cache *cacheOptions, m *loader.Manifest,
) ([]string, error) {
	versions := []string{}
	for _, version := range m.Sorted() {
		options, err := cache.bundleOptions(drivers.Choice{Manifest: m, Version: version})
		if err != nil {
			return nil, err
		}
		b, err := bundle.Cached(ctx, options)
		if err != nil && !errors.Is(err, bundle.ErrNoFile) {
			return nil, fmt.Errorf("look for %s@%s: %w", m.Name, version, err)
		}
		if b != nil {
			versions = append(versions, version)
		}
	}
	return versions, nil
}

// claimsOf asks a loader what it claims.
func claimsOf(
	ctx context.Context, l loader.Loader,
) (_ map[loader.Feature]loader.Support, err error) {
	defer func() { err = errors.Join(err, l.Close()) }()
	reply, err := l.Do(ctx, loader.Hello{Protocols: []int{loader.Version}, Suite: buildVersion()})
	if err != nil {
		return nil, err
	}
	ok, isOK := reply.(*loader.OK)
	if !isOK {
		return nil, fmt.Errorf("a loader of this program does not say what it claims: %+v", reply)
	}
	claims := make(map[loader.Feature]loader.Support)
	for feature, claim := range ok.Features {
		claims[feature] = claim.Support
	}
	return claims, nil
}

func writeLoaders(w io.Writer, listed []listedLoader) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tVERSIONS\tCACHED\tSTARTED\tCLAIMS")
	for _, l := range listed {
		claims := "not known before it is checked"
		if l.Profiles != nil {
			claims = strings.Join(claimed(l.Profiles), " ")
		}
		cached := cmp.Or(strings.Join(l.Cached, " "), "none")
		if len(l.Cached) > 1 && len(l.Cached) == len(l.sorted) {
			cached = "all"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", l.Name, strings.Join(l.sorted, " "), cached,
			l.Started, claims)
	}
	return table.Flush()
}

// claimed returns the features that are claimed, those that are not claimed in full with how far in
// brackets.
func claimed(claims map[loader.Feature]loader.Support) []string {
	var names []string
	for _, feature := range slices.Sorted(maps.Keys(claims)) {
		switch support := claims[feature]; support {
		case loader.Yes:
			names = append(names, string(feature))
		case loader.Partial, loader.KernelDependent:
			names = append(names, fmt.Sprintf("%s(%s)", feature, support))
		}
	}
	return names
}

func newLoadersPullCommand(cache *cacheOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "pull LOADER…",
		Short: "Fetch and build loaders into the cache",
		Long: `Fetch the packages of loaders, build what has to be built, and keep both in the cache, unless they are there: a run then takes neither
network nor compiler. For each a line tells its name, where it is from, its size and its digest. One that cannot be had does not keep
others from being fetched. Exit codes: 0 all are there; 2 wrong usage; 3 one cannot be had, such as a version that the mirror has no more.`,
		Example: `  loadstone loaders pull libbpf@1.1 iproute2@all
  loadstone loaders pull all            # each loader at its newest version
  loadstone loaders pull all@all        # every version of every loader`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeLoaders,
		RunE: func(cmd *cobra.Command, args []string) error {
			choices, err := findLoaders(args)
			if err != nil {
				return err
			}
			return cache.pull(cmd, choices)
		},
	}
}

// pull fetches every loader that it can into the cache.
func (o *cacheOptions) pull(cmd *cobra.Command, choices []drivers.Choice) error {
	var errs []error
	for _, c := range choices {
		if len(c.Command) == 0 { // it is linked into the guest, and nothing else
			continue
		}
		b, err := o.bundle(cmd, c)
		if cmd.Context().Err() != nil {
			return err
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\t%s\n", c, b.Suite, megabytes(b.Size), b.Digest)
	}
	return errors.Join(errs...)
}

func newLoadersCheckCommand(cache *cacheOptions, trial trialFunc) *cobra.Command {
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
			c := &loaderCheck{cmd: cmd, cache: cache, trial: trial, trace: trace, kernel: kernel}
			return c.all(args)
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
	trial  trialFunc
	trace  bool
	kernel string // of the clone
	faults int
}

func (c *loaderCheck) all(args []string) error {
	for _, arg := range args {
		ref, err := loader.ParseRef(arg)
		if err != nil {
			return usageError{err}
		}
		if err := c.ref(ref); err != nil {
			return err
		}
	}
	if c.faults > 0 {
		return quietError{verdict.ExitFailed}
	}
	return nil
}

// ref checks what the user named. Faults of drivers and manifests are counted; an error means that
// there was no checking.
func (c *loaderCheck) ref(ref loader.Ref) error {
	choices, err := drivers.Find(ref)
	switch {
	case errors.Is(err, loader.ErrManifest):
		c.say(ref.String())
		c.finding("manifest", err)
		return nil
	case err != nil:
		return usageError{err}
	}
	for _, choice := range choices {
		if err := c.one(choice); err != nil {
			return err
		}
	}
	return nil
}

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
	v, err := c.trial(c.cmd, c.kernel, choice)
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
	if err != nil {
		return err
	}
	c.finding("bundle", nil)
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
	c.report(report)
	if errors.Is(report.Err(), loader.ErrHung) {
		tasks, err := machine.HostLoad()
		if err != nil {
			return err
		}
		c.say("      host's load: %.1f runnable tasks per core", tasks)
	}
	return nil
}

func (c *loaderCheck) report(r *check.Report) {
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
	if c.trace || r.Err() != nil {
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

const red colour = "31"

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

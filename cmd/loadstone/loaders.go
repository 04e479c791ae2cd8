// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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
)

// newLoadersCommand returns the command loaders.
func newLoadersCommand(cache *cacheOptions, open openTrial) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "loaders",
		Short: "List and fetch the loaders that specs run with, and check drivers",
		Long: `A loader is put under test by its driver, which speaks the loader protocol (docs/loader-protocol.md), and named by name (libbpf, its
newest version), name@version (libbpf@1.1), name@all (every version), the path of a loader.yaml, or all (every loader at its newest version).`,
		Example: `  loadstone loaders list
  loadstone loaders pull iproute2@all
  loadstone loaders check libbpf@1.1
  loadstone loaders talk ./my-loader.yaml
  loadstone loaders check ./my-loader.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLoadersListCommand(cache), newLoadersPullCommand(cache),
		newLoadersCheckCommand(cache, open), newLoadersTalkCommand(cache))
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

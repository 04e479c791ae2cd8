// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// cacheOptions say where fetched things are kept and where they come from.
type cacheOptions struct {
	cache   string
	mirror  string
	arch    string
	offline bool
}

// addCacheFlags gives a command, and all below it, the flags of o.
func addCacheFlags(cmd *cobra.Command, o *cacheOptions) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&o.cache, "cache", "",
		"keep kernels and packages in `DIR` (default $XDG_CACHE_HOME/loadstone)")
	flags.StringVar(&o.mirror, "mirror", "",
		"fetch from the Debian mirror at `URI`, or at URI,URI with that of its security archive (default that of the host's apt)")
	flags.StringVar(&o.arch, "arch", arch.Default().Debian,
		"take kernels of Debian architecture `ARCH`")
	flags.BoolVar(&o.offline, "offline", false, "use only what is cached")
}

// store opens the kernels' cache for a command. Progress and notices go to its
// stderr; the function returned ends them.
func (o *cacheOptions) store(cmd *cobra.Command, refresh bool) (*kernel.Store, func(), error) {
	shown := newDownloads(cmd.ErrOrStderr())
	store, err := kernel.Open(kernel.Options{
		Cache: o.cache, Mirror: o.mirror, Arch: o.arch, Offline: o.offline, Refresh: refresh,
		Notice: shown.notice, Progress: shown.event,
	})
	return store, shown.end, err
}

// newKernelsCommand returns the command kernels, for which addCacheFlags has
// been called on it or on one above it, with the same o.
func newKernelsCommand(o *cacheOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernels",
		Short: "List, fetch, show and remove the kernels that specs run on",
		Long: `Kernels come from Debian's packages, fetched with the host's apt from the
mirror that it is configured for, and are kept in the cache. They are named by
series (6.12, the newest version of it), by exact version (6.12@6.12.117-1),
by path (a bzImage, a folder, a build tree; name=PATH to call it name), or native for the one that runs.`,
		Example: `  loadstone kernels list
  loadstone kernels pull 6.12 5.10
  loadstone kernels show ~/linux`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKernelsListCommand(o), newKernelsPullCommand(o), newKernelsShowCommand(o),
		newKernelsPruneCommand(o))
	return cmd
}

func newKernelsListCommand(o *cacheOptions) *cobra.Command {
	var asJSON, all, refresh bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List every kernel series that can be had, and which are cached",
		Example: `  loadstone kernels list
  loadstone kernels list --all          # every version, not only the newest
  loadstone kernels list --json | jq -r '.[] | select(.default) | .version'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, end, err := o.store(cmd, refresh)
			if err != nil {
				return err
			}
			offers, failed := store.List(cmd.Context())
			end()
			if len(offers) == 0 && failed != nil {
				return failed
			}
			if !all {
				offers = newestOfSeries(offers)
			}
			if asJSON {
				err = writeJSONList(cmd.OutOrStdout(), offers)
			} else {
				err = writeOffers(cmd.OutOrStdout(), offers)
			}
			return errors.Join(err, failed)
		},
	}
	addJSONFlag(cmd, &asJSON)
	cmd.Flags().BoolVar(&all, "all", false, "list every version, not only the newest of a series")
	cmd.Flags().BoolVar(&refresh, "refresh", false, "ask the mirror even if its lists are young")
	return cmd
}

// newestOfSeries keeps the first offer of each series, and of those that only
// the cache has none if there is a newer one.
func newestOfSeries(offers []kernel.Offer) []kernel.Offer {
	return slices.CompactFunc(slices.Clone(offers),
		func(a, b kernel.Offer) bool { return a.Series == b.Series })
}

func writeOffers(w io.Writer, offers []kernel.Offer) error {
	paint := painter(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERIES\tVERSION\tSUITE\tRELEASE\tMATRIX\tCACHE")
	for _, o := range offers {
		matrix, cache := "", fmt.Sprintf("%s to fetch", megabytes(o.Size))
		if o.Default {
			matrix = "default"
		}
		switch {
		case o.Gone:
			cache = paint(yellow, "cached, gone from the mirror")
		case o.Cached:
			cache = paint(green, "cached")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", o.Series, o.Version, o.Suite, o.Release,
			matrix, cache)
	}
	return table.Flush()
}

func newKernelsPullCommand(o *cacheOptions) *cobra.Command {
	var refresh bool
	cmd := &cobra.Command{
		Use:   "pull KERNEL…",
		Short: "Fetch kernels into the cache",
		Long: `Fetch kernels into the cache, unless they are there. KERNEL is a series, an exact
version, default for the default matrix, or all for every series that can be
had. For each a line tells its series, exact version and folder.`,
		Example: `  loadstone kernels pull default
  loadstone kernels pull 6.12 6.1@6.1.176-1`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeKernels(o, "default", "all"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, end, err := o.store(cmd, refresh)
			if err != nil {
				return err
			}
			defer end()
			names, err := expandKernels(cmd, store, args)
			if err != nil {
				return err
			}
			for _, name := range names {
				k, err := store.Get(cmd.Context(), name)
				if err != nil {
					return err
				}
				end()
				fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\n", k.Series, k.Version, k.Image)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&refresh, "refresh", false, "ask the mirror even if its lists are young")
	return cmd
}

// expandKernels replaces "default" and "all" by the series that they stand for.
func expandKernels(cmd *cobra.Command, store *kernel.Store, args []string) ([]string, error) {
	var names []string
	for _, arg := range args {
		switch arg {
		case "default":
			matrix, err := store.DefaultMatrix(cmd.Context())
			if err != nil {
				return nil, err
			}
			names = append(names, matrix...)
		case "all":
			offers, err := store.List(cmd.Context())
			if err != nil {
				return nil, err
			}
			for _, o := range newestOfSeries(offers) {
				names = append(names, o.Series)
			}
		default:
			names = append(names, arg)
		}
	}
	return names, nil
}

func newKernelsShowCommand(o *cacheOptions) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show KERNEL",
		Short: "Show where a kernel is from, and which features it was built with",
		Example: `  loadstone kernels show 6.12
  loadstone kernels show ./bzImage,modules=./mods,config=./.config
  loadstone kernels show native --json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeKernels(o, string(kernel.Native)),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, end, err := o.store(cmd, false)
			if err != nil {
				return err
			}
			k, err := store.Get(cmd.Context(), args[0])
			end()
			if err != nil {
				return err
			}
			shown, err := examine(k)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), shown)
			}
			return shown.write(cmd.OutOrStdout())
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// shownKernel holds what kernels show prints.
type shownKernel struct {
	*kernel.Kernel
	Modules  int              `json:"modules"`            // how many can be loaded
	Features []kernel.Verdict `json:"features,omitempty"` // none if the configuration is not known
}

func examine(k *kernel.Kernel) (*shownKernel, error) {
	modules, err := k.Modules()
	if err != nil {
		return nil, err
	}
	shown := &shownKernel{Kernel: k, Modules: len(modules.Names())}
	config, err := k.Kconfig()
	if errors.Is(err, kernel.ErrNoConfig) {
		return shown, nil
	}
	if err != nil {
		return nil, err
	}
	shown.Features = config.Verdicts()
	return shown, nil
}

func (s *shownKernel) write(w io.Writer) error {
	paint := painter(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	orNone := func(value string) string {
		if value == "" {
			return "none"
		}
		return value
	}
	from := string(s.Origin)
	if s.Suite != "" {
		from = fmt.Sprintf("%s, version %s", s.Suite, s.Version)
	}
	for _, row := range [][2]string{
		{"release", s.Release}, {"series", s.Series}, {"architecture", s.Arch}, {"from", from}, {"image", orNone(s.Image)},
		{"configuration", orNone(s.Config)}, {"modules", fmt.Sprintf("%d in %s", s.Modules, orNone(s.ModulesDir))}, {"digest", s.Digest},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	fmt.Fprintln(table)
	if s.Features == nil {
		fmt.Fprintln(table,
			"Which features it was built with is not known, as no configuration was found.")
	}
	colours := map[kernel.State]colour{
		kernel.BuiltIn: green, kernel.AsModule: green, kernel.Missing: yellow,
	}
	for _, v := range s.Features {
		fmt.Fprintf(table, "%s\t%s\t%s\n", v.Feature, v.What, paint(colours[v.State], v.String()))
	}
	return table.Flush()
}

func newKernelsPruneCommand(o *cacheOptions) *cobra.Command {
	var keep int
	var all, dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove old kernels, and what killed runs left, from the cache",
		Example: `  loadstone kernels prune --dry-run
  loadstone kernels prune --keep 2      # the two newest versions of a series stay
  loadstone kernels prune --all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, end, err := o.store(cmd, false)
			if err != nil {
				return err
			}
			defer end()
			if all {
				keep = 0
			}
			pruned, err := store.Prune(keep, dryRun)
			if asJSON {
				return errors.Join(writeJSONList(cmd.OutOrStdout(), pruned), err)
			}
			return errors.Join(writePruned(cmd.OutOrStdout(), pruned, dryRun), err)
		},
	}
	cmd.Flags().IntVar(&keep, "keep", 1, "keep the `N` newest versions of each series")
	cmd.Flags().BoolVar(&all, "all", false, "keep none")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "tell what would be removed, and remove nothing")
	addJSONFlag(cmd, &asJSON)
	cmd.MarkFlagsMutuallyExclusive("keep", "all")
	return cmd
}

func writePruned(w io.Writer, pruned []kernel.Pruned, dryRun bool) error {
	verb := "removed"
	if dryRun {
		verb = "would remove"
	}
	var sum int64
	for _, p := range pruned {
		sum += p.Size
		what := p.Release
		if what == "" {
			what = "leftovers of a killed run"
		}
		fmt.Fprintf(w, "%s %s, %s: %s\n", verb, what, megabytes(p.Size), p.Path)
	}
	_, err := fmt.Fprintf(w, "%s %d, %s\n", verb, len(pruned), megabytes(sum))
	return err
}

// completeKernels completes the names of series, from the lists and the cache
// as they are.
func completeKernels(o *cacheOptions, also ...string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
		store, err := kernel.Open(kernel.Options{
			Cache: o.cache, Mirror: o.mirror, Arch: o.arch, Offline: true,
		})
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		// Without lists there are the cached ones, and without those a path.
		offers, _ := store.List(cmd.Context())
		names := slices.Clone(also)
		for _, o := range newestOfSeries(offers) {
			names = append(names, fmt.Sprintf("%s\t%s from %s", o.Series, o.Version, o.Suite))
		}
		return slices.DeleteFunc(names, func(name string) bool {
			name, _, _ = strings.Cut(name, "\t")
			return !strings.HasPrefix(name, start) || slices.Contains(args, name)
		}), cobra.ShellCompDirectiveDefault
	}
}

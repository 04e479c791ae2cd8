// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// version holds what the linker sets for releases.
var version = ""

// newRootCommand returns loadstone with all its commands.
func newRootCommand() *cobra.Command { return newRootCommandFor("") }

// newRootCommandFor returns loadstone with no other command than the named one, or with all where
// none has that name: to make them all takes as long as to link some objects.
func newRootCommandFor(name string) *cobra.Command {
	root := &cobra.Command{
		Use:   "loadstone",
		Short: "Conformance suites for BPF loaders",
		Long: `loadstone shows what BPF loaders do: it runs the same specs with every loader, on every kernel that matters, in
guests that are proved clean between specs, and reads what the loader did from the kernel itself.

Exit codes: 0 clean; 1 a loader failed a requirement, a kernel died, an expectation no longer holds, or nothing passed in a cell; 2 wrong usage;
3 the harness could not do its job. loadstone ops and loadstone chain have more: see their --help.`,
		Example: `  loadstone run                                  # the reference loader on the default kernels
  loadstone run --kernel 6.12 --loader libbpf    # one cell
  loadstone list                                 # every spec and its requirement
  loadstone kernels list                         # every kernel that can be had`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       buildVersion(),
	}
	cache := new(cacheOptions)
	addCacheFlags(root, cache)
	commands := []struct {
		name string
		make func() *cobra.Command
	}{
		{"run", func() *cobra.Command { return newRunCommand(cache) }},
		{"chain", newChainCommand},
		{"check", func() *cobra.Command { return newCheckCommand(cache) }},
		{"link", newLinkCommand},
		{"list", newListCommand},
		{"report", newReportCommand},
		{"compare", newCompareCommand},
		{"claim", newClaimCommand},
		{"verify", func() *cobra.Command { return newVerifyCommand(cache) }},
		{"bisect", func() *cobra.Command { return newBisectCommand(cache) }},
		{"repro", func() *cobra.Command { return newReproCommand(cache) }},
		{"expect", newExpectCommand},
		{"plan", newPlanCommand},
		{"merge", newMergeCommand},
		{"kernels", func() *cobra.Command { return newKernelsCommand(cache) }},
		{"loaders", func() *cobra.Command { return newLoadersCommand(cache, cache.trial) }},
		{"metadata", newMetadataCommand},
		{"ops", newOpsCommand},
		{"btf", newBTFCommand},
		{"shell", func() *cobra.Command { return newShellCommand(cache) }},
		{"exec", func() *cobra.Command { return newExecCommand(cache) }},
		{"version", newVersionCommand},
	}
	for _, c := range commands {
		if c.name == name {
			root.AddCommand(c.make())
		}
	}
	if !root.HasSubCommands() {
		for _, c := range commands {
			root.AddCommand(c.make())
		}
	}
	markUsageErrors(root)
	return root
}

// markUsageErrors makes what cobra itself refuses, flags and arguments, end with the exit code for
// wrong usage, in root and all below it.
func markUsageErrors(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see '%s --help')", err, cmd.CommandPath())}
	})
	check := cmd.Args
	if check == nil {
		check = cobra.NoArgs
		if cmd.HasSubCommands() {
			check = cobra.ArbitraryArgs
		}
	}
	if cmd.HasSubCommands() && cmd.RunE == nil && cmd.Run == nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return usageError{fmt.Errorf("unknown command %q for %q (see '%s --help')", args[0],
				cmd.CommandPath(), cmd.CommandPath())}
		}
		check = cobra.ArbitraryArgs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w (see '%s --help')", err, cmd.CommandPath())}
		}
		return nil
	}
	for _, sub := range cmd.Commands() {
		markUsageErrors(sub)
	}
}

// build returns what this binary was built from. Its version is the one that the linker set, or
// else the module's.
func build() verdict.Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return verdict.Build{Version: cmp.Or(version, "unknown")}
	}
	b := verdict.Build{Version: cmp.Or(version, info.Main.Version)}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Commit = s.Value
		}
	}
	return b
}

// buildVersion returns the version of this binary in a line: the one that the linker set, or else
// the module's and the commit.
func buildVersion() string {
	b := build()
	if version != "" || b.Commit == "" {
		return b.Version
	}
	return b.Version + " " + b.Commit
}

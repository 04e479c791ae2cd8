// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/run"
)

// A completer offers words for an argument or a flag.
type completer func(
	cmd *cobra.Command, args []string, toComplete string,
) ([]string, cobra.ShellCompDirective)

// registerCompletion offers words for a flag. It panics where there is no such flag: that is a
// mistake of the program.
func registerCompletion(cmd *cobra.Command, flag string, complete completer) {
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err)
	}
}

// words offers a fixed list.
func words(list ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return list, cobra.ShellCompDirectiveNoFileComp
	}
}

func completeSuites(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return catalogueForCompletion(cmd).Suites(), cobra.ShellCompDirectiveNoFileComp
}

func completeSpecs(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	for _, s := range catalogueForCompletion(cmd) {
		ids = append(ids, s.ID+"\t"+s.Place)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// catalogueForCompletion returns nothing where the catalogue cannot be read: a shell that waits for
// completions has no place for errors.
func catalogueForCompletion(cmd *cobra.Command) run.Catalogue {
	guest, err := run.FindGuest()
	if err != nil {
		return nil
	}
	all, err := run.ReadCatalogue(cmd.Context(), guest)
	if err != nil {
		return nil
	}
	return all
}

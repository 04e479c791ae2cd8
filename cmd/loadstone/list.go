// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/run"
)

// A listedSource holds a source as data, and as text and a link for people.
type listedSource struct {
	requirements.Source
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
}

// A listedSpec holds an element of loadstone list --json: a spec, and the requirement that it
// checks.
type listedSpec struct {
	Spec         string         `json:"spec"`
	Requirement  string         `json:"requirement"`
	Suite        string         `json:"suite"`
	Level        string         `json:"level"`
	Sentence     string         `json:"sentence"`
	Profiles     []string       `json:"profiles"`
	Needs        string         `json:"needs,omitempty"`
	Surroundings string         `json:"surroundings,omitempty"`
	Sources      []listedSource `json:"sources"`
	Place        string         `json:"place"`
}

func newListCommand() *cobra.Command {
	var suites []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [SPEC…]",
		Short: "Print the catalogue: every spec, and the requirement that it checks",
		Long: `Print every spec with the requirement it holds a loader to. A spec is named by its id, by the start of several ids and a *, or by
the id of its requirement, which means all its variants. With --json, each also has where the requirement comes from.`,
		Example: `  loadstone list
  loadstone list --suite mapdefs
  loadstone list 'mapdefs.btf.*'
  loadstone list --json | jq -r '.[] | select(.level == "must").spec'
  loadstone list --json | jq -r '.[].sources[].url // empty' | sort -u`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeSpecs,
		RunE: func(cmd *cobra.Command, args []string) error {
			all, set, err := readCatalogue(cmd.Context())
			if err != nil {
				return err
			}
			chosen, err := selectSpecs(all, suites, args)
			if err != nil {
				return err
			}
			listed, err := describe(chosen, set)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSONList(cmd.OutOrStdout(), listed)
			}
			return printCatalogue(cmd.OutOrStdout(), listed)
		},
	}
	cmd.Flags().StringArrayVar(&suites, "suite", nil, "only specs of suite `S`; may be repeated")
	addJSONFlag(cmd, &asJSON)
	registerCompletion(cmd, "suite", completeSuites)
	return cmd
}

func describe(specs run.Catalogue, set *requirements.Set) ([]listedSpec, error) {
	listed := make([]listedSpec, 0, len(specs))
	for _, s := range specs {
		r, found := set.ForSpec(s.ID)
		if !found {
			return nil, fmt.Errorf("spec %s has no requirement here: "+
				"'make build' makes both programs from the same sources", s.ID)
		}
		var sources []listedSource
		for _, source := range r.Sources {
			sources = append(sources, listedSource{source, source.String(), source.URL()})
		}
		listed = append(listed, listedSpec{
			Spec: s.ID, Requirement: r.ID, Suite: s.Suite,
			Level: string(r.Level), Sentence: r.Sentence, Profiles: r.Profiles,
			Needs: r.NeedsOf(s.ID).String(), Surroundings: r.SurroundingsOf(s.ID).String(),
			Sources: sources, Place: s.Place,
		})
	}
	return listed, nil
}

// printCatalogue prints each requirement once, with its specs below it. The catalogue is sorted by
// spec, which tears some requirements apart: a - comes before a /.
func printCatalogue(w io.Writer, listed []listedSpec) error {
	listed = slices.Clone(listed)
	slices.SortStableFunc(listed, func(a, b listedSpec) int {
		return cmp.Or(cmp.Compare(a.Suite, b.Suite), cmp.Compare(a.Requirement, b.Requirement))
	})
	suite, requirement := "", ""
	specs, requirementCount := 0, 0
	for _, l := range listed {
		if l.Suite != suite {
			suite = l.Suite
			fmt.Fprintf(w, "%s\n", suite)
		}
		if l.Requirement != requirement {
			requirement = l.Requirement
			requirementCount++
			fmt.Fprintf(w, "\n  %s  (%s; %s)\n      %s\n",
				l.Requirement, l.Level, strings.Join(l.Profiles, ", "), l.Sentence)
		}
		if l.Spec != l.Requirement {
			fmt.Fprintf(w, "      - %s\n", l.Spec)
		}
		if l.Needs != "" {
			fmt.Fprintf(w, "        needs %s\n", l.Needs)
		}
		if l.Surroundings != "" {
			fmt.Fprintf(w, "        as %s\n", l.Surroundings)
		}
		specs++
	}
	_, err := fmt.Fprintf(w, "\n%d specs of %d requirements\n", specs, requirementCount)
	return err
}

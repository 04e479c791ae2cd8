// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// featuresOf returns the words for what specs need of a kernel, sorted.
func featuresOf(specs []record.Spec, set *requirements.Set) []string {
	var words []string
	for _, s := range specs {
		if r, found := set.ForSpec(s.ID); found {
			words = append(words, verdict.FeaturesOf(r.NeedsOf(s.ID))...)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// checkRequired returns a usage error for a feature that no spec of those needs: to require it
// would say nothing.
func checkRequired(required []string, specs []record.Spec, set *requirements.Set) error {
	have := featuresOf(specs, set)
	for _, word := range required {
		if word != verdict.AnyFeature && !slices.Contains(have, word) {
			return usageError{fmt.Errorf("--require %q: no spec of the run needs that; there are %s",
				word, strings.Join(append([]string{verdict.AnyFeature}, have...), ", "))}
		}
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"fmt"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

// Support returns how far the loader says that it supports a feature.
func (x *Execution) Support(feature loader.Feature) loader.Support {
	if x.features == nil && x.first.loader == nil { // a hidden spec greets nothing before it asks
		x.first.mustBegin()
	}
	return x.features[feature].Support
}

// Claim returns how far the loader claims what the spec's requirement is about: the least of what
// it claims of the profiles. why says so in one line, and is "" for [loader.Yes].
func (x *Execution) Claim() (support loader.Support, why string) {
	support = loader.Yes
	for _, profile := range x.requirement.Profiles {
		claim, declared := x.features[loader.Feature(profile)]
		switch {
		case claim.Support == loader.Yes:
		case claim.Support == loader.Partial || claim.Support == loader.KernelDependent:
			if support == loader.Yes {
				support = claim.Support
				why = phrase.WithReason(
					fmt.Sprintf("the loader claims %s as %s", profile, support), claim.Reason)
			}
		case declared && support != loader.No:
			support, why = loader.No, phrase.WithReason("the loader does not claim "+profile,
				claim.Reason)
		case support != loader.No:
			support, why = loader.No, "the loader does not claim "+profile
		}
	}
	return support, why
}

// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"context"
	"maps"
	"slices"
)

// A Loader drives a loader under test. It carries out one request at a time, in the order in which
// they are made.
type Loader interface {
	// Do carries out one request. The error is about the conversation, not about the request: a
	// loader that died, hung or spoke out of turn. After an error the Loader answers nothing more.
	// A request that the loader refuses is a reply.
	Do(ctx context.Context, req Request) (Reply, error)

	// Close ends the conversation, and the process that holds it, if there is one. Kernel objects
	// that are not pinned go with it.
	Close() error
}

// A Feature names something that a loader may claim to do. The profiles of requirements are
// features, and so are abilities that a request needs. A feature that this package does not know is
// kept and reported, never an error.
type Feature string

// UnknownFeatures returns the features of a loader's claims that this package does not know.
func UnknownFeatures(claims map[Feature]Claim) []Feature {
	known := Features()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(claims)),
		func(f Feature) bool { return slices.Contains(known, f) })
}

// ProtocolFeature names what a driver lacks that speaks none of the offered versions.
const ProtocolFeature Feature = "protocol"

// A Support says how far a loader claims a feature.
type Support string

// SPDX-License-Identifier: Apache-2.0

package loader

import "context"

// A Loader is a loader under test. It carries out one request at a time, in the order in which they are made.
type Loader interface {
	// Do carries out one request. The error is about the conversation, not about the request: a loader that died, hung or spoke out of
	// turn. After an error the Loader answers nothing more. A request that the loader refuses is a reply.
	Do(ctx context.Context, req Request) (Reply, error)

	// Close ends the conversation and whatever process holds it. Kernel objects that are not pinned go with it.
	Close() error
}

// Version is the version of the protocol that this package speaks.
const Version = 1

// Identity is what a loader says of itself.
type Identity struct {
	Name       string            `json:"name"`
	Version    string            `json:"version"`
	Language   string            `json:"language,omitempty"`
	Homepage   string            `json:"homepage,omitempty"`
	Issues     string            `json:"issues,omitempty"`
	Components map[string]string `json:"components,omitempty"` // libraries that matter to behaviour, name to version
}

// A Feature is something a loader may claim to be able to do. The profiles of requirements are features, and so are abilities that a
// request needs. A feature that this package does not know is kept and reported, never an error.
type Feature string

// Features that requirements and requests name.
const (
	BTFMaps         Feature = "btf-maps"
	LegacyMaps      Feature = "legacy-maps"
	Iproute2Maps    Feature = "iproute2-maps"
	CallbackMaps    Feature = "callback-maps"
	ProgramHandlers Feature = "program-handlers"
	Pinning         Feature = "pinning"
	NUMA            Feature = "numa"
	MapInMap        Feature = "map-in-map"
	GlobalData      Feature = "global-data"
	Metadata        Feature = "metadata"
	StaticLink      Feature = "static-link"
	XDPChain        Feature = "xdp-chain"
	StructOps       Feature = "struct-ops"
	SplitBTF        Feature = "split-btf"
	IgnoreUnknown   Feature = "ignore-unknown-fields" // OpenOptions.IgnoreUnknownFields
	MapCreate       Feature = "map-create"            // Create
	OneStep         Feature = "one-step"              // opens when it is told to load: an open looks at nothing
)

// ProtocolFeature is the feature that a driver lacks which speaks none of the versions that it was offered.
const ProtocolFeature Feature = "protocol"

// Support is how far a loader claims a feature.
type Support string

// The levels of support a loader can claim.
const (
	Yes             Support = "yes"
	No              Support = "no"
	Partial         Support = "partial"
	KernelDependent Support = "kernel-dependent"
)

// A Claim is a loader's word on one feature.
type Claim struct {
	Support Support `json:"support"`
	Reason  string  `json:"reason,omitempty"`
	Issue   string  `json:"issue,omitempty"` // URL of the loader's own issue, where there is one
}

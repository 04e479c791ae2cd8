// SPDX-License-Identifier: Apache-2.0

package requirements

import "slices"

// profiles lists the named sets of requirements that a loader can claim. They are features of the
// loader protocol; a test in suites/runner holds the two lists together.
var profiles = []string{
	"bpf-token",
	"btf-maps",
	"callback-maps",
	"core",
	"custom-btf",
	"global-data",
	"ignore-unknown-fields",
	"iproute2-maps",
	"kconfig",
	"ksyms",
	"legacy-maps",
	"map-create",
	"map-in-map",
	"metadata",
	"numa",
	"pinning",
	"program-handlers",
	"split-btf",
	"static-link",
	"struct-ops",
	"unprivileged",
	"xdp-attach",
	"xdp-chain",
	"xdp-linked-chain",
}

// Profiles returns all profiles, sorted.
func Profiles() []string { return slices.Clone(profiles) }

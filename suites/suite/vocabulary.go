// SPDX-License-Identifier: Apache-2.0

package suite

import "github.com/loadstone-bpf/loadstone/loader"

// Of the words of the loader protocol those that most specs use are here; the stages, classes,
// attributes and handlers themselves are in vocabulary_gen.go, which is generated from the
// protocol's source.
type (
	// Stage tells how far a loader had come when it refused.
	Stage = loader.Stage

	// Class tells why a loader refused.
	Class = loader.Class

	// NewMap says which map [Conversation.Create] asks for.
	NewMap = loader.Create

	// MapAttributes holds what a [NewMap] is created with.
	MapAttributes = loader.MapAttributes

	// XDPMode says how an interface runs a program.
	XDPMode = loader.XDPMode

	// XDPAction names what an XDP program can say about a packet.
	XDPAction = loader.XDPAction

	// Difference tells in what a pinned map is not the one that a definition defines: see
	// [NameTheDifferences].
	Difference = loader.Difference
)

// AtAnyStage stands for whichever stage loaders rightly refuse at: reading an object, or asking the
// kernel for it.
const AtAnyStage Stage = ""

// IPRoute2Layout names iproute2's structs for [Layout].
const IPRoute2Layout = loader.IPRoute2Layout

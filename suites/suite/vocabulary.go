// SPDX-License-Identifier: Apache-2.0

package suite

import "github.com/loadstone-bpf/loadstone/loader"

// The words of the loader protocol that most specs use; stages, classes, attributes and handlers
// are in vocabulary_gen.go, which is generated from the protocol's source.
type (
	Stage = loader.Stage // how far a loader had come when it refused
	Class = loader.Class // why it refused

	NewMap        = loader.Create        // what [Conversation.Create] asks for
	MapAttributes = loader.MapAttributes // of a [NewMap]

	Difference = loader.Difference // between a pinned map and a definition: see [NameTheDifferences]
)

// AtAnyStage stands for whichever stage loaders rightly refuse at: reading an object, or asking the
// kernel for it.
const AtAnyStage Stage = ""

// IPRoute2Layout names iproute2's structs for [Layout].
const IPRoute2Layout = loader.IPRoute2Layout

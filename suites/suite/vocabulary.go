// SPDX-License-Identifier: Apache-2.0

package suite

import "github.com/loadstone-bpf/loadstone/loader"

// The words of the loader protocol that specs use, so that a spec imports this package and no other.
type (
	Stage = loader.Stage // how far a loader had come when it refused
	Class = loader.Class // why it refused

	NewMap        = loader.Create        // what [Conversation.Create] asks for
	MapAttributes = loader.MapAttributes // of a [NewMap]

	Difference = loader.Difference // between a pinned map and a definition: see [NameTheDifferences]
)

// Stages.
const (
	AtOpen     = loader.AtOpen
	AtLink     = loader.AtLink
	AtLoad     = loader.AtLoad
	AtCreate   = loader.AtCreate
	AtPin      = loader.AtPin
	AtRelocate = loader.AtRelocate
	AtVerify   = loader.AtVerify
	AtAttach   = loader.AtAttach
	AtCommand  = loader.AtCommand
)

// AtAnyStage is for refusals that loaders rightly make at different stages: reading an object, or asking the kernel for it.
const AtAnyStage Stage = ""

// Classes.
const (
	Malformed       = loader.Malformed
	MalformedELF    = loader.MalformedELF
	MalformedBTF    = loader.MalformedBTF
	Invalid         = loader.Invalid
	BadMapDef       = loader.BadMapDef
	BadRelocation   = loader.BadRelocation
	BadProgram      = loader.BadProgram
	NotSupported    = loader.NotSupported
	UnknownMapField = loader.UnknownMapField
	UnknownMapKind  = loader.UnknownMapKind
	UnknownSection  = loader.UnknownSection
	KernelLacks     = loader.KernelLacks
	NotFound        = loader.NotFound
	BTFMissing      = loader.BTFMissing
	Unresolved      = loader.Unresolved
	IncompatiblePin = loader.IncompatiblePin
	NameConflict    = loader.NameConflict
	Permission      = loader.Permission
	Limit           = loader.Limit
	Busy            = loader.Busy
	Verifier        = loader.Verifier
	IO              = loader.IO
)

// IPRoute2Layout is for [Layout].
const IPRoute2Layout = loader.IPRoute2Layout

// Handlers that a driver registers: see [Handlers].
const (
	MapSectionHandler      = loader.MapSectionHandler
	MapFieldHandler        = loader.MapFieldHandler
	ProgramPrefixHandler   = loader.ProgramPrefixHandler
	ProgramExactHandler    = loader.ProgramExactHandler
	ProgramFallbackHandler = loader.ProgramFallbackHandler
)

// Attributes that [Attempt.SetMap] and [Attempt.SetProgram] change. The first three are in a [Difference] only.
const (
	MapType     = loader.MapType
	KeySize     = loader.KeySize
	ValueSize   = loader.ValueSize
	MaxEntries  = loader.MaxEntries
	MapFlags    = loader.MapFlags
	NumaNode    = loader.NumaNode
	MapExtra    = loader.MapExtra
	PinPath     = loader.PinPath
	Reuse       = loader.Reuse
	InnerMap    = loader.InnerMap
	AutoCreate  = loader.AutoCreate
	AutoLoad    = loader.AutoLoad
	ProgramType = loader.ProgramType
)

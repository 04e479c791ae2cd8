// Code generated from loader/protocol by go generate ./loader. DO NOT EDIT.

// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"github.com/loadstone-bpf/loadstone/loader"
)

// Stages of the loader protocol.
const (
	AtOpen     = loader.AtOpen
	AtLink     = loader.AtLink
	AtLoad     = loader.AtLoad
	AtCreate   = loader.AtCreate
	AtPin      = loader.AtPin
	AtRelocate = loader.AtRelocate
	AtVerify   = loader.AtVerify
	AtAttach   = loader.AtAttach
)

// Classes of the loader protocol.
const (
	Malformed       = loader.Malformed
	MalformedELF    = loader.MalformedELF
	MalformedBTF    = loader.MalformedBTF
	Invalid         = loader.Invalid
	BadMapDef       = loader.BadMapDef
	BadRelocation   = loader.BadRelocation
	BadProgram      = loader.BadProgram
	IncompatiblePin = loader.IncompatiblePin
	NotSupported    = loader.NotSupported
	UnknownMapField = loader.UnknownMapField
	UnknownMapKind  = loader.UnknownMapKind
	UnknownSection  = loader.UnknownSection
	KernelLacks     = loader.KernelLacks
	NotFound        = loader.NotFound
	BTFMissing      = loader.BTFMissing
	Unresolved      = loader.Unresolved
	NameConflict    = loader.NameConflict
	Permission      = loader.Permission
	Limit           = loader.Limit
	Busy            = loader.Busy
	Verifier        = loader.Verifier
	IO              = loader.IO
)

// Attributes of the loader protocol.
const (
	MapType       = loader.MapType
	KeySize       = loader.KeySize
	ValueSize     = loader.ValueSize
	Contents      = loader.Contents
	InitialValue  = loader.InitialValue
	MaxEntries    = loader.MaxEntries
	MapFlags      = loader.MapFlags
	NumaNode      = loader.NumaNode
	MapExtra      = loader.MapExtra
	PinPath       = loader.PinPath
	Reuse         = loader.Reuse
	InnerMap      = loader.InnerMap
	AutoCreate    = loader.AutoCreate
	AutoLoad      = loader.AutoLoad
	ProgramType   = loader.ProgramType
	MemberValue   = loader.MemberValue
	MemberProgram = loader.MemberProgram
)

// Handlers of the loader protocol.
const (
	MapSectionHandler      = loader.MapSectionHandler
	MapFieldHandler        = loader.MapFieldHandler
	ProgramPrefixHandler   = loader.ProgramPrefixHandler
	ProgramExactHandler    = loader.ProgramExactHandler
	ProgramFallbackHandler = loader.ProgramFallbackHandler
)

// Modes of the loader protocol.
const (
	NativeMode = loader.NativeMode
	SKBMode    = loader.SKBMode
)

// Ways of the loader protocol.
const (
	ByLink    = loader.ByLink
	ByNetlink = loader.ByNetlink
)

// Actions of the loader protocol.
const (
	Aborted  = loader.Aborted
	Drop     = loader.Drop
	Pass     = loader.Pass
	TX       = loader.TX
	Redirect = loader.Redirect
)

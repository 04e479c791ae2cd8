// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A Stage names the part of a load in which something was refused. The stages come in the order in
// which they are listed here; everything up to [StageResolve] happens in [Open].
type Stage = refuse.Stage

// The stages of a load.
const (
	StageOpen     = refuse.StageOpen     // bytes to an object: ELF, BTF
	StageLink     = refuse.StageLink     // several objects to one
	StageDefine   = refuse.StageDefine   // map sections to definitions
	StageResolve  = refuse.StageResolve  // relocations to what they refer to; externs
	StageCreate   = refuse.StageCreate   // definitions to maps in the kernel
	StagePin      = refuse.StagePin      // maps to and from bpffs
	StageRelocate = refuse.StageRelocate // functions to one program with everything it refers to
	StageLoad     = refuse.StageLoad     // programs to the kernel
	StageAttach   = refuse.StageAttach   // programs to what runs them
)

// A Class says why something was refused, in the vocabulary of loadstone's loader protocol. A slash
// refines a class.
type Class = refuse.Class

// The classes of errors.
const (
	ClassIO           = refuse.ClassIO
	ClassELF          = refuse.ClassELF
	ClassBTF          = refuse.ClassBTF
	ClassDefinition   = refuse.ClassDefinition
	ClassRelocation   = refuse.ClassRelocation
	ClassProgram      = refuse.ClassProgram
	ClassInvalid      = refuse.ClassInvalid
	ClassField        = refuse.ClassField
	ClassMapKind      = refuse.ClassMapKind
	ClassSection      = refuse.ClassSection
	ClassNotSupported = refuse.ClassNotSupported
	ClassNotInKernel  = refuse.ClassNotInKernel
	ClassBTFMissing   = refuse.ClassBTFMissing
	ClassUnresolved   = refuse.ClassUnresolved
	ClassNotFound     = refuse.ClassNotFound
	ClassPin          = refuse.ClassPin
	ClassNameConflict = refuse.ClassNameConflict
	ClassLimit        = refuse.ClassLimit
	ClassVerifier     = refuse.ClassVerifier
	ClassKernel       = refuse.ClassKernel
)

// Reasons to refuse. Test for them with [errors.Is].
var (
	ErrRead      = refuse.ErrRead
	ErrTooLarge  = refuse.ErrTooLarge
	ErrELF       = refuse.ErrELF
	ErrBTF       = refuse.ErrBTF
	ErrByteOrder = refuse.ErrByteOrder
	ErrSeveral   = refuse.ErrSeveral

	ErrBTFMissing      = refuse.ErrBTFMissing
	ErrDefinition      = refuse.ErrDefinition
	ErrTypeMissing     = refuse.ErrTypeMissing
	ErrConflictingSize = refuse.ErrConflictingSize
	ErrNotPointer      = refuse.ErrNotPointer
	ErrPinning         = refuse.ErrPinning
	ErrStatic          = refuse.ErrStatic
	ErrDuplicate       = refuse.ErrDuplicate
	ErrInitialiser     = refuse.ErrInitialiser
	ErrInner           = refuse.ErrInner
	ErrLayout          = refuse.ErrLayout
	ErrMapID           = refuse.ErrMapID
	ErrSlot            = refuse.ErrSlot
	ErrTooMany         = refuse.ErrTooMany
	ErrUnknownField    = refuse.ErrUnknownField
	ErrMapKind         = refuse.ErrMapKind
	ErrField           = refuse.ErrField

	// ErrHandBack is for handlers of maps to return: they do not know the definition either. It never reaches who opens an object.
	ErrHandBack = refuse.ErrHandBack
	ErrHandler  = refuse.ErrHandler

	ErrRelocation   = refuse.ErrRelocation
	ErrExtern       = refuse.ErrExtern
	ErrKernelExtern = refuse.ErrKernelExtern
	ErrProgram      = refuse.ErrProgram
	ErrStaticEntry  = refuse.ErrStaticEntry
	ErrSection      = refuse.ErrSection

	ErrProgramType  = refuse.ErrProgramType
	ErrTailCallType = refuse.ErrTailCallType
	ErrAttachTarget = refuse.ErrAttachTarget
	ErrNotCreated   = refuse.ErrNotCreated
	ErrLoaded       = refuse.ErrLoaded
	ErrNotLoaded    = refuse.ErrNotLoaded
	ErrAttach       = refuse.ErrAttach
	ErrValue        = refuse.ErrValue

	ErrPinPath         = refuse.ErrPinPath
	ErrPinID           = refuse.ErrPinID
	ErrPinTable        = refuse.ErrPinTable
	ErrPinSubdir       = refuse.ErrPinSubdir
	ErrPinPlace        = refuse.ErrPinPlace
	ErrPinLong         = refuse.ErrPinLong
	ErrPinned          = refuse.ErrPinned
	ErrPinName         = refuse.ErrPinName
	ErrIncompatiblePin = refuse.ErrIncompatiblePin

	ErrNode        = refuse.ErrNode
	ErrNodeUnknown = refuse.ErrNodeUnknown
)

// An Error is every error that this package returns: where, why, and what to do about it. It wraps
// one of the sentinels, or an errno of the kernel's ([syscall.Errno]), or a [VerifierError] with the
// verifier's log.
type Error struct {
	Stage   Stage
	Class   Class
	Object  string // name of the object
	Section string // of the object; empty if no section is to blame
	Symbol  string // map, program, variable or function; empty if none is to blame
	Err     error
}

// Error returns stage, object, section and symbol, from the outside in, and then what is wrong.
func (e *Error) Error() string {
	return (*refuse.Error)(e).Error()
}

// Unwrap returns the error without its place.
func (e *Error) Unwrap() error { return e.Err }

// export makes an *Error of an object from an error of the layers below.
func export(object string, err error) error {
	if err == nil {
		return nil
	}
	e := refuse.Locate(StageLoad, "", "", err)
	e.Object = cmp.Or(e.Object, object)
	return (*Error)(e)
}

// fromHandler makes an error of the layers below from one that a caller's handler returned. A handler
// may call this package, whose errors keep their stage and class.
func fromHandler(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return (*refuse.Error)(e)
	}
	return err
}

// A VerifierError is the kernel's refusal of a program, with the verifier's reasons.
type VerifierError struct {
	Log string // the verifier's, in full up to 16 MiB
	Err error  // the errno
}

// Error is the errno and the last line of the log that says something.
func (e *VerifierError) Error() string {
	lines := strings.Split(strings.TrimSpace(e.Log), "\n")
	for len(lines) > 1 && strings.HasPrefix(lines[len(lines)-1], "processed ") {
		lines = lines[:len(lines)-1]
	}
	return fmt.Sprintf("verifier: %v: %s", e.Err, lines[len(lines)-1])
}

// Unwrap is the errno.
func (e *VerifierError) Unwrap() error { return e.Err }

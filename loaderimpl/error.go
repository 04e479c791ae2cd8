// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"errors"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// A Stage names the part of a load in which something was refused. The stages come in this order;
// all up to "resolve" happen in [Open].
//
//	"open"      bytes to an object: ELF, BTF
//	"link"      several objects to one
//	"define"    map sections to definitions
//	"resolve"   relocations to what they refer to; externs
//	"create"    definitions to maps in the kernel
//	"pin"       maps to and from bpffs
//	"relocate"  functions to one program with everything it refers to
//	"load"      programs to the kernel
//	"attach"    programs to what runs them
type Stage = refuse.Stage

// A Class says why something was refused, in the vocabulary of loadstone's loader protocol. It is
// an error itself: test for it with [errors.Is], and wrap it in the errors of handlers. A slash
// refines a class, so an error of [ClassProgram] is one of [ClassInvalid], too. The class of an
// [Error] is empty where the kernel's errno, in the chain, says why, or an error of a caller's
// handler.
type Class = refuse.Class

// The classes of errors.
const (
	ClassIO  = refuse.ClassIO  // io: the file cannot be read
	ClassELF = refuse.ClassELF // malformed/elf
	ClassBTF = refuse.ClassBTF // malformed/btf

	ClassInvalid    = refuse.ClassInvalid    // invalid: a wrong use of an object, option or call
	ClassDefinition = refuse.ClassDefinition // invalid/map-definition
	ClassRelocation = refuse.ClassRelocation // invalid/relocation
	ClassProgram    = refuse.ClassProgram    // invalid/program
	ClassPin        = refuse.ClassPin        // invalid/incompatible-pin: see [MapDiffersError]

	ClassNotSupported = refuse.ClassNotSupported // not-supported
	ClassField        = refuse.ClassField        // not-supported/map-field: an unknown one
	ClassMapKind      = refuse.ClassMapKind      // not-supported/map-definition: no parser reads it
	ClassSection      = refuse.ClassSection      // not-supported/section: its name says no type
	ClassNotInKernel  = refuse.ClassNotInKernel  // not-supported/kernel: this kernel lacks it

	ClassNotFound   = refuse.ClassNotFound   // not-found: nothing of that name
	ClassBTFMissing = refuse.ClassBTFMissing // not-found/btf: compile with -g
	ClassUnresolved = refuse.ClassUnresolved // not-found/symbol: an extern that nothing defines

	ClassNameConflict = refuse.ClassNameConflict // name-conflict: something is pinned there already
	ClassLimit        = refuse.ClassLimit        // limit: too many, or too long
	ClassVerifier     = refuse.ClassVerifier     // verifier: see [VerifierError]
)

// An Error says what was refused where and why, and what to do about it. It wraps
// its [Class], and the kernel's errno ([syscall.Errno]), a [MapDiffersError] or a [VerifierError]
// where there is one.
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

// Unwrap returns the class, and the error without its place.
func (e *Error) Unwrap() []error { return []error{e.Class, e.Err} }

// export makes an *Error of an object from an error of the layers below.
func export(object string, err error) error {
	if err == nil {
		return nil
	}
	e := refuse.Locate(refuse.StageLoad, "", "", err)
	e.Object = cmp.Or(e.Object, object)
	return (*Error)(e)
}

// fromHandler makes an error of the layers below from one that a caller's handler returned. A
// handler may call this package, whose errors keep their stage and class.
func fromHandler(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return (*refuse.Error)(e)
	}
	return err
}

// A VerifierError holds the verifier's reasons to refuse a program. The errno is beside it in the
// chain.
type VerifierError struct {
	Log string // in full up to 16 MiB; the last 16 MiB of a longer one
}

// Error returns the last line of the log that says something.
func (e *VerifierError) Error() string {
	return sys.LastLine(e.Log)
}

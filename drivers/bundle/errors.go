// SPDX-License-Identifier: Apache-2.0

package bundle

import "errors"

// ErrUsage matches, with errors.Is, the errors that the user can cure by asking for something else
// or by changing a manifest: exit code 2. All other errors of this package, and those of package
// apt that it passes on, mean that the harness could not do its job: exit code 3.
var ErrUsage = errors.New("wrong usage")

// usage matches ErrUsage.
type usage string

func (u usage) Error() string        { return string(u) }
func (u usage) Is(target error) bool { return target == ErrUsage }

// Errors that match [ErrUsage].
var (
	ErrUnknownVersion error = usage("unknown version")
	ErrNoFile         error = usage("no such file to bring along")
	ErrNoCommand      error = usage("command is not in the driver's root")
	ErrNoStart        error = usage("it cannot be started")
	ErrMissingLibrary error = usage("shared library is missing")
)

// Errors that do not match [ErrUsage], beside those of package apt.
var (
	ErrNoCompiler   = errors.New("no compiler")
	ErrCompile      = errors.New("it does not compile")
	ErrAltered      = errors.New("file is not what was put there")
	ErrOtherVersion = errors.New("the suite has another version by now")
)

// SPDX-License-Identifier: Apache-2.0

package kernel

import "errors"

// ErrUsage matches, with errors.Is, the errors that the user can cure by
// asking for something else: exit code 2. All other errors of this package mean
// that the harness could not do its job: exit code 3.
var ErrUsage = errors.New("wrong usage")

// usage matches ErrUsage.
type usage string

func (u usage) Error() string        { return string(u) }
func (u usage) Is(target error) bool { return target == ErrUsage }
func (u usage) ExitCode() int        { return 2 }

// Errors that match [ErrUsage].
var (
	ErrUnknownKernel   error = usage("unknown kernel")
	ErrNotAnImage      error = usage("not a kernel image")
	ErrModulesMismatch error = usage("modules are not of the kernel's release")
	ErrNotBuilt        error = usage("kernel tree is not built")
	ErrAmbiguous       error = usage("more than one kernel")
)

// Errors that do not match [ErrUsage], beside those of package apt.
var (
	ErrCorrupt  = errors.New("file is not what was put there")
	ErrNoModule = errors.New("kernel has no such module")
	ErrNoConfig = errors.New("kernel has no known configuration")
)

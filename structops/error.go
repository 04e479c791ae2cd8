// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"errors"
	"fmt"
	"strings"
)

// How looking for, inserting or removing a structure can end. All errors of this package that have
// one of these reasons wrap it.
var (
	// ErrNotThere reports a name or id that no structure of the kernel has.
	ErrNotThere = errors.New("not there")

	// ErrAmbiguous reports a name that several structures have: see [AmbiguousError].
	ErrAmbiguous = errors.New("ambiguous")

	// ErrInUse reports a structure that was unregistered and that users in the kernel, such as
	// connections, still hold. The kernel frees it with the last of them.
	ErrInUse = errors.New("in use")

	// ErrBeingFreed reports a structure that had been unregistered before, and that users in the
	// kernel still hold.
	ErrBeingFreed = errors.New("being freed")

	// ErrHeld reports a structure that a process keeps: its map, or its link on a kernel that
	// detaches none.
	ErrHeld = errors.New("held")

	// ErrThere reports that a structure of that name is there already.
	ErrThere = errors.New("there already")

	// ErrNoBPFFS reports a folder for pins that is not in a bpffs.
	ErrNoBPFFS = errors.New("no bpffs")

	// ErrName reports a name that no structure of an object has.
	ErrName = errors.New("no structure is named")

	// ErrRefused reports an object that the loader or the kernel refuses.
	ErrRefused = errors.New("refused")
)

// An AmbiguousError names all structures that have a name. It wraps [ErrAmbiguous].
type AmbiguousError struct {
	Name string
	Have []Structure
}

func (e *AmbiguousError) Error() string {
	each := make([]string, len(e.Have))
	for i, s := range e.Have {
		registered := "registered"
		if !s.Registered {
			registered = "not registered"
		}
		each[i] = fmt.Sprintf("id:%d (%s %s, map %s, %s, %s)", s.ID, s.Type,
			Printable(s.Called()), s.Map, s.State, registered)
	}
	return fmt.Sprintf("%s: %d structures have this name; give one of %s", e.Name,
		len(e.Have), strings.Join(each, ", "))
}

// Unwrap returns [ErrAmbiguous].
func (e *AmbiguousError) Unwrap() error { return ErrAmbiguous }

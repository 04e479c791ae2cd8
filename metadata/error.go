// SPDX-License-Identifier: Apache-2.0

package metadata

import "errors"

// How reading metadata can end. All errors of this package that have one of these reasons wrap it.
var (
	// ErrNotThere reports an id, a pin or a file that does not exist, or that is no program.
	ErrNotThere = errors.New("not there")

	// ErrRefused reports an object that the reference loader refuses to open.
	ErrRefused = errors.New("refused")
)

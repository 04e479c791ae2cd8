// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"slices"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// An undoStack knows how to take back what a load made so far.
type undoStack struct {
	undos []func() error // for a load that fails, last first
	ends  []func()       // for any load, after that
}

// push adds a step that undoes what was just made.
func (s *undoStack) push(undo func() error) { s.undos = append(s.undos, undo) }

// finally adds a step for the end of the load, whether it fails or not.
func (s *undoStack) finally(f func()) { s.ends = append(s.ends, f) }

// undo takes back what was made because of err, last first. The error says what could not be
// taken back.
func (s *undoStack) undo(err error) error {
	e := refuse.Locate(refuse.StageLoad, "", "", err)
	for _, undo := range slices.Backward(s.undos) {
		if undoErr := undo(); undoErr != nil {
			e.Err = fmt.Errorf("%w; then, undoing it: %w", e.Err, undoErr)
		}
	}
	return e
}

// end runs the steps for the end of the load.
func (s *undoStack) end() {
	for _, f := range s.ends {
		f()
	}
}

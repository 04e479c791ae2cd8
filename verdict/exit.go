// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"strings"
)

// Exit codes of every command. Those of a run are decided in this file.
const (
	ExitClean = 0
	// a loader failed a requirement, a kernel died, an expectation no longer holds, or nothing
	// passed in a cell
	ExitFailed  = 1
	ExitUsage   = 2 // wrong usage
	ExitHarness = 3 // the harness could not do its job
)

// A RunError says that a run was not clean. Reports say the rest.
type RunError struct {
	Failed   int  // verdicts that are a loader's or a kernel's failure
	Unknown  int  // verdicts that say nothing: broken, or missing from the file
	Problems int  // what is wrong beyond single specs
	Unproved int  // cells without a pass, and without anything of the above
	Partial  bool // the run did not come to its end
}

func (e *RunError) Error() string {
	var parts []string
	if e.Partial {
		parts = append(parts, "the run is incomplete")
	}
	if e.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d without a verdict on the loader", e.Unknown))
	}
	if e.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", e.Failed))
	}
	if e.Unproved > 0 {
		parts = append(parts, fmt.Sprintf("%d cells without a pass", e.Unproved))
	}
	if e.Problems > 0 {
		parts = append(parts, fmt.Sprintf("%d problems beyond single specs", e.Problems))
	}
	return strings.Join(parts, ", ")
}

// ExitCode returns 3 where the harness did not do its job: something is broken, missing, or the run
// is not whole. That comes before 1, a failed requirement: what such a run does not report as
// failed need not be good, and a failure that it did find is in its report all the same. A crash is
// a 1: it is a result of that kernel and that loader, like any failure.
func (e *RunError) ExitCode() int {
	if e.Partial || e.Unknown > 0 {
		return ExitHarness
	}
	return ExitFailed
}

// Err returns nil for a clean run, or a [*RunError].
func (f *File) Err() error {
	e := RunError{
		Unknown: f.Owed(), Problems: len(f.Problems()), Unproved: len(f.Unproved()),
		Partial: !f.Complete(),
	}
	for _, v := range f.Verdicts {
		if v.Fails() {
			e.Failed++
		}
		if v.Unknown() {
			e.Unknown++
		}
	}
	if e == (RunError{}) {
		return nil
	}
	return &e
}

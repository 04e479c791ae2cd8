// SPDX-License-Identifier: Apache-2.0

package refuse

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestClassesRefineEachOther(t *testing.T) {
	for _, c := range []struct {
		class, target Class
		want          bool
	}{
		{ClassProgram, ClassProgram, true},
		{ClassProgram, ClassInvalid, true},
		{ClassInvalid, ClassProgram, false},
		{ClassProgram, ClassDefinition, false},
		{"invalidated", ClassInvalid, false},
		{ClassProgram, ClassKernel, false},
		{ClassKernel, ClassKernel, true},
		{ClassKernel, ClassInvalid, false},
	} {
		if got := errors.Is(fmt.Errorf("wrapped: %w", c.class), c.target); got != c.want {
			t.Errorf("%q is %q: %v, want %v", c.class, c.target, got, c.want)
		}
	}
	if errors.Is(ClassInvalid, errors.New("invalid")) {
		t.Error("a class is an error of the same text")
	}
}

func TestTheClassOfAnErrorIsThatOfItsReason(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Class
	}{
		{ErrELF, ClassELF},
		{fmt.Errorf("header: %w", ErrELF), ClassELF},
		{fmt.Errorf("handler: %w", ClassSection), ClassSection},
		{fmt.Errorf("%w: %w", syscall.ENOENT, ErrRead), ClassIO},
		{syscall.EINVAL, ClassKernel},
	} {
		if got := ClassOf(c.err); got != c.want {
			t.Errorf("%v: class %q, want %q", c.err, got, c.want)
		}
	}
}

// The first place that an error is given is the nearest to the fault, and stays.
func TestAnErrorKeepsItsFirstPlace(t *testing.T) {
	err := At(StageDefine, "", "m", fmt.Errorf("field: %w", ErrDefinition))
	err = At(StageOpen, ".maps", "other", fmt.Errorf("outside: %w", err))
	want := &Error{Stage: StageDefine, Class: ClassDefinition, Section: ".maps", Symbol: "m"}
	if diff := cmp.Diff(want, err, cmpopts.IgnoreFields(Error{}, "Err")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := err.Error(); got != "define .maps m: field: bad map definition" {
		t.Error(got)
	}
	if At(StageOpen, "", "", nil) != nil {
		t.Error("no error was given a place")
	}
}

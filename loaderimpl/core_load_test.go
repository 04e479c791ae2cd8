// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// An instruction for which the kernel's types have no number is no fault of a program that does not
// come to it, and is named where one does.
func TestWhatTheKernelLacksIsNamedWhereItRuns(t *testing.T) {
	l := load(t, "core_missing", Options{}, func(o *Object) { do(t, o.Program("live").SetAutoload(false)) })
	if len(l.Programs) != 1 {
		t.Errorf("programs %v", l.Programs)
	}
	o := openTest(t, "core_missing", Options{})
	_, err := o.Load(LoadOptions{})
	var verifier *VerifierError
	if !errors.Is(err, refuse.ErrNoSuchType) || !errors.Is(err, ClassVerifier) || !errors.As(err, &verifier) {
		t.Fatalf("%v, want %v, of %v, with the verifier's log", err, refuse.ErrNoSuchType, ClassVerifier)
	}
	const names = "bpf_core_field_offset(struct task_struct, loadstone.list[2]): not in struct task_struct of vmlinux"
	if !strings.Contains(err.Error(), names) {
		t.Errorf("%v\ndoes not say %s", err, names)
	}
}

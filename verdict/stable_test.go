// SPDX-License-Identifier: Apache-2.0

package verdict

import "testing"

func TestRepeatedRuns(t *testing.T) {
	one := fileOf(t, "libbpf@1.1 6.12 a pass", "libbpf@1.1 6.12 b fail", "libbpf@1.1 5.10 a skip")
	for _, tt := range []struct {
		name     string
		again    []string
		same     int
		unstable string // the spec and kernel of the first; "" for none
	}{
		{"the same in another order", []string{"libbpf@1.1 5.10 a skip", "libbpf@1.1 6.12 b fail", "libbpf@1.1 6.12 a pass"}, 3, ""},
		{"another kind", []string{"libbpf@1.1 6.12 a pass", "libbpf@1.1 6.12 b pass", "libbpf@1.1 5.10 a skip"}, 2, "b 6.12"},
		{"a fail that has a splat", []string{"libbpf@1.1 6.12 a pass", "libbpf@1.1 6.12 b splat", "libbpf@1.1 5.10 a skip"}, 2, "b 6.12"},
		{"none", []string{"libbpf@1.1 6.12 b fail", "libbpf@1.1 5.10 a skip"}, 2, "a 6.12"},
		{"one more", []string{"libbpf@1.1 6.12 a pass", "libbpf@1.1 6.12 b fail", "libbpf@1.1 5.10 a skip", "libbpf@1.1 5.10 c pass"}, 3, "c 5.10"},
		{"another version is another cell", []string{"libbpf@1.7 6.12 a pass"}, 0, "a 5.10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Repeated([]*File{one, fileOf(t, tt.again...), one})
			first := ""
			if len(s.Unstable) > 0 {
				first = s.Unstable[0].Spec + " " + s.Unstable[0].Kernel
			}
			if s.Same != tt.same || first != tt.unstable || s.Stable() != (tt.unstable == "") {
				t.Errorf("%d the same, first unstable %q, stable %v", s.Same, first, s.Stable())
			}
		})
	}
}

func TestRepeatedRunsThatDependOnTheirOrder(t *testing.T) {
	one, other := fileOf(t, "libbpf@1.1 6.12 a pass"), fileOf(t, "libbpf@1.1 6.12 a pass")
	other.Verdicts[0].Shared = &Shared{Kind: Fail, Differs: true}
	if s := Repeated([]*File{one, other}); s.Stable() {
		t.Error("a spec that failed in a guest that others had used is stable")
	}
}

func TestRunsWithoutVerdictsAreNotStable(t *testing.T) {
	if s := Repeated([]*File{fileOf(t), fileOf(t)}); s.Stable() {
		t.Error("nothing was run, and it is stable")
	}
}

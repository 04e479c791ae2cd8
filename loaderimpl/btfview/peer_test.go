// SPDX-License-Identifier: Apache-2.0

package btfview

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestTheLeastTypesBesideBpftool holds what is kept against what bpftool gen min_core_btf keeps of
// the same types for the same objects. It is larger in two ways alone: nothing at all is one type,
// as no loader reads types that are none, and of candidates that fit all are kept, where bpftool
// keeps the last.
func TestTheLeastTypesBesideBpftool(t *testing.T) {
	bpftool, err := exec.LookPath("/usr/sbin/bpftool")
	if err != nil {
		t.Fatalf("no bpftool to compare with: %v; run make setup", err)
	}
	const noTypes = 24 + 1 // bytes: a header, and the empty string
	path := filepath.Join(t.TempDir(), "min.btf")
	compared, smaller := 0, 0
	for _, kernel := range compiled(t, "target_", "types_", "nic_") {
		for _, object := range compiled(t, "e", "live_", "offset", "read", "shift", "sign", "size", "type_", "hints_") {
			name := fmt.Sprintf("%s against %s", filepath.Base(object), filepath.Base(kernel))
			s, err := Open(kernel, nil)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := s.Min([]string{object})
			if err != nil {
				continue // TestTheLeastTypesGiveTheSameNumbers holds which are refused
			}
			out, err := exec.Command(bpftool, "gen", "min_core_btf", kernel, path, object).CombinedOutput()
			if err != nil {
				// Of two types bpftool prefers none, and here the one that has more counts.
				if !bytes.Contains(out, []byte("ambiguity")) {
					t.Errorf("%s: bpftool: %v: %s", name, err, out)
				}
				continue
			}
			theirs, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			compared++
			switch {
			case len(raw) < len(theirs):
				smaller++
			case len(raw) > len(theirs) && len(theirs) != noTypes && !slices.ContainsFunc(explained(t, kernel, object), manyFit):
				t.Errorf("%s: %d bytes, and bpftool needs %d", name, len(raw), len(theirs))
			}
		}
	}
	if compared < 1000 || smaller < 100 {
		t.Errorf("%d comparisons, %d of them smaller: too few to say something", compared, smaller)
	}
}

// manyFit reports whether several candidates have what is asked for.
func manyFit(r Relocation) bool {
	fit := 0
	for _, c := range r.Candidates {
		if c.Value != nil {
			fit++
		}
	}
	return fit > 1
}

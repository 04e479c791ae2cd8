// SPDX-License-Identifier: Apache-2.0

package btfview

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// compiled returns the objects of suite xdphints whose names begin with one of the prefixes.
func compiled(t *testing.T, prefixes ...string) []string {
	t.Helper()
	order := "el"
	if !objfile.NativeLittle {
		order = "eb"
	}
	var found []string
	for _, prefix := range prefixes {
		paths, err := filepath.Glob(filepath.Join("../../objects/xdphints", order, prefix+"*.o"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d objects, %v", prefix, len(paths), err)
		}
		found = append(found, paths...)
	}
	return found
}

// explained returns what becomes of an object's relocations.
func explained(t *testing.T, kernel, object string) []Relocation {
	t.Helper()
	s, err := Open(kernel, nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Explain(object)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestTheLeastTypesGiveTheSameNumbers relocates every object that reads something against every set
// of types, and against what is kept of that set for it.
func TestTheLeastTypesGiveTheSameNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "min.btf")
	combinations, values, smaller := 0, 0, 0
	for _, kernel := range compiled(t, "target_", "types_", "nic_") {
		for _, object := range compiled(t, "e", "live_", "offset", "read", "shift", "sign", "size", "type_", "hints_") {
			name := fmt.Sprintf("%s against %s", filepath.Base(object), filepath.Base(kernel))
			all := explained(t, kernel, object)
			s, err := Open(kernel, nil)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := s.Min([]string{object})
			refused, ids := false, false
			for _, r := range all {
				refused = refused || r.Refused != ""
				ids = ids || strings.HasPrefix(r.Expression, "bpf_core_type_id_kernel") && r.Chosen != ""
			}
			if refused || ids {
				if err == nil || ids && !refused && !errors.Is(err, ErrNeedsIDs) {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			combinations++
			if kept, of, err := Kept(raw, s); err != nil || kept > of {
				t.Errorf("%s: %d of %d types, %v", name, kept, of, err)
			} else if kept < of {
				smaller++
			}
			min := explained(t, path, object)
			if diff := cmp.Diff(all, min, cmpopts.IgnoreFields(Relocation{}, "Candidates", "Chosen", "Poisoned")); diff != "" {
				t.Errorf("%s: (-all +least)\n%s", name, diff)
			}
			for i := range all {
				if (all[i].Poisoned == "") != (min[i].Poisoned == "") {
					t.Errorf("%s: %q, then %q", name, all[i].Poisoned, min[i].Poisoned)
				}
				if all[i].Value != nil && *all[i].Value != 0 {
					values++
				}
			}
		}
	}
	if combinations < 100 || values < 100 || smaller < 100 {
		t.Errorf("%d combinations with %d numbers that are not 0, %d of them smaller: too few to say something", combinations, values, smaller)
	}
}

// TestFewerTypesAreHeldToTheSameNumbers gives what was chosen among two types of one name both of
// them, and no choice.
func TestFewerTypesAreHeldToTheSameNumbers(t *testing.T) {
	path, kernel := compiled(t, "live_hash")[0], compiled(t, "target_two")[0]
	s, err := Open(kernel, nil)
	if err == nil {
		err = s.Choose("loadstone_meta=loadstone_meta___two")
	}
	if err != nil {
		t.Fatal(err)
	}
	o, err := openObject(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.resolver(o.types)
	if err != nil {
		t.Fatal(err)
	}
	var asked []askedFor
	for _, f := range o.functions() {
		asked = append(asked, askedFor{path, o, f.relos, r.Explain(f.relos)})
	}
	if err := checkSame(s.Stitch(), asked); !errors.Is(err, ErrNotTheSame) {
		t.Errorf("both: %v", err)
	}
	fewer, err := s.Min([]string{path})
	if err != nil || checkSame(fewer, asked) != nil {
		t.Errorf("the chosen one: %v, %v", err, checkSame(fewer, asked))
	}
}

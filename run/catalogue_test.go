// SPDX-License-Identifier: Apache-2.0

package run

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

var catalogue = Catalogue{
	{ID: "mapdefs.btf.name", Requirement: "mapdefs.btf.name", Suite: "mapdefs"},
	{ID: "mapdefs.btf.name/long", Requirement: "mapdefs.btf.name", Suite: "mapdefs"},
	{ID: "mapdefs.legacy.size", Requirement: "mapdefs.legacy.size", Suite: "mapdefs"},
	{ID: "numa.node", Requirement: "numa.node", Suite: "numa"},
}

func TestSelect(t *testing.T) {
	for _, tt := range []struct {
		name          string
		suites, specs []string
		want          []string
		err           error
	}{
		{name: "everything", want: []string{"mapdefs.btf.name", "mapdefs.btf.name/long", "mapdefs.legacy.size", "numa.node"}},
		{name: "a suite", suites: []string{"numa"}, want: []string{"numa.node"}},
		{name: "a spec", specs: []string{"mapdefs.legacy.size"}, want: []string{"mapdefs.legacy.size"}},
		{name: "a variant", specs: []string{"mapdefs.btf.name/long"}, want: []string{"mapdefs.btf.name/long"}},
		{name: "a requirement means its variants", specs: []string{"mapdefs.btf.name"}, want: []string{"mapdefs.btf.name", "mapdefs.btf.name/long"}},
		{name: "the start of ids", specs: []string{"mapdefs.*"}, want: []string{"mapdefs.btf.name", "mapdefs.btf.name/long", "mapdefs.legacy.size"}},
		{name: "no such suite", suites: []string{"pinning"}, err: ErrNoSuite},
		{name: "no such spec", specs: []string{"mapdefs.btf.size"}, err: ErrNoSpec},
		{name: "one of two is no spec", specs: []string{"numa.node", "nothing.*"}, err: ErrNoSpec},
		{name: "a spec of another suite", suites: []string{"numa"}, specs: []string{"mapdefs.legacy.size"}, err: ErrNoSpec},
	} {
		t.Run(tt.name, func(t *testing.T) {
			chosen, err := catalogue.Select(tt.suites, tt.specs)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			var ids []string
			for _, s := range chosen {
				ids = append(ids, s.ID)
			}
			if diff := cmp.Diff(tt.want, ids); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSpecsAndRequirementsAnswerEachOther(t *testing.T) {
	set, err := requirements.Read()
	if err != nil {
		t.Fatal(err)
	}
	var whole Catalogue
	for _, r := range set.All() {
		whole = append(whole,
			record.Spec{ID: r.ID + "/variant", Requirement: r.ID, Suite: r.Area()})
	}
	without := func(drop func(record.Spec) bool) Catalogue { return slices.DeleteFunc(slices.Clone(whole), drop) }
	first := set.All()[0]
	for _, c := range []struct {
		name      string
		catalogue Catalogue
		says      []string // the lines of the error; none for no error
	}{
		{"all", whole, nil},
		{"beside the harness's own", append(slices.Clone(whole), record.Spec{ID: record.TrialSpec, Suite: "check"}, record.Spec{ID: "faults.panic", Suite: "faults"}), nil},
		{"one suite is missing", without(func(s record.Spec) bool { return s.Suite == "numa" }),
			[]string{"area numa has no specs: its suite belongs in the list of suites/all"}},
		{"one requirement has no spec", without(func(s record.Spec) bool { return s.Requirement == first.ID }),
			[]string{"requirement " + first.ID + " has no spec: write it in suites/" + first.Area()}},
		{"a spec has no requirement", append(slices.Clone(whole), record.Spec{ID: "numa.invented", Suite: "numa", Place: "numa/a.go:1"}),
			[]string{"spec numa.invented (numa/a.go:1) has no requirement: write it in requirements/"}},
		{"a requirement's spec in a suite of the harness only", append(without(func(s record.Spec) bool { return s.Suite == "numa" }), record.Spec{ID: "numa", Suite: "faults"}),
			[]string{"area numa has no specs: its suite belongs in the list of suites/all"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.catalogue.Check(set)
			if c.says == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrOtherSpecs) {
				t.Fatalf("error %v, want %v", err, ErrOtherSpecs)
			}
			if diff := cmp.Diff(c.says, strings.Split(err.Error(), "\n  ")[1:]); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	if err := (Catalogue)(nil).Check(set); !errors.Is(err, ErrOtherSpecs) {
		t.Errorf("no specs at all: %v", err)
	}
}

// A guest program from before some specs, or without one variant of a requirement, has all areas
// and all requirements.
func TestCommittedSpecsAreThere(t *testing.T) {
	spec := func(id string) record.Spec { return record.Spec{ID: id} }
	committed := []string{"numa.a", "numa.b/one"}
	for _, c := range []struct {
		name      string
		catalogue Catalogue
		says      string // of the error; empty for no error
	}{
		{"all", Catalogue{spec("numa.a"), spec("numa.b/one")}, ""},
		{"one more", Catalogue{spec("numa.a"), spec("numa.b/one"), spec("numa.b/two")}, ""},
		{"none", nil, "spec numa.a is missing"},
		{"one missing", Catalogue{spec("numa.a")}, "spec numa.b/one is missing"},
		{"one renamed", Catalogue{spec("numa.a"), spec("numa.b/other")}, "spec numa.b/one is missing"},
		{"one twice", Catalogue{spec("numa.a"), spec("numa.a"), spec("numa.b/one")}, "spec numa.a is there twice"},
	} {
		err := c.catalogue.CheckIDs(committed)
		if c.says == "" && err != nil || c.says != "" && (!errors.Is(err, ErrOtherSpecs) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
}

func TestAMistypedSpecIsToldItsNeighbours(t *testing.T) {
	_, err := catalogue.Select(nil, []string{"mapdefs.btf.names"})
	if err == nil || !strings.Contains(err.Error(), "did you mean mapdefs.btf.name") {
		t.Error(err)
	}
}

func TestReadCatalogueOfAProgramThatIsNone(t *testing.T) {
	program := filepath.Join(t.TempDir(), GuestProgram)
	for name, script := range map[string]string{
		"fails":          "#!/bin/sh\necho 'spec a has no requirement' >&2\nexit 3\n",
		"prints garbage": "#!/bin/sh\necho '{\"spec\":'\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			if all, err := ReadCatalogue(t.Context(), program); err == nil {
				t.Errorf("no error, but %v", all)
			}
		})
	}
}

func TestReadCatalogue(t *testing.T) {
	program := filepath.Join(t.TempDir(), GuestProgram)
	script := "#!/bin/sh\ntest \"$1\" = catalogue && echo '{\"spec\":\"a.b\",\"requirement\":\"a.b\",\"suite\":\"a\",\"place\":\"a/b.go:1\"}'\n"
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	all, err := ReadCatalogue(t.Context(), program)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Catalogue{record.Spec{
		ID: "a.b", Requirement: "a.b", Suite: "a", Place: "a/b.go:1",
	}}, all); diff != "" {
		t.Error(diff)
	}
}

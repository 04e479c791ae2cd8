// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/requirements"
)

const catalogued = `
- {id: fake.first, must: A loader does it., profiles: [btf-maps], sources: [{kind: ours, reason: A test.}]}
- {id: fake.second, should: A loader does that., profiles: [numa], sources: [{kind: ours, reason: A test.}], variants: {old: {kernel: "5.16"}}}
`

func TestCatalogue(t *testing.T) {
	specs := []Spec{
		{ID: "fake.second/old", Place: "fake/b.go:2"},
		{ID: "fake.second/new", Place: "fake/b.go:2"},
		{ID: "fake.first", Place: "fake/a.go:1"},
		{ID: "faults.pass", Place: "faults/faults.go:1", Hidden: true},
	}
	got, err := catalogue(specs, RequirementsOf(t, catalogued))
	if err != nil {
		t.Fatal(err)
	}
	second := Entry{
		Spec: "fake.second/new", Suite: "fake", Requirement: "fake.second", Level: "should",
		Sentence: "A loader does that.",
		Profiles: []string{"numa"}, Place: "fake/b.go:2",
	}
	old := second
	old.Spec, old.Needs = "fake.second/old", requirements.Needs{Kernel: requirements.Version{Major: 5, Minor: 16}}
	want := []Entry{
		{
			Spec: "fake.first", Suite: "fake", Requirement: "fake.first", Level: "must",
			Sentence: "A loader does it.",
			Profiles: []string{"btf-maps"}, Place: "fake/a.go:1",
		},
		second, old,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryBreachOfTheHouseRulesIsReported(t *testing.T) {
	specs := []Spec{
		{ID: "fake.first", Place: "fake/a.go:1"},
		{ID: "fake.first", Place: "fake/a.go:2"},
		{ID: "fake.third", Place: "fake/a.go:3"},
		{ID: "Fake.first", Place: "fake/a.go:4"},
		{ID: "fake.first/", Place: "fake/a.go:5"},
		{ID: "fake.second", Place: "fake/a.go:6", Hidden: true},
	}
	_, err := catalogue(specs, RequirementsOf(t, catalogued))
	if err == nil {
		t.Fatal("nothing is reported")
	}
	want := []string{
		"fake/a.go:2: spec fake.first is already at fake/a.go:1",
		"fake/a.go:3: spec fake.third has no requirement",
		`fake/a.go:4: id "Fake.first" is not dotted words of lower-case letters, digits, - and _, such as mapdefs.btf.unknown-field-refused`,
		`fake/a.go:5: id "fake.first/": variant "" is not lower-case letters, digits, - and _`,
		"fake/a.go:6: spec fake.second is hidden, but there is a requirement of that id",
		"requirement fake.second says what variant old needs, but no spec is that variant",
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestARequirementWithoutASpecIsReported(t *testing.T) {
	_, err := catalogue([]Spec{{ID: "fake.first", Place: "fake/a.go:1"}},
		RequirementsOf(t, catalogued))
	if err == nil || err.Error() != "requirement fake.second has no spec" {
		t.Errorf("error %v", err)
	}
}

func TestAnAreaWithoutASpecIsReported(t *testing.T) {
	specs := []Spec{{ID: "faults.pass", Place: "faults/faults.go:1", Hidden: true}}
	_, err := catalogue(specs, RequirementsOf(t, catalogued))
	const want = "requirements/fake.yaml has no spec: suites/all links in no suite of that area"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestProfilesAreFeaturesOfTheProtocol(t *testing.T) {
	features := []string{}
	for _, f := range []loader.Feature{
		loader.BTFMaps, loader.LegacyMaps, loader.Iproute2Maps, loader.CallbackMaps, loader.Pinning,
		loader.NUMA, loader.MapInMap,
		loader.GlobalData, loader.Kconfig, loader.Ksyms, loader.Metadata, loader.StaticLink, loader.XDPAttach, loader.XDPChain, loader.XDPLinkedChain, loader.StructOps,
		loader.CORE, loader.CustomBTF, loader.SplitBTF, loader.IgnoreUnknown, loader.MapCreate,
		loader.ProgramHandlers, loader.Unprivileged, loader.BPFToken,
	} {
		features = append(features, string(f))
	}
	slices.Sort(features)
	if diff := cmp.Diff(features, requirements.Profiles()); diff != "" {
		t.Error(diff)
	}
}

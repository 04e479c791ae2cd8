// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/requirements"
)

const catalogued = `
- {id: fake.first, must: A loader does it., profiles: [btf-maps], source: test}
- {id: fake.second, should: A loader does that., profiles: [numa], source: test, variants: {old: {kernel: "5.16"}}}
`

func TestCatalogue(t *testing.T) {
	specs := []spec{
		{id: "fake.second/old", place: "fake/b.go:2"},
		{id: "fake.second/new", place: "fake/b.go:2"},
		{id: "fake.first", place: "fake/a.go:1"},
		{id: "faults.pass", place: "faults/faults.go:1", hidden: true},
	}
	got, err := catalogue(specs, requirementsOf(t, catalogued))
	if err != nil {
		t.Fatal(err)
	}
	second := Entry{
		Spec: "fake.second/new", Suite: "fake", Requirement: "fake.second", Level: "should", Sentence: "A loader does that.",
		Profiles: []string{"numa"}, Place: "fake/b.go:2",
	}
	old := second
	old.Spec, old.Needs = "fake.second/old", requirements.Needs{Kernel: requirements.Version{Major: 5, Minor: 16}}
	want := []Entry{
		{
			Spec: "fake.first", Suite: "fake", Requirement: "fake.first", Level: "must", Sentence: "A loader does it.",
			Profiles: []string{"btf-maps"}, Place: "fake/a.go:1",
		},
		second, old,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryBreachOfTheHouseRulesIsReported(t *testing.T) {
	specs := []spec{
		{id: "fake.first", place: "fake/a.go:1"},
		{id: "fake.first", place: "fake/a.go:2"},
		{id: "fake.third", place: "fake/a.go:3"},
		{id: "Fake.first", place: "fake/a.go:4"},
		{id: "fake.first/", place: "fake/a.go:5"},
		{id: "fake.second", place: "fake/a.go:6", hidden: true},
	}
	_, err := catalogue(specs, requirementsOf(t, catalogued))
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
	_, err := catalogue([]spec{{id: "fake.first", place: "fake/a.go:1"}}, requirementsOf(t, catalogued))
	if err == nil || err.Error() != "requirement fake.second has no spec" {
		t.Errorf("error %v", err)
	}
}

func TestASuiteThatIsNotLinkedInIsNoBreach(t *testing.T) {
	entries, err := catalogue(nil, requirementsOf(t, catalogued))
	if err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestARegistrationKnowsItsPlace(t *testing.T) {
	before := len(registered)
	t.Cleanup(func() { registered = registered[:before] })
	It("fake.one", func(*Session) {})
	Refusal("fake.two", good, bad, AtOpen)
	Table("fake.three", func(*Session, variant) {}, []variant{"a", "b"})
	Hidden("fake.four", func(*Session) {})
	var ids []string
	for _, s := range registered[before:] {
		ids = append(ids, s.id)
		if !strings.HasPrefix(s.place, "suite/catalogue_test.go:") {
			t.Errorf("%s is at %s", s.id, s.place)
		}
	}
	if want := []string{"fake.one", "fake.two", "fake.three/a", "fake.three/b", "fake.four"}; !slices.Equal(ids, want) {
		t.Errorf("registered %q, want %q", ids, want)
	}
}

type variant string

func (v variant) Variant() string { return string(v) }

func TestProfilesAreFeaturesOfTheProtocol(t *testing.T) {
	features := []string{}
	for _, f := range []loader.Feature{
		loader.BTFMaps, loader.LegacyMaps, loader.Iproute2Maps, loader.CallbackMaps, loader.Pinning, loader.NUMA, loader.MapInMap,
		loader.GlobalData, loader.Metadata, loader.StaticLink, loader.XDPChain, loader.StructOps, loader.SplitBTF, loader.IgnoreUnknown, loader.MapCreate,
		loader.ProgramHandlers,
	} {
		features = append(features, string(f))
	}
	slices.Sort(features)
	if diff := cmp.Diff(features, requirements.Profiles()); diff != "" {
		t.Error(diff)
	}
}

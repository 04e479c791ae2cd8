// SPDX-License-Identifier: Apache-2.0

package requirements

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestEmbeddedRequirementsAreSound(t *testing.T) {
	set, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	if len(set.All()) == 0 {
		t.Error("there are none")
	}
}

const whole = `
- id: area.one
  must: It does one thing.
  profiles: [btf-maps, numa]
  needs: {kernel: "5.10", kconfig: [NUMA], map_type: bloom_filter, numa_nodes: 2}
  variants: &types
    small: {kernel: "5.16"}
  sources:
    - &one {kind: libbpf, file: src/libbpf.c, symbol: bpf_object__open, note: "-EINVAL"}
    - {kind: kernel, version: v5.3, commit: 0cdbb4b09a06}
  since: v0.2.0
  kernel_commit:
    - {commit: 0123456789ab, why: it had a bug}

- id: area.two
  should: It does another.
  profiles: [pinning]
  variants: *types
  sources: [*one, {kind: ours, reason: It is right.}]
`

func TestParse(t *testing.T) {
	set, err := Parse(fstest.MapFS{"area.yaml": {Data: []byte(whole)}})
	if err != nil {
		t.Fatal(err)
	}
	small := map[string]Needs{"small": {Kernel: Version{5, 16}}}
	open := Source{Kind: "libbpf", Version: "v1.7.0", File: "src/libbpf.c", Symbol: "bpf_object__open", Note: "-EINVAL"}
	want := []Requirement{
		{
			ID: "area.one", Level: Must, Sentence: "It does one thing.", Profiles: []string{"btf-maps", "numa"},
			Needs:    Needs{Kernel: Version{5, 10}, Kconfig: []string{"NUMA"}, MapType: "bloom_filter", NUMANodes: 2},
			Variants: small, Sources: []Source{open, {Kind: "kernel", Version: "v5.3", Commit: "0cdbb4b09a06"}}, Since: "v0.2.0",
			Commits: []Commit{{Commit: "0123456789ab", Why: "it had a bug"}},
		},
		{
			ID: "area.two", Level: Should, Sentence: "It does another.", Profiles: []string{"pinning"}, Variants: small,
			Sources: []Source{open, {Kind: "ours", Reason: "It is right."}},
		},
	}
	if diff := cmp.Diff(want, set.All()); diff != "" {
		t.Error(diff)
	}
}

func TestRequirementOfASpec(t *testing.T) {
	set, err := Parse(fstest.MapFS{"area.yaml": {Data: []byte(whole)}})
	if err != nil {
		t.Fatal(err)
	}
	r, found := set.ForSpec("area.one/small")
	if !found || r.ID != "area.one" || r.Area() != "area" {
		t.Fatalf("found %t: %+v", found, r)
	}
	if got, want := r.NeedsOf("area.one/small").String(), "kernel 5.16, bloom_filter maps, CONFIG_NUMA, 2 NUMA nodes"; got != want {
		t.Errorf("variant needs %q, want %q", got, want)
	}
	if got, want := r.NeedsOf("area.one/other").String(), "kernel 5.10, bloom_filter maps, CONFIG_NUMA, 2 NUMA nodes"; got != want {
		t.Errorf("other variant needs %q, want %q", got, want)
	}
	if _, found := set.ForSpec("area.three"); found {
		t.Error("found a requirement that is none")
	}
}

// entryWith returns an entry with these lines after its id.
func entryWith(id string, lines ...string) string {
	return "- id: " + id + "\n  " + strings.Join(lines, "\n  ") + "\n"
}

const (
	must    = "must: It does."
	forNUMA = "profiles: [numa]"
	source  = "sources: [{kind: ours, reason: It is right.}]"
)

func TestEveryMistakeIsReported(t *testing.T) {
	for _, tc := range []struct{ name, yaml, want string }{
		{"empty file", "", "area.yaml: no requirement in it"},
		{"no YAML", "- [", "area.yaml: yaml: line 1: did not find expected node content"},
		{"not a mapping", "- area.one", "area.yaml:1: want a mapping\narea.yaml:1: yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `area.one` into requirements.entry"},
		{
			"unknown key", entryWith("area.one", must, forNUMA, source, "colour: red"),
			`area.yaml:5: unknown key "colour", have id, must, should, profiles, needs, surroundings, variants, alone, sources, since, kernel_commit`,
		},
		{
			"unknown need", entryWith("area.one", must, forNUMA, source, "needs: {kernle: \"5.10\"}"),
			`area.yaml:5: unknown key "kernle", have freplace, kernel, kconfig, map_type, numa_nodes, struct_ops, struct_ops_link, token`,
		},
		{
			"unknown need of a variant", entryWith("area.one", must, forNUMA, source, "variants: {a: {arch: arm64}}"),
			`area.yaml:5: unknown key "arch", have freplace, kernel, kconfig, map_type, numa_nodes, struct_ops, struct_ops_link, token, surroundings`,
		},
		{
			"malformed id", entryWith("area.One", must, forNUMA, source),
			`area.yaml:1: id "area.One" is not dotted words of lower-case letters, digits, - and _, such as mapdefs.btf.unknown-field-refused`,
		},
		{"another area", entryWith("other.one", must, forNUMA, source), "area.yaml:1: other.one: does not belong to area.yaml: its area is other"},
		{
			"duplicate id", entryWith("area.one", must, forNUMA, source) + entryWith("area.one", must, forNUMA, source),
			"area.yaml:5: area.one: is already at area.yaml:1",
		},
		{
			"ids out of order", entryWith("area.two", must, forNUMA, source) + entryWith("area.one", must, forNUMA, source),
			"area.yaml:5: area.one: comes after area.two: ids are sorted",
		},
		{"no sentence", entryWith("area.one", forNUMA, source), "area.yaml:1: area.one: one of must and should says the sentence"},
		{
			"two sentences", entryWith("area.one", must, "should: It would.", forNUMA, source),
			"area.yaml:1: area.one: one of must and should says the sentence",
		},
		{
			"half a sentence", entryWith("area.one", "must: works", forNUMA, source),
			`area.yaml:1: area.one: "works" is no sentence: it does not end with a full stop`,
		},
		{"no profile", entryWith("area.one", must, source), "area.yaml:1: area.one: no profile: no loader is held to it"},
		{
			"unknown profile", entryWith("area.one", must, "profiles: [magic]", source),
			`area.yaml:1: area.one: unknown profile "magic", have ` + strings.Join(Profiles(), ", "),
		},
		{"no source", entryWith("area.one", must, forNUMA), "area.yaml:1: area.one: no source"},
		{
			"a version that YAML reads as a number", entryWith("area.one", must, forNUMA, source, "needs: {kernel: 5.10}"),
			"area.yaml:1: line 5: kernel 5.10: put it in quotes",
		},
		{
			"a version with too much in it", entryWith("area.one", must, forNUMA, source, "needs: {kernel: \"5.10.0\"}"),
			`area.yaml:1: line 5: kernel "5.10.0" is not major.minor`,
		},
		{
			"a probe without a version", entryWith("area.one", must, forNUMA, source, "needs: {map_type: arena}"),
			"area.yaml:1: area.one: needs map type arena, but not the kernel that brought it: a probe could not be contradicted",
		},
		{
			"kconfig with its prefix", entryWith("area.one", must, forNUMA, source, "needs: {kconfig: [CONFIG_NUMA]}"),
			`area.yaml:1: area.one: kconfig "CONFIG_NUMA": symbols are written without CONFIG_, in upper case`,
		},
		{
			"a commit without a reason", entryWith("area.one", must, forNUMA, source, "kernel_commit: [{commit: 0123456789ab}]"),
			"area.yaml:1: area.one: kernel_commit wants a hash of at least 12 digits and why it matters",
		},
		{
			"a variant's name", entryWith("area.one", must, forNUMA, source, "variants: {A: {kernel: \"5.10\"}}"),
			`area.yaml:1: area.one: variant "A" is not lower case letters, digits, - and _`,
		},
		{
			"several at once", entryWith("area.one", must, "profiles: [magic]", source) + entryWith("area.two", must, forNUMA),
			`area.yaml:1: area.one: unknown profile "magic", have ` + strings.Join(Profiles(), ", ") + "\narea.yaml:5: area.two: no source",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse(fstest.MapFS{"area.yaml": {Data: []byte(tc.yaml)}})
			if err == nil {
				t.Fatal("no mistake is reported")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVersionOf(t *testing.T) {
	for release, want := range map[string]Version{
		"5.10.0-32-cloud-amd64":     {5, 10},
		"6.12.0-160000.9-default":   {6, 12},
		"7.0-rc3+":                  {7, 0},
		"6.18":                      {6, 18},
		"6.1.0+deb12u1~bpo11+1-rt1": {6, 1},
	} {
		if got, err := VersionOf(release); err != nil || got != want {
			t.Errorf("%s: %v, %v", release, got, err)
		}
	}
	for _, release := range []string{"", "6", "six.one", "6.", "-6.1", "6.x", "6.99999999999999999999"} {
		if v, err := VersionOf(release); err == nil {
			t.Errorf("%q is version %v", release, v)
		}
	}
}

func TestSpecIDs(t *testing.T) {
	for id, sound := range map[string]bool{
		"area.one": true, "area.one/small": true, "area.one/5-10_x": true, "area.one/": false, "area.one/a/b": false, "area": false, "area..x": false,
		"area.-x": false, "": false, "area.one/Upper": false,
	} {
		if err := CheckSpecID(id); (err == nil) != sound {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		if _, err := Parse(files); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("- &a [*a]"))
	f.Fuzz(func(t *testing.T, yaml []byte) {
		set, err := Parse(fstest.MapFS{"area.yaml": {Data: yaml}})
		if err != nil {
			return
		}
		for _, r := range set.All() {
			if got, found := set.Get(r.ID); !found || got.Sentence != r.Sentence {
				t.Errorf("%s is parsed and cannot be had", r.ID)
			}
		}
	})
}

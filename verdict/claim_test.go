// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var libbpf17 = LoaderVersion{"libbpf", "1.7"}

// claimedRun returns a run on two kernels, on which each spec ends as its kinds say.
func claimedRun(kinds map[string][2]Kind) *File {
	var ids []string
	for id := range kinds {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	catalogue := CatalogueOf(ids)
	f := &File{
		Run: Run{
			ID: "a", Started: time.Date(2026, 11, 29, 6, 0, 0, 0, time.UTC), Catalogue: &catalogue, Isolation: "auto", Seed: 7,
			Loadstone: Build{Version: "0.2", Commit: "abc"}, Guest: "guest",
			Kernels: []Kernel{{Name: "6.12", Given: "6.12=x", Release: "6.12.1", Arch: "amd64"}, {Name: "5.10", Release: "5.10.1", Arch: "amd64"}},
			Loaders: []Loader{{Name: "libbpf@1.7", Digest: "root", Components: map[string]string{"libelf": "0.188"}}},
		},
		End: &End{Complete: true},
	}
	for _, id := range ids {
		for i, kernel := range []string{"5.10", "6.12"} {
			v := Verdict{
				Spec: id, Suite: "area", Requirement: []string{id}, Level: Must, Kind: kinds[id][i], Profiles: []string{"one"},
				Cell: Cell{Loader: "libbpf", LoaderVersion: "1.7", Kernel: kernel, KernelRelease: kernel + ".1", Arch: "amd64"},
			}
			if v.Kind != Pass {
				v.Reason = "a reason"
			}
			f.Verdicts = append(f.Verdicts, v)
		}
	}
	return f
}

func claimOf(t *testing.T, f *File) *Claim {
	t.Helper()
	c, err := MakeClaim(libbpf17, f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A must is met where it passes on each kernel on which the loader is held to it.
func TestClaimsCount(t *testing.T) {
	f := claimedRun(map[string][2]Kind{
		"a.pass": {Pass, Pass}, "b.half": {Pass, Fail}, "c.known": {XFail, XFail}, "d.refused": {Refused, Refused},
		"e.skip": {Skip, Pass}, "f.crash": {Crash, Refused}, "g.flaky": {Flaky, Pass}, "h.xpass": {XPass, Pass}, "i.should": {Fail, Pass},
		"j.among": {Pass, Pass},
	})
	for i := range f.Verdicts {
		switch v := &f.Verdicts[i]; v.Spec {
		case "c.known":
			v.Expectation = &Expectation{Expect: "fail", Issue: "#7"}
		case "i.should":
			v.Level, v.Profiles = Should, []string{"one", "two"}
		case "j.among":
			if v.Kernel == "6.12" {
				v.Shared = &Shared{Kind: Crash, Reason: "a panic", Differs: true}
			}
		}
	}
	c := claimOf(t, f)
	must := Score{
		Specs: 8, Met: 3, Claimed: 14, Passed: 9, Failed: 1, Expected: 2, Flaky: 1, Crashed: 1, Refused: 3, Skipped: 1,
	}
	should := Score{Specs: 1, Claimed: 2, Passed: 1, Failed: 1}
	want := &Claim{
		Format: 1, Loader: "libbpf", Version: "1.7", Components: map[string]string{"libelf": "0.188"}, Root: "root",
		Loadstone: Build{Version: "0.2", Commit: "abc"}, Catalogue: *f.Run.Catalogue, Isolation: "auto",
		Kernels: []Kernel{{Name: "5.10", Release: "5.10.1", Arch: "amd64"}, {Name: "6.12", Release: "6.12.1", Arch: "amd64"}},
		Must:    must, Should: should,
		Profiles: []ProfileScore{{Name: "one", Must: must, Should: should}, {Name: "two", Should: should}},
		Unmet: []Unmet{
			{Spec: "b.half", Level: Must, Kind: Fail, Kernels: []string{"6.12"}},
			{Spec: "c.known", Level: Must, Kind: XFail, Kernels: []string{"5.10", "6.12"}, Issue: "#7"},
			{Spec: "f.crash", Level: Must, Kind: Crash, Kernels: []string{"5.10"}},
			{Spec: "g.flaky", Level: Must, Kind: Flaky, Kernels: []string{"5.10"}},
			{Spec: "i.should", Level: Should, Kind: Fail, Kernels: []string{"5.10"}},
			{Spec: "j.among", Level: Must, Kind: Pass, Kernels: []string{"6.12"}, Among: true},
		},
		Verdicts: 20, Digest: c.Digest,
		Runs: []ClaimRun{{ID: "a", Started: f.Run.Started, Guest: "guest", Seed: 7, Digest: c.Runs[0].Digest}},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if c.Expected() != 1 {
		t.Errorf("%d expected failures", c.Expected())
	}
	text, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseClaim(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, read); diff != "" {
		t.Errorf("a claim that is read: %s", diff)
	}
}

// A digest that was published stays what the verdicts give: whoever changes what it is made from
// makes another ClaimFormat.
func TestDigestsStayAsPublished(t *testing.T) {
	c := claimOf(t, claimedRun(map[string][2]Kind{"a.b": {Pass, Fail}, "c.d": {Refused, Skip}}))
	got := []string{c.Catalogue.Digest, c.Digest, c.Runs[0].Digest}
	want := []string{
		"7e0719960d48003007075b4940e59cca2bcec460aeed8d66cf7b5d9aecc8efd6",
		"sha256:46fe3a05f17c1e7b433cacb7ec2edf2c002a1908127c3c7e91a53fc18713489c",
		"sha256:2f2df1d8510a9bb7d9de644303f7d363377ed502a4d4e910744bef45f322bd06",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What a claim rests on cannot change without its digest: one verdict of each kind of change does.
func TestDigestsSeeEachChange(t *testing.T) {
	kinds := map[string][2]Kind{"a.b": {Pass, Pass}, "c.d": {Pass, Pass}, "e.f": {Refused, Pass}}
	whole := claimOf(t, claimedRun(kinds))
	for name, c := range map[string]struct {
		edit           func(*File)
		claim, records bool // digests that see it
	}{
		"nothing": {func(*File) {}, false, false},
		"order":   {func(f *File) { slices.Reverse(f.Verdicts) }, false, false},
		"time":    {func(f *File) { f.Verdicts[0].DurationMS++ }, false, true},
		"reason":  {func(f *File) { f.Verdicts[4].Reason = "a reasoN" }, false, true},
		"kind":    {func(f *File) { f.Verdicts[0].Kind, f.Verdicts[0].Reason = Fail, "x" }, true, true},
		"two verdicts change places": {func(f *File) {
			f.Verdicts[0].Kind, f.Verdicts[4].Kind = f.Verdicts[4].Kind, f.Verdicts[0].Kind
		}, true, true},
		"level":   {func(f *File) { f.Verdicts[0].Level = Should }, true, true},
		"profile": {func(f *File) { f.Verdicts[0].Profiles = []string{"two"} }, true, true},
		"requirements joined": {func(f *File) {
			f.Verdicts[0].Requirement = []string{"a", "b"}
		}, true, true},
		"release": {func(f *File) { f.Verdicts[0].KernelRelease = "5.10.2" }, true, true},
		"splat":   {func(f *File) { f.Verdicts[0].Splats = []Splat{{ID: "warning"}} }, true, true},
		"claim":   {func(f *File) { f.Verdicts[0].UnderClaim = true }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := claimedRun(kinds)
			c.edit(f)
			is := claimOf(t, f)
			if (is.Digest != whole.Digest) != c.claim || (is.Runs[0].Digest != whole.Runs[0].Digest) != c.records {
				t.Errorf("digest changes: %v, want %v; of the run's records: %v, want %v", is.Digest != whole.Digest, c.claim,
					is.Runs[0].Digest != whole.Runs[0].Digest, c.records)
			}
			check, err := whole.Check(f)
			if err != nil || check.Holds() == c.records {
				t.Errorf("holds: %v, %v; differences: %v", check.Holds(), err, check.Differences)
			}
		})
	}
}

// A record that is lost or added leaves no run of every spec, whatever its plan says.
func TestRecordsLostAndAdded(t *testing.T) {
	kinds := map[string][2]Kind{"a.b": {Pass, Pass}, "c.d": {Pass, Pass}}
	added := claimedRun(kinds).Verdicts[0]
	added.Spec = "e.f"
	for name, c := range map[string]struct {
		edit func(*File)
		want error
	}{
		"lost":        {func(f *File) { f.Verdicts = f.Verdicts[1:] }, ErrFiltered},
		"added":       {func(f *File) { f.Verdicts = append(f.Verdicts, added) }, ErrFiltered},
		"exchanged":   {func(f *File) { f.Verdicts[0] = added }, ErrFiltered},
		"twice":       {func(f *File) { f.Verdicts = append(f.Verdicts, f.Verdicts[0]) }, ErrOverlap},
		"no end":      {func(f *File) { f.End = nil }, ErrIncomplete},
		"one missing": {func(f *File) { f.Verdicts[0].Kind = Missing }, ErrUnjudged},
	} {
		f := claimedRun(kinds)
		whole := claimOf(t, f)
		c.edit(f)
		_, err := MakeClaim(libbpf17, f)
		var none *NoClaimError
		if !errors.Is(err, c.want) || !errors.As(err, &none) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if check, err := whole.Check(f); err != nil || check.Holds() || check.NoClaim == "" {
			t.Errorf("%s: holds %v (%v)", name, check.Holds(), err)
		}
	}
	if _, err := claimOf(t, claimedRun(kinds)).Check(&File{}); !errors.Is(err, ErrNoLoader) {
		t.Errorf("a run of no loader: %v", err)
	}
}

// Builds that have one name and differ do not go together.
func TestRunsThatDoNotGoTogether(t *testing.T) {
	kinds := map[string][2]Kind{"a.b": {Pass, Pass}}
	for name, edit := range map[string]func(*Run){
		"guest":      func(r *Run) { r.Guest = "other" },
		"loadstone":  func(r *Run) { r.Loadstone.Commit = "other" },
		"isolation":  func(r *Run) { r.Isolation = "spec" },
		"loader":     func(r *Run) { r.Loaders = []Loader{{Name: "libbpf@1.7", Digest: "other"}} },
		"components": func(r *Run) { r.Loaders = []Loader{{Name: "libbpf@1.7", Digest: "root"}} },
		"kernel":     func(r *Run) { r.Kernels = []Kernel{{Name: "5.10", Release: "5.10.1", Arch: "amd64", Digest: "other"}} },
		"catalogue":  func(r *Run) { r.Catalogue = &Catalogue{Specs: 9} },
	} {
		a, b := claimedRun(kinds), claimedRun(kinds)
		a.Verdicts, b.Verdicts, b.Run.ID = a.Verdicts[:1], b.Verdicts[1:], "b"
		if _, err := MakeClaim(libbpf17, a, b); err != nil {
			t.Fatal(err)
		}
		b.Verdicts[0].Spec = "a.b"
		if name == "kernel" {
			b.Verdicts[0].Kernel, b.Verdicts[0].Spec = "5.10", "c.d"
		}
		edit(&b.Run)
		if _, err := MakeClaim(libbpf17, a, b); !errors.Is(err, ErrOtherBasis) {
			t.Errorf("%s: %v, want ErrOtherBasis", name, err)
		}
	}
}

// What names a thing in a claim is a run file's: it stays on its line, and shifts nothing.
func TestDifferencesOfHostileNames(t *testing.T) {
	f := claimedRun(map[string][2]Kind{"a.b": {Pass, Pass}})
	was := claimOf(t, f)
	for i := range f.Verdicts {
		f.Verdicts[i].Profiles = []string{"a<script>\n\x1b[2J", "one"}
	}
	check, err := was.Check(f)
	if err != nil || check.Holds() {
		t.Fatalf("%v, holds %v", err, check.Holds())
	}
	for _, d := range check.Differences {
		if strings.HasPrefix(d.Field, "profiles[one]") {
			t.Errorf("%s is no difference", d)
		}
	}
}

func TestNamesOfClaims(t *testing.T) {
	for of, want := range map[LoaderVersion]string{
		{"libbpf", "1.7"}: "libbpf-1.7", {"libbpf-rs", "0.25.0-beta.1"}: "libbpf-rs-0.25.0-beta.1", {"mine", ""}: "mine",
		{"", "1"}: "", {"..", "1"}: "", {"a/b", "1"}: "", {"a", "../1"}: "", {"<script>", "1"}: "", {"a\nb", "1"}: "", {"a", "1\x00"}: "",
		{"-o", "1"}: "", {strings.Repeat("a", 200), "1"}: "",
	} {
		got, err := (&Claim{Loader: of.Loader, Version: of.Version}).FileName()
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrClaimName) {
			t.Errorf("%q: %q, %v, want %q", of, got, err, want)
		}
	}
}

// The schema of claims is that of the types, and takes what loadstone writes.
func TestSchemaOfClaims(t *testing.T) {
	const path = "../docs/claim.schema.json"
	whole := schemaOf(reflect.TypeFor[Claim]())
	whole["$schema"], whole["$id"] = "https://json-schema.org/draft/2020-12/schema", "https://github.com/loadstone-bpf/loadstone/docs/claim.schema.json"
	whole["title"] = "a claim"
	whole["description"] = "What one version of a loader does, as 'loadstone claim make' writes it. docs/claims.md says what it means."
	want, err := json.MarshalIndent(whole, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("%s is not what the types say (-want +got; go test ./verdict -run Schema -update writes it):\n%s", path, diff)
	}
	schema := compiled(t, path)
	written, err := claimOf(t, claimedRun(map[string][2]Kind{"a.b": {Pass, Fail}, "c.d": {Refused, XFail}})).Text()
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		"": "", `"must": {`: `"musts": {`, `"format": 1`: `"format": "1"`, `"verdict": "fail"`: `"verdict": "good"`, `"level": "must"`: `"level": "may"`,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(string(written), from, to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != (from == "") {
			t.Errorf("%q for %q: %v", to, from, err)
		}
	}
}

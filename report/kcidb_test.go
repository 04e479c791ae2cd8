// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// kcidbSchema compiles our statement of KCIDB's schema, formats included.
func kcidbSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("testdata/kcidb.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// kcidbOf returns the report of a run as it is written, and read again.
func kcidbOf(t *testing.T, f *verdict.File) (kcidb, []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := KCIDB.write(&b, f, DefaultOrigin); err != nil {
		t.Fatal(err)
	}
	var k kcidb
	if err := json.Unmarshal(b.Bytes(), &k); err != nil {
		t.Fatal(err)
	}
	return k, b.Bytes()
}

// darkRun is of a kernel that does not boot: nothing is known of any spec.
func darkRun() *verdict.File {
	f := &verdict.File{Run: verdict.Run{
		ID: "20261121-2200-7f3a", Suites: []string{"mapdefs"},
		Kernels: []verdict.Kernel{{Name: "./bzImage"}}, Loaders: []verdict.Loader{{Name: "libbpf@1.7"}},
		Plan: []verdict.Part{{Loader: "libbpf@1.7", Kernel: "./bzImage", Suite: "mapdefs", Specs: 2}}, Planned: 2,
	}, End: &verdict.End{Complete: true}}
	for _, spec := range []string{"mapdefs.one", "mapdefs.two"} {
		f.Verdicts = append(f.Verdicts, verdict.Verdict{
			Spec: spec, Suite: "mapdefs", Kind: verdict.Broken, Reason: "the kernel does not boot: no word from the guest in 60s",
			Cell:    verdict.Cell{Loader: "libbpf", LoaderVersion: "1.7", Kernel: "./bzImage"},
			Console: []string{"Kernel panic - not syncing: VFS: \x00 Unable to mount root fs"},
		})
	}
	return f
}

// namelessRun is a run that was cut, of an older loadstone, which does not name the specs.
func namelessRun(t *testing.T) *verdict.File {
	f := fixture(t, "torn.jsonl")
	f.Run.Specs = nil
	f.Verdicts = f.Verdicts[:3]
	return f
}

func TestKCIDBKeepsItsSchema(t *testing.T) {
	schema := kcidbSchema(t)
	for name, f := range map[string]*verdict.File{
		"full": fixture(t, "full.jsonl"), "clean": fixture(t, "clean.jsonl"), "torn": fixture(t, "torn.jsonl"),
		"unproved": fixture(t, "unproved.jsonl"), "stale": fixture(t, "stale.jsonl"), "thirty thousand": largeRun(),
		"a kernel that does not boot": darkRun(), "without names": namelessRun(t), "history": fileOf(t, historyMonths[1]),
	} {
		t.Run(name, func(t *testing.T) {
			k, text := kcidbOf(t, f)
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Error(err)
			}
			if bytes.Contains(text, []byte("null")) {
				t.Error("KCIDB takes no null")
			}
			t.Logf("%d tests, %d bytes", len(k.Tests), len(text))
			if missing := linksMissing(k); len(missing) > 0 {
				t.Errorf("not there, or there twice: %v", missing)
			}
			got := make(map[string]int)
			for _, test := range k.Tests {
				if test.Path != kcidbRoot {
					got[test.Status]++
				}
			}
			want := make(map[string]int)
			for _, v := range asPlanned(f).Verdicts {
				want[kcidbStatus(v)]++
			}
			want["MISS"] += len(gaps(asPlanned(f)))
			for status, n := range want {
				if got[status] != n {
					t.Errorf("%d tests are %s, want %d", got[status], status, n)
				}
			}
			if whole := wholeOf(k); (whole == "PASS") != (f.Err() == nil) {
				t.Errorf("the whole is %s, and the run ends with %v", whole, f.Err())
			}
		})
	}
}

// linksMissing returns ids that lead nowhere, or are those of two things.
func linksMissing(k kcidb) []string {
	var wrong []string
	seen := make(map[string]bool)
	add := func(kind, id string) {
		if seen[kind+id] {
			wrong = append(wrong, "twice: "+kind+id)
		}
		seen[kind+id] = true
	}
	need := func(kind, id string) {
		if !seen[kind+id] {
			wrong = append(wrong, kind+id)
		}
	}
	for _, c := range k.Checkouts {
		add("checkout ", c.ID)
	}
	for _, b := range k.Builds {
		add("build ", b.ID)
		need("checkout ", b.CheckoutID)
	}
	for _, test := range k.Tests {
		add("test ", test.ID)
		need("build ", test.BuildID)
	}
	for _, i := range k.Issues {
		add("issue ", i.ID)
	}
	for _, i := range k.Incidents {
		add("incident ", i.ID)
		need("issue ", i.IssueID)
		need("test ", i.TestID)
	}
	return wrong
}

// wholeOf returns the status of all cells together.
func wholeOf(k kcidb) string {
	c := kcidbCell{status: "SKIP"}
	for _, test := range k.Tests {
		if test.Path == kcidbRoot {
			c.raise(test.Status)
		}
	}
	return c.status
}

// A schema that takes anything proves nothing.
func TestKCIDBSchemaRefuses(t *testing.T) {
	schema := kcidbSchema(t)
	_, text := kcidbOf(t, fixture(t, "full.jsonl"))
	for name, spoil := range map[string]func(map[string]any, map[string]any){
		"another major version":       func(k, _ map[string]any) { k["version"].(map[string]any)["major"] = 4 },
		"a newer minor version":       func(k, _ map[string]any) { k["version"].(map[string]any)["minor"] = 4 },
		"no version":                  func(k, _ map[string]any) { delete(k, "version") },
		"a list beyond":               func(k, _ map[string]any) { k["revisions"] = []any{} },
		"an id without origin":        func(_, test map[string]any) { test["id"] = "one" },
		"an origin in capitals":       func(_, test map[string]any) { test["origin"] = "Loadstone" },
		"no build":                    func(_, test map[string]any) { delete(test, "build_id") },
		"a path with a slash":         func(_, test map[string]any) { test["path"] = "loadstone.a/b" },
		"a path that ends with a dot": func(_, test map[string]any) { test["path"] = "loadstone." },
		"a verdict for a status":      func(_, test map[string]any) { test["status"] = "refused" },
		"a time without a zone":       func(_, test map[string]any) { test["start_time"] = "2026-11-21 22:00" },
		"null":                        func(_, test map[string]any) { test["comment"] = nil },
		"a long excerpt":              func(_, test map[string]any) { test["log_excerpt"] = strings.Repeat("x", mostExcerpt+1) },
		"a zero byte":                 func(_, test map[string]any) { test["log_excerpt"] = "a\x00b" },
		"a duration in words":         func(_, test map[string]any) { test["duration"] = "1s" },
		"a property beyond":           func(_, test map[string]any) { test["waived"] = false },
	} {
		t.Run(name, func(t *testing.T) {
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			k := document.(map[string]any)
			if err := schema.Validate(k); err != nil {
				t.Fatal(err)
			}
			spoil(k, k["tests"].([]any)[0].(map[string]any))
			if schema.Validate(k) == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

// A test says what the code did, whatever was expected of it.
func TestKCIDBStatus(t *testing.T) {
	x := func(expect string) *verdict.Expectation { return &verdict.Expectation{Expect: expect, Issue: "I"} }
	for _, tt := range []struct {
		v    verdict.Verdict
		want string
	}{
		{verdict.Verdict{Kind: verdict.Pass}, "PASS"},
		{verdict.Verdict{Kind: verdict.Fail, Level: verdict.Must}, "FAIL"},
		{verdict.Verdict{Kind: verdict.Fail, Level: verdict.Should}, "SKIP"},
		{verdict.Verdict{Kind: verdict.Fail, Level: verdict.Should, Splats: []verdict.Splat{{}}}, "FAIL"},
		{verdict.Verdict{Kind: verdict.Refused}, "SKIP"},
		{verdict.Verdict{Kind: verdict.Skip}, "SKIP"},
		{verdict.Verdict{Kind: verdict.Skip, Expectation: x("do-not-run")}, "SKIP"},
		{verdict.Verdict{Kind: verdict.XFail, Expectation: x("fail")}, "FAIL"},
		{verdict.Verdict{Kind: verdict.XFail, Expectation: x("crash")}, "FAIL"},
		{verdict.Verdict{Kind: verdict.XFail, Level: verdict.Should, Expectation: x("fail")}, "SKIP"},
		{verdict.Verdict{Kind: verdict.XPass, Reason: `expected to fail, and it is "pass"; take the entry out`, Expectation: x("fail")}, "PASS"},
		{verdict.Verdict{Kind: verdict.XPass, Reason: `expected to fail, and it is "refused"; take the entry out`, Expectation: x("fail")}, "SKIP"},
		{verdict.Verdict{Kind: verdict.Flaky, Reason: "passed this time", Expectation: x("flaky")}, "PASS"},
		{verdict.Verdict{Kind: verdict.Flaky, Reason: "failed this time: map 1", Expectation: x("flaky")}, "FAIL"},
		{verdict.Verdict{Kind: verdict.Flaky}, "FAIL"},
		{verdict.Verdict{Kind: verdict.Crash}, "FAIL"},
		{verdict.Verdict{Kind: verdict.Broken}, "ERROR"},
		{verdict.Verdict{Kind: verdict.Missing}, "MISS"},
		{verdict.Verdict{Kind: verdict.Pass, Shared: &verdict.Shared{Kind: verdict.Crash, Differs: true}}, "FAIL"},
	} {
		if got := kcidbStatus(tt.v); got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.v.Kind, tt.v.Reason, got, tt.want)
		}
	}
}

func TestKCIDBOfAFailure(t *testing.T) {
	k, _ := kcidbOf(t, fixture(t, "full.jsonl"))
	byPath := func(path, loader, kernel string) (found []kcidbTest) {
		for _, test := range k.Tests {
			if test.Path == path && test.Misc["loader"] == loader && test.Misc["kernel"] == kernel {
				found = append(found, test)
			}
		}
		return found
	}
	failure := byPath("loadstone.pinning.reuse.numa-node-named", "libbpf@1.1", "6.12")
	if len(failure) != 1 {
		t.Fatalf("%d tests", len(failure))
	}
	test := failure[0]
	if test.StartTime != "2026-11-21T22:00:00Z" || test.Duration != 0.124 || test.Environment.Comment != "Debian 12, amd64, QEMU 7.2.22, tcg" || !strings.HasPrefix(test.ID, "loadstone:20261121-2200-7f3a-") {
		t.Errorf("%+v", test)
	}
	for _, want := range []string{"naming numa_node (pinned 0, defined 1)", "map 41 on node 0", `"op":"load"`, "loadstone run --kernel 6.12 --loader libbpf@1.1"} {
		if !strings.Contains(test.LogExcerpt, want) {
			t.Errorf("no %q in %s", want, test.LogExcerpt)
		}
	}
	if variant := byPath("loadstone.mapdefs.same-map.array", "reference@0.1", "5.10"); len(variant) != 1 || variant[0].Status != "PASS" || variant[0].LogExcerpt != "" {
		t.Errorf("%+v", variant)
	}
	if whole := byPath(kcidbRoot, "libbpf@1.1", "6.12"); len(whole) != 1 || whole[0].Status != "FAIL" || !strings.Contains(whole[0].Comment, "libbpf@1.1 on 6.12: 1 should, ") {
		t.Errorf("%+v", whole)
	}
	if len(k.Issues) != 2 || k.Issues[1].ReportURL != "https://example.org/issues/7" || len(k.Incidents) != 6 {
		t.Errorf("known failures: %+v, %d incidents", k.Issues, len(k.Incidents))
	}
	build := k.Builds[2]
	if build.ConfigName != "6.12.57+deb13-cloud-amd64" || build.Comment != "Linux 6.12.57+deb13-cloud-amd64 (6.12.57-1)" || build.Misc["sha256"] != "sha256:0612" {
		t.Errorf("%+v", build)
	}
}

// A run whose expectations are stale fails, and no test of it does: the whole is no pass.
func TestKCIDBOfARunThatFailsBesideItsSpecs(t *testing.T) {
	k, _ := kcidbOf(t, fixture(t, "stale.jsonl"))
	if whole := wholeOf(k); whole != "ERROR" {
		t.Errorf("the whole is %s", whole)
	}
	if last := k.Tests[len(k.Tests)-1]; !strings.Contains(last.Comment, "problem: expectations, line 2") {
		t.Errorf("%+v", last)
	}
}

// A kernel and a known failure are the same thing in every run.
func TestKCIDBIDsStay(t *testing.T) {
	first, second := fixture(t, "full.jsonl"), fixture(t, "full.jsonl")
	second.Run.ID = "20261122-2200-0000"
	a, _ := kcidbOf(t, first)
	b, _ := kcidbOf(t, second)
	if diff := cmp.Diff([]any{a.Checkouts, a.Builds, a.Issues}, []any{b.Checkouts, b.Builds, b.Issues}); diff != "" {
		t.Error(diff)
	}
	ids := make(map[string]bool)
	for _, test := range a.Tests {
		ids[test.ID] = true
	}
	for _, test := range b.Tests {
		if ids[test.ID] {
			t.Fatalf("test %s is of two runs", test.ID)
		}
	}
	// What has no digest is of its run alone.
	first, second = darkRun(), darkRun()
	second.Run.ID = "another"
	a, _ = kcidbOf(t, first)
	b, _ = kcidbOf(t, second)
	if a.Builds[0].ID == b.Builds[0].ID {
		t.Error("two kernels of one path have one id")
	}
}

// Each spec has a path of its own, which KCIDB takes.
func TestKCIDBPathsOfEverySpec(t *testing.T) {
	text, err := os.ReadFile("../suites/catalogue/catalogue.json")
	if err != nil {
		t.Fatal(err)
	}
	var committed struct {
		Specs []string `json:"specs"`
	}
	if err := json.Unmarshal(text, &committed); err != nil || len(committed.Specs) < 1000 {
		t.Fatalf("%v, %d specs", err, len(committed.Specs))
	}
	pattern := regexp.MustCompile(`^loadstone(\.[a-zA-Z0-9_-]+)+$`)
	of := make(map[string]string)
	for _, spec := range committed.Specs {
		suite, _, _ := strings.Cut(spec, ".")
		path := kcidbPath(suite, spec)
		if !pattern.MatchString(path) || of[path] != "" {
			t.Errorf("%s: path %q, which %q has", spec, path, of[path])
		}
		of[path] = spec
	}
	for spec, want := range map[string]string{
		"mapdefs.same-map/array": "loadstone.mapdefs.same-map.array", "mapdefs": "loadstone.mapdefs",
		"other.one": "loadstone.mapdefs.other.one", "mapdefs..a b/": "loadstone.mapdefs.a_b", "good.bpf.o: ä": "loadstone.mapdefs.good.bpf.o_",
	} {
		if got := kcidbPath("mapdefs", spec); got != want {
			t.Errorf("%s: %s, want %s", spec, got, want)
		}
	}
}

func TestKCIDBExcerptOfALongLog(t *testing.T) {
	long := "begins " + strings.Repeat("ä", 2*mostExcerpt) + " ends"
	got := excerpt(long)
	if n := len([]rune(got)); n != mostExcerpt || !strings.HasPrefix(got, "begins ") || !strings.HasSuffix(got, " ends") || !strings.Contains(got, "[...]") {
		t.Errorf("%d characters: %.20s ... %s", n, got, got[len(got)-20:])
	}
	if short := strings.Repeat("ä", mostExcerpt); excerpt(short) != short {
		t.Error("what fits is cut")
	}
}

func TestKCIDBOriginThatIsNone(t *testing.T) {
	for _, origin := range []string{"", "Loadstone", "my lab", "a:b"} {
		if err := writeKCIDB(new(bytes.Buffer), fixture(t, "clean.jsonl"), origin); !errors.Is(err, ErrOrigin) {
			t.Errorf("%q: %v", origin, err)
		}
	}
	var b bytes.Buffer
	if err := writeKCIDB(&b, fixture(t, "full.jsonl"), "my_lab_7"); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Contains(text, `"loadstone:`) || !strings.Contains(text, fmt.Sprintf("%q:%q", "origin", "my_lab_7")) {
		t.Error("the origin is not the one that was asked for")
	}
}

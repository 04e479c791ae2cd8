// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// claimSpecs names the specs of the runs of writeWholeRun.
var claimSpecs = []string{"mapdefs.one", "pinning.two"}

// writeWholeRun writes a run of every spec into a folder, of two loaders on two kernels.
func writeWholeRun(t *testing.T, id string, edit func(*verdict.Run, *verdict.Verdict)) string {
	t.Helper()
	dir, catalogue := t.TempDir(), verdict.CatalogueOf(claimSpecs)
	run := verdict.Run{
		ID: id, Suites: []string{"mapdefs", "pinning"}, Catalogue: &catalogue, Isolation: "auto",
		Kernels: []verdict.Kernel{{Name: "5.10", Arch: "amd64"}, {Name: "6.12", Arch: "amd64"}},
	}
	edit(&run, &verdict.Verdict{})
	var vs []verdict.Verdict
	for _, loader := range []string{"libbpf", "cilium"} {
		run.Loaders = append(run.Loaders, verdict.Loader{Name: loader + "@1.7"})
		for _, kernel := range run.Kernels {
			for _, spec := range claimSpecs {
				suite, _, _ := strings.Cut(spec, ".")
				v := verdict.Verdict{
					Spec: spec, Suite: suite, Requirement: []string{spec}, Kind: verdict.Pass, Level: verdict.Must,
					Cell:     verdict.Cell{Loader: loader, LoaderVersion: "1.7", Kernel: kernel.Name},
					Profiles: []string{suite},
				}
				edit(&verdict.Run{}, &v)
				vs = append(vs, v)
				run.Plan = append(run.Plan, verdict.Part{Loader: v.LoaderName(), Kernel: v.Cell.Kernel, Suite: suite, Specs: 1})
			}
		}
	}
	w, err := verdict.Create(filepath.Join(dir, runFile), run)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vs {
		if err := w.Write(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close("", nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func asIs(*verdict.Run, *verdict.Verdict) {}

// failing makes a spec of libbpf fail on 6.12.
func failing(_ *verdict.Run, v *verdict.Verdict) {
	if v.Loader == "libbpf" && v.Cell.Kernel == "6.12" && v.Spec == "pinning.two" {
		v.Kind, v.Reason = verdict.Fail, "it did not"
	}
}

func TestClaimOfARun(t *testing.T) {
	run, reports := writeWholeRun(t, "a", failing), filepath.Join(t.TempDir(), "new", "reports")
	out, code := command(t, "claim", "make", filepath.Join(run, runFile), "--out", reports)
	if code != verdict.ExitClean {
		t.Fatalf("exit %d: %s", code, out)
	}
	for _, name := range []string{"cilium-1.7.json", "cilium-1.7.svg", "libbpf-1.7.json", "libbpf-1.7.svg"} {
		if !strings.Contains(out, filepath.Join(reports, name)+"\n") {
			t.Errorf("%s is not named in:\n%s", name, out)
		}
	}
	badge, err := os.ReadFile(filepath.Join(reports, "libbpf-1.7.svg"))
	if err != nil || !bytes.Contains(badge, []byte("libbpf 1.7: 1 of 2 musts")) {
		t.Errorf("%v: %s", err, badge)
	}
	again := t.TempDir()
	if out, code := command(t, "claim", "make", run, "--out", again); code != verdict.ExitClean {
		t.Fatalf("exit %d: %s", code, out)
	}
	for _, name := range listed(t, reports) {
		first, errFirst := os.ReadFile(filepath.Join(reports, name))
		second, errSecond := os.ReadFile(filepath.Join(again, name))
		if errFirst != nil || errSecond != nil || !bytes.Equal(first, second) {
			t.Errorf("%s is another the second time (%v, %v)", name, errFirst, errSecond)
		}
	}
}

func TestClaimsAreVerified(t *testing.T) {
	run, reports := writeWholeRun(t, "a", failing), t.TempDir()
	if out, code := command(t, "claim", "make", run, "--out", reports); code != verdict.ExitClean {
		t.Fatalf("exit %d: %s", code, out)
	}
	claim := filepath.Join(reports, "libbpf-1.7.json")
	text, err := os.ReadFile(claim)
	if err != nil {
		t.Fatal(err)
	}
	edited := func(name, from, to string) string {
		t.Helper()
		if !bytes.Contains(text, []byte(from)) {
			t.Fatalf("no %q in the claim", from)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, bytes.Replace(text, []byte(from), []byte(to), 1), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	beside := writeWholeRun(t, "a", failing)
	if err := os.CopyFS(filepath.Join(beside, claimsFolder), os.DirFS(reports)); err != nil {
		t.Fatal(err)
	}
	oneShort := writeWholeRun(t, "a", failing)
	data, err := os.ReadFile(filepath.Join(oneShort, runFile))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	if err := os.WriteFile(filepath.Join(oneShort, runFile), bytes.Join(append(lines[:2:2], lines[3:]...), nil), 0o644); err != nil {
		t.Fatal(err)
	}
	twice := writeWholeRun(t, "a", failing)
	if err := os.WriteFile(filepath.Join(twice, runFile), bytes.Join(append(lines[:3:3], lines[2:]...), nil), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"the run that it was made from", []string{claim, run}, verdict.ExitClean, []string{"HOLDS  ", "of the runs that it was made from"}},
		{"a part of it", []string{claim, run + ",loader=libbpf"}, verdict.ExitClean, []string{"HOLDS  "}},
		{"the same run again", []string{claim, writeWholeRun(t, "b", failing)}, verdict.ExitClean, []string{"HOLDS  ", "of other runs"}},
		{"looked up", []string{run, "--claims", reports}, verdict.ExitClean, []string{"libbpf-1.7.json: ", "cilium-1.7.json: "}},
		{"looked up beside the run", []string{beside}, verdict.ExitClean, []string{"libbpf-1.7.json: ", "cilium-1.7.json: "}},
		{"a run that ends better", []string{claim, writeWholeRun(t, "b", asIs)}, verdict.ExitFailed,
			[]string{"DOES NOT HOLD", "must.met: the claim says 1, the runs say 2", "unmet[pinning.two]: the claim says ", "digest: "}},
		{"another reason in the same run", []string{claim, writeWholeRun(t, "a", func(r *verdict.Run, v *verdict.Verdict) {
			if failing(r, v); v.Kind == verdict.Fail {
				v.Reason = "it did noT"
			}
		})}, verdict.ExitFailed, []string{"runs[a].digest: "}},
		{"another kernel's release", []string{claim, writeWholeRun(t, "b", func(r *verdict.Run, v *verdict.Verdict) {
			failing(r, v)
			if r.Kernels != nil {
				r.Kernels[0].Release = "5.10.1"
			}
		})}, verdict.ExitFailed, []string{"kernels[5.10].release: the claim says nothing, the runs say \"5.10.1\""}},
		{"a kernel left out", []string{claim, run + ",kernel=6.12"}, verdict.ExitFailed, []string{"kernels[5.10].name: the claim says \"5.10\", the runs say nothing"}},
		{"an edited number", []string{edited("met.json", `"met": 1`, `"met": 2`), run}, verdict.ExitFailed, []string{"must.met: the claim says 2, the runs say 1"}},
		{"an edited digest", []string{edited("digest.json", `"digest": "sha256:`, `"digest": "sha256:0`), run}, verdict.ExitFailed, []string{"digest: "}},
		{"another loader's name", []string{edited("name.json", `"loader": "libbpf"`, `"loader": "lib\nbpf\u001b[2J"`), run}, verdict.ExitUsage, []string{`lib\nbpf\x1b[2J`, "name a run of it"}},
		{"a key that is there twice", []string{edited("twice.json", `"met": 1,`, "\"met\": 2,\n    \"met\": 1,"), run}, verdict.ExitHarness, []string{"not a claim as loadstone writes it"}},
		{"a newer claim", []string{edited("newer.json", `"format": 1`, `"format": 2`), run}, verdict.ExitHarness, []string{"newer than this loadstone"}},
		{"no claim at all", []string{edited("x.json", string(text), "[]"), run}, verdict.ExitHarness, []string{"not a claim"}},
		{"a run that lost a record", []string{claim, oneShort}, verdict.ExitHarness, []string{"the end counts"}},
		{"a run with a record twice", []string{claim, twice}, verdict.ExitHarness, []string{"second verdict"}},
		{"a run of other specs", []string{claim, writeRun(t, verdict.Pass)}, verdict.ExitFailed, []string{"make no claim", "which specs there were"}},
		{"no run", []string{claim}, verdict.ExitUsage, []string{"no run is named"}},
		{"no such claim", []string{filepath.Join(reports, "none.json"), run}, verdict.ExitUsage, []string{"no such file"}},
		{"no such run", []string{claim, "none.jsonl"}, verdict.ExitUsage, []string{"no such file"}},
		{"nothing to look up", []string{run}, verdict.ExitUsage, []string{"no claim is in reports", "--claims"}},
		{"both ways", []string{claim, run, "--claims", reports}, verdict.ExitUsage, []string{"leave one of them out"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, code := command(t, append([]string{"claim", "verify"}, c.args...)...)
			if code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			for _, text := range c.says {
				if !strings.Contains(out, text) {
					t.Errorf("no %q in:\n%s", text, out)
				}
			}
		})
	}
}

func TestVerifiedClaimsAsJSON(t *testing.T) {
	run, reports := writeWholeRun(t, "a", failing), t.TempDir()
	if out, code := command(t, "claim", "make", run+",loader=libbpf", "--out", reports); code != verdict.ExitClean {
		t.Fatalf("exit %d: %s", code, out)
	}
	out, code := command(t, "claim", "verify", writeWholeRun(t, "b", asIs), "--claims", reports, "--json")
	var printed checkedClaims
	if err := json.Unmarshal([]byte(out), &printed); err != nil || code != verdict.ExitFailed {
		t.Fatalf("exit %d, %v: %s", code, err, out)
	}
	if len(printed.Claims) != 1 || printed.Claims[0].Holds || printed.Claims[0].SameRuns || len(printed.Claims[0].Differences) < 3 {
		t.Errorf("%+v", printed.Claims)
	}
	if want := filepath.Join(reports, "cilium-1.7.json"); len(printed.Without) != 1 || printed.Without[0] != want {
		t.Errorf("without %v, want %s", printed.Without, want)
	}
}

// What no claim is made of is refused with what to do, and nothing is written.
func TestNoClaimIsMade(t *testing.T) {
	named := func(loader string) string {
		return writeWholeRun(t, "a", func(_ *verdict.Run, v *verdict.Verdict) {
			if v.Loader == "libbpf" {
				v.Loader = loader
			}
		})
	}
	of := func(edit func(*verdict.Run)) string {
		return writeWholeRun(t, "b", func(r *verdict.Run, _ *verdict.Verdict) {
			if r.ID != "" {
				edit(r)
			}
		})
	}
	whole := writeWholeRun(t, "a", asIs)
	for _, c := range []struct {
		name string
		runs []string
		says []string
	}{
		{"filtered", []string{of(func(r *verdict.Run) { c := verdict.CatalogueOf([]string{"a", "b", "c"}); r.Catalogue = &c })},
			[]string{"has 2 of 3 specs of cilium@1.7 on 5.10", "without --suite and --spec"}},
		{"other specs", []string{of(func(r *verdict.Run) { c := verdict.CatalogueOf([]string{"a", "b"}); r.Catalogue = &c })},
			[]string{"are not those of its catalogue"}},
		{"of an older loadstone", []string{of(func(r *verdict.Run) { r.Catalogue = nil })}, []string{"run it again with this loadstone"}},
		{"a shard", []string{of(func(r *verdict.Run) { r.Shard = &verdict.Shard{Plan: "x", Number: 1, Of: 2, Specs: 4} })},
			[]string{"shard 1 of 2", "'loadstone merge'"}},
		{"broken", []string{writeWholeRun(t, "a", func(r *verdict.Run, v *verdict.Verdict) {
			if failing(r, v); v.Kind == verdict.Fail {
				v.Kind = verdict.Broken
			}
		})}, []string{"1 are broken or missing, such as pinning.two of libbpf@1.7 on 6.12 (it did not)", "run again"}},
		{"two suite versions", []string{whole + ",kernel=5.10", of(func(r *verdict.Run) { r.Guest = "other" }) + ",kernel=6.12"},
			[]string{"the guest program, with its suites", "make all runs with one loadstone"}},
		{"two isolations", []string{whole + ",kernel=5.10", of(func(r *verdict.Run) { r.Isolation = "spec" }) + ",kernel=6.12"},
			[]string{"--isolation is auto in a, and spec in b"}},
		{"the same twice", []string{whole, whole}, []string{"is there twice", "name each run once"}},
		{"a script for a name", []string{named("<script>alert(1)</script>")}, []string{`no file can be named after the loader "<script>`, "letters, digits"}},
		{"a path for a name", []string{named("../../libbpf")}, []string{`no file can be named after the loader "../../libbpf"`}},
		{"lines for a name", []string{named("lib\nbpf\x1b[2J")}, []string{`"lib\nbpf\x1b[2J"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "reports")
			out, code := command(t, append([]string{"claim", "make", "--out", dir}, c.runs...)...)
			if code != verdict.ExitUsage {
				t.Errorf("exit %d: %s", code, out)
			}
			for _, text := range c.says {
				if !strings.Contains(out, text) {
					t.Errorf("no %q in: %s", text, out)
				}
			}
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("files are written: %v", listed(t, dir))
			}
		})
	}
}

// A run for each kernel makes one claim, whatever their order.
func TestClaimOfSeveralRuns(t *testing.T) {
	a, b := writeWholeRun(t, "a", failing)+",kernel=5.10", writeWholeRun(t, "b", failing)+",kernel=6.12"
	forth, back := t.TempDir(), t.TempDir()
	for dir, runs := range map[string][]string{forth: {a, b}, back: {b, a}} {
		if out, code := command(t, append([]string{"claim", "make", "--out", dir}, runs...)...); code != verdict.ExitClean {
			t.Fatalf("exit %d: %s", code, out)
		}
	}
	first, err := os.ReadFile(filepath.Join(forth, "libbpf-1.7.json"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(filepath.Join(back, "libbpf-1.7.json"))
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("%v: the order of the runs shows", err)
	}
	if out, code := command(t, "claim", "verify", filepath.Join(forth, "libbpf-1.7.json"), b, a); code != verdict.ExitClean {
		t.Errorf("exit %d: %s", code, out)
	}
}

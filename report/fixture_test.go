// SPDX-License-Identifier: Apache-2.0

package report

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

var update = flag.Bool("update", false, "write golden files and fixtures instead of comparing with them")

// golden compares with a file in testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

// fixture reads a run file of testdata.
func fixture(t *testing.T, name string) *verdict.File {
	t.Helper()
	f, err := verdict.ReadFile(filepath.Join("testdata", name))
	if f == nil {
		t.Fatal(err)
	}
	return f
}

var fixtureKernels = []verdict.Kernel{
	{Name: "5.10", Release: "5.10.0-36-cloud-amd64", Version: "5.10.244-1", Digest: "sha256:0510"},
	{Name: "6.1", Release: "6.1.0-41-cloud-amd64", Version: "6.1.158-1", Digest: "sha256:0601"},
	{Name: "6.12", Release: "6.12.57+deb13-cloud-amd64", Version: "6.12.57-1", Digest: "sha256:0612"},
	{Name: "6.18", Release: "6.18.12+deb14-cloud-amd64", Version: "6.18.12-1", Digest: "sha256:0618"},
	{Name: "7.3", Release: "7.3.2-cloud-amd64", Version: "7.3.2-1~exp1", Digest: "sha256:0703"},
}

var fixtureLoaders = []verdict.Loader{
	{Name: "reference@0.1", Digest: "sha256:aa"},
	{Name: "cilium@0.22", Components: map[string]string{"cilium/ebpf": "v0.22.0"}, Digest: "sha256:bb"},
	{Name: "libbpf@1.1", Components: map[string]string{"libbpf": "1.1.2", "libelf": "0.188"}, Digest: "sha256:cc"},
}

// fixtureSources holds a source with a page, one without, and one with a URL that must not become a
// link.
var fixtureSources = []verdict.Source{
	{Text: "Linux v6.12: bpf_lookup in kernel/bpf/inode.c (-EPERM)", URL: "https://github.com/torvalds/linux/blob/v6.12/kernel/bpf/inode.c"},
	{Text: "ours: A refusal names what differs."},
	{Text: "<b>click \x1b[2J here", URL: "javascript:alert(1)"},
}

var fixtureSpecs = []struct{ id, sentence string }{
	{"mapdefs.btf.array", "A loader makes the array map that a BTF definition describes."},
	{"mapdefs.btf.conflicting-sizes-refused", "A loader refuses a map whose key size and key type say different things."},
	{"mapdefs.btf.hash", "A loader makes the hash map that a BTF definition describes."},
	{"mapdefs.btf.numa-node", "A loader makes a map on the NUMA node that its definition names, or refuses the definition."},
	{"mapdefs.btf.unknown-field-ignored", "A loader that was told to ignore unknown fields loads the object and names the fields it ignored."},
	{"mapdefs.btf.unknown-field-refused", "A loader refuses a BTF map definition with a field it does not know, unless it was told to ignore unknown fields."},
	{"mapdefs.legacy.array", "A loader makes the array map that a bpf_map_def describes."},
	{"mapdefs.legacy.extra-bytes-refused", "A loader refuses a bpf_map_def with bytes after the fields it knows, unless they are zero."},
	{"mapdefs.names.long", "A loader names a map by the first fifteen characters of its name."},
	{"mapdefs.no-btf", "A loader loads an object that has no BTF."},
	{"mapdefs.same-map/array", "A map defined in BTF and in a bpf_map_def ends as the same kernel map."},
	{"mapdefs.same-map/hash", "A map defined in BTF and in a bpf_map_def ends as the same kernel map."},
	{"pinning.reuse.numa-node-named", "A loader that reuses a pinned map names every attribute that differs from the object's definition."},
	{"pinning.reuse.same", "A loader reuses a pinned map that is as its definition says."},
}

// fixtureFile returns a run with every kind of verdict, hostile guests included.
func fixtureFile() (verdict.Run, []verdict.Verdict) {
	run := verdict.Run{
		ID: "20261121-2200-7f3a", Started: time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC),
		Loadstone: verdict.Build{Version: "0.1.0", Commit: "2687120"},
		Host:      verdict.Host{OS: "Debian 12", Arch: "amd64", CPUs: 2, QEMU: "7.2.22", Accel: "tcg"},
		Kernels:   fixtureKernels, Loaders: fixtureLoaders, Suites: []string{"mapdefs", "pinning"},
		Guest: "sha256:0123456789abcdef", Command: []string{"loadstone", "run", "--loader", "all", "--out", "out"}, Isolation: "auto", Seed: 4711,
	}
	var vs []verdict.Verdict
	var ids []string
	for _, s := range fixtureSpecs {
		ids = append(ids, s.id)
	}
	catalogue := verdict.CatalogueOf(ids)
	run.Catalogue = &catalogue
	for _, l := range fixtureLoaders {
		for _, k := range fixtureKernels {
			for _, suite := range run.Suites {
				part := verdict.Part{Loader: l.Name, Kernel: k.Name, Suite: suite}
				for i, s := range fixtureSpecs {
					if !strings.HasPrefix(s.id, suite+".") {
						continue
					}
					part.Specs++
					name, version, _ := strings.Cut(l.Name, "@")
					v := verdict.Verdict{
						Spec: s.id, Requirement: []string{strings.SplitN(s.id, "/", 2)[0]}, Suite: suite,
						Cell: verdict.Cell{Loader: name, LoaderVersion: version, Kernel: k.Name, KernelRelease: k.Release},
						Kind: verdict.Pass, DurationMS: int64(40 + 7*i), Level: verdict.Must, Sentence: []string{s.sentence},
						Sources: fixtureSources[:1],
					}
					fixtureVerdict(&v)
					if v.Kind != verdict.Pass && v.Kind != verdict.Skip && v.Again == "" {
						v.Again = verdict.Again(v.Cell, v.Spec)
					}
					vs = append(vs, v)
				}
				run.Plan = append(run.Plan, part)
			}
		}
	}
	return run, vs
}

// fixtureVerdict turns a pass into what the fixture shows in its place.
func fixtureVerdict(v *verdict.Verdict) {
	set := func(k verdict.Kind, reason string) { v.Kind, v.Reason = k, reason }
	issue := &verdict.Expectation{Expect: "fail", Issue: "https://example.org/issues/7", Owner: "loader-team", Until: "2027-03-31"}
	talk := []string{`> {"v":1,"seq":2,"op":"open","session":"s1","object":"/objects/mapdefs/numa.o"}`, `< {"seq":2,"ok":{"maps":[{"name":"m"}]}}  (1.2ms)`, `> {"v":1,"seq":3,"op":"load","session":"s1"}`, `< {"seq":3,"ok":{"maps":[{"name":"m","id":41}]}}  (3.4ms)`}
	switch v.Loader + " " + v.Spec {
	case "cilium mapdefs.legacy.array", "cilium mapdefs.legacy.extra-bytes-refused", "cilium mapdefs.same-map/array", "cilium mapdefs.same-map/hash":
		set(verdict.Refused, "legacy-maps: bpf_map_def is not read <yet>")
	case "libbpf mapdefs.legacy.array", "libbpf mapdefs.legacy.extra-bytes-refused", "libbpf mapdefs.same-map/array", "libbpf mapdefs.same-map/hash":
		set(verdict.Refused, "legacy-maps: removed in libbpf 1.0")
	case "libbpf pinning.reuse.numa-node-named":
		set(verdict.Fail, "ok; map 41 on node 0 (bpf_map iterator)")
		v.Expected, v.Seen = "rejected at pin, class invalid/incompatible-pin, naming numa_node (pinned 0, defined 1)", v.Reason
		v.Detail = "Expected\n    <*loader.OK | 0xc000123456>: {maps: [m]}\nto be rejected at pin\nsuites/pinning/reuse.go:41"
		v.Conversation = talk
		v.Profiles = []string{"pinning", "numa"}
		v.Commits = []string{"96eabe7a40aa"}
		v.Sources = fixtureSources
	case "libbpf mapdefs.btf.unknown-field-ignored":
		if v.Cell.Kernel == "6.12" {
			set(verdict.Fail, "<script>alert('guest')</script> \x1b[2J\x1b]0;owned\x07 ]]> | `x` <b>")
			v.Expected, v.Seen = "unknown fields named: m.colour", v.Reason
			v.Conversation = append(talk, "| <img src=x onerror=alert(1)>", "| \u202egnitirw fo noitcerid")
		}
	case "libbpf mapdefs.names.long":
		set(verdict.Fail, "name is \"a_name_with_more\"")
		v.Level, v.Expected, v.Seen = verdict.Should, `name "a_name_with_mor"`, v.Reason
	case "libbpf mapdefs.btf.conflicting-sizes-refused":
		set(verdict.XFail, "ok; map 17")
		v.Expectation = issue
	case "libbpf mapdefs.no-btf":
		if v.Cell.Kernel == "7.3" {
			set(verdict.XPass, `expected to fail, and it is "pass"; take the entry out: https://example.org/issues/7`)
			v.Expectation = issue
		}
	case "cilium mapdefs.btf.hash":
		switch v.Cell.Kernel {
		case "6.18":
			set(verdict.Fail, "kernel splat: WARNING: CPU: 1 PID: 77 at kernel/bpf/hashtab.c:1234 htab_map_alloc+0x1b/0x30")
			v.Splats = []verdict.Splat{{ID: "warning", Means: verdict.SplatOnly, Text: "WARNING: CPU: 1 PID: 77 at kernel/bpf/hashtab.c:1234 htab_map_alloc+0x1b/0x30", Lines: []string{
				"[   12.345600] ------------[ cut here ]------------",
				"[   12.345678] WARNING: CPU: 1 PID: 77 at kernel/bpf/hashtab.c:1234 htab_map_alloc+0x1b/0x30",
				"[   12.345690] Modules linked in: veth dummy", "[   12.345720] Call Trace:", "[   12.345740] ---[ end trace 0000000000000000 ]---"}}}
			v.Conversation = talk
		case "7.3":
			set(verdict.Crash, "kernel panic: Fatal exception in interrupt")
			v.Console = []string{"[   12.345678] BUG: kernel NULL pointer dereference, address: 0000000000000008", "[   12.345690] Oops: Oops: 0000 [#1] SMP", "[   12.345750] Kernel panic - not syncing: Fatal exception in interrupt"}
			v.Conversation = talk[:3]
		}
	case "cilium mapdefs.btf.numa-node":
		if v.Cell.Kernel == "5.10" {
			set(verdict.Broken, "no reply within 5s")
			v.Conversation = []string{talk[0], talk[1], talk[2], "! no reply within 5s  (5s)", "| panic: runtime error: index out of range [3] with length 3"}
		}
	case "cilium mapdefs.no-btf":
		if v.Cell.Kernel == "6.1" {
			set(verdict.Missing, "the spec began, and there is no record of how it finished")
			v.Console = []string{"loadstone-guest: exiting"}
		}
	case "cilium pinning.reuse.same":
		if v.Cell.Kernel == "6.12" {
			set(verdict.Flaky, "failed this time: pin is gone")
			v.Expectation = &verdict.Expectation{Expect: "flaky", Issue: "https://example.org/issues/8"}
		}
	case "reference mapdefs.btf.numa-node":
		if v.Cell.Kernel == "5.10" {
			set(verdict.Skip, "NUMA nodes: needs 2, has 1")
		}
	case "reference mapdefs.btf.hash":
		v.Guest = &verdict.Guest{Number: 3, Place: 2, Held: map[string]int{"map": 4, "mount": 13}}
		if v.Cell.Kernel == "6.12" {
			v.Guest.Left = []string{"new mount bpf on /run/<x>\x1b[2J"}
		}
	case "reference mapdefs.names.long":
		if v.Cell.Kernel == "6.18" {
			v.Shared = &verdict.Shared{
				Kind: verdict.Fail, Reason: "map \"names\" is there <already>", Differs: true,
				Guest: &verdict.Guest{Number: 4, Place: 3}, After: []string{"mapdefs.no-btf", "mapdefs.btf.hash"},
			}
		}
	case "reference mapdefs.btf.array":
		v.UnderClaim = v.Cell.Kernel == "6.1"
	}
}

// TestFixtures holds the run files of testdata to what makes them.
func TestFixtures(t *testing.T) {
	run, vs := fixtureFile()
	full := writeRun(t, run, vs, "")
	golden(t, "full.jsonl", full)
	golden(t, "torn.jsonl", full[:len(full)*2/3])

	clean := run
	clean.Loaders, clean.Plan = run.Loaders[:1], run.Plan[:10]
	golden(t, "clean.jsonl", writeRun(t, clean, vs[:len(vs)/3], ""))

	refusing := run
	refusing.Kernels, refusing.Suites, refusing.Plan = run.Kernels[:1], []string{"pinning"}, nil
	var refused []verdict.Verdict
	for _, v := range vs {
		if v.Cell.Kernel != "5.10" || v.Suite != "pinning" {
			continue
		}
		if v.Loader == "libbpf" {
			v.Kind, v.Reason = verdict.Refused, "the loader does not claim pinning"
			v.Expected, v.Seen, v.Expectation = "", "", nil
		}
		refused = append(refused, v)
	}
	for _, l := range refusing.Loaders {
		refusing.Plan = append(refusing.Plan, verdict.Part{
			Loader: l.Name, Kernel: "5.10", Suite: "pinning", Specs: len(refused) / 3,
		})
	}
	golden(t, "unproved.jsonl", writeRun(t, refusing, refused, ""))

	golden(t, "stale.jsonl", writeRun(t, clean, vs[:len(vs)/3], `expectations, line 2: "mapdefs.two" came up in no cell; take it out (https://example.org/issues/9)`))
}

// writeRun returns a run file of these verdicts, of a run that took 133 seconds.
func writeRun(t *testing.T, run verdict.Run, vs []verdict.Verdict, problem string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := verdict.Create(path, run)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vs {
		if err := w.Write(v); err != nil {
			t.Fatal(err)
		}
	}
	var problems []string
	if problem != "" {
		problems = append(problems, problem)
	}
	if err := w.Close("", problems); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`"duration_ms":\d+\}\n$`).ReplaceAll(data, fmt.Appendf(nil, "\"duration_ms\":%d}\n", 133_000))
}

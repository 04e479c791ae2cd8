// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/drivers/faults"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// passed holds the verdict of a load in a clone that ended well.
var passed = verdict.Verdict{Kind: verdict.Pass}

// A fakeTrial ends every load in a clone with a verdict.
type fakeTrial struct {
	verdict verdict.Verdict
	tried   []string
}

func (f *fakeTrial) Load(_ *cobra.Command, c drivers.Choice) (verdict.Verdict, error) {
	f.tried = append(f.tried, c.String())
	return f.verdict, nil
}

func (f *fakeTrial) Close() error { return nil }

// loaders runs the command loaders, with a cache of the test's own, and a load in a clone that ends
// that way.
func loaders(
	t *testing.T, ends verdict.Verdict, args ...string,
) (output string, tried []string, err error) {
	t.Helper()
	var out bytes.Buffer
	fake := &fakeTrial{verdict: ends}
	cmd := newLoadersCommand(&cacheOptions{cache: t.TempDir(), offline: true},
		func(_ *cobra.Command, name string) (trial, error) {
			if name == "none" {
				return nil, kernel.ErrUnknownKernel
			}
			return fake, nil
		})
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.ExecuteContext(t.Context())
	return out.String(), fake.tried, err
}

func TestLoadersList(t *testing.T) {
	text, _, err := loaders(t, passed, "list", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var listed []listedLoader
	if err := json.Unmarshal([]byte(text), &listed); err != nil {
		t.Fatal(err)
	}
	all, err := drivers.All()
	if err != nil {
		t.Fatal(err)
	}
	var names, want []string
	for _, l := range listed {
		names = append(names, l.Name)
	}
	for _, m := range all {
		want = append(want, m.Name)
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if listed[0].Started != "linked in" {
		t.Errorf("reference: %+v", listed[0])
	}
	table, _, err := loaders(t, passed, "list")
	if err != nil || strings.Count(table, "\n") != len(all)+1 {
		t.Errorf("%v:\n%s", err, table)
	}
}

// faulty writes a loader.yaml for the driver with that fault, and returns its path.
func faulty(t *testing.T, name, fault string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("a driver's root takes root to make: run make test as root")
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "driver"),
		"../../drivers/faults/driver")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	path := filepath.Join(dir, "loader.yaml")
	text := fmt.Sprintf("name: %s\nversions: {\"1.0\": local}\nspeaks: ndjson\ncommand: [./driver]\nenv: {%s: %s}\n", name, faults.EnvFault, fault)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckOfAGoodDriver(t *testing.T) {
	path := faulty(t, "cilium", "none")
	text, tried, err := loaders(t, passed, "check", "--trace", path)
	if err != nil {
		t.Errorf("%v:\n%s", err, text)
	}
	if diff := cmp.Diff([]string{"cilium@1.0"}, tried); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{
		"ok    bundle", "ok    keeps to the schema", "it is cilium 0.22.0",
		`> {"v":1,"seq":1,"op":"hello"`, "ok    one load in a clone",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestCheckOfADriver(t *testing.T) {
	for _, tt := range []struct {
		fault        string
		name, broken string
		trial        verdict.Verdict
		want         string
		tried        int
	}{
		{"that prints on stdout", "cilium", "text", passed, "libexample: loading section 'xdp'", 0},
		{"that hangs after bye", "cilium", "hang-after-bye", passed, "\n      host's load: ", 0},
		{"that has another name", "mine", "none", passed, `it says "cilium", its manifest "mine"`, 0},
		{"that cannot load", "cilium", "none", verdict.Verdict{Kind: verdict.Fail, Reason: "map counts is not there"}, "FAIL  one load in a clone of 6.12\n        fail: map counts is not there", 1},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			text, tried, err := loaders(t, tt.trial, "check", faulty(t, tt.name, tt.broken))
			if exitCode(err) != verdict.ExitFailed || !strings.Contains(text, tt.want) ||
				len(tried) != tt.tried {
				t.Errorf("%v, %d tries:\n%s", err, len(tried), text)
			}
		})
	}
}

func TestCheckOfABadManifest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loader.yaml")
	if err := os.WriteFile(path, []byte("name: X\nversions: {main: local}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	text, _, err := loaders(t, passed, "check", path)
	if exitCode(err) != verdict.ExitFailed ||
		!strings.Contains(text, "loader.yaml:2: version \"main\" moves") {
		t.Errorf("%v:\n%s", err, text)
	}
}

// packed writes the loader.yaml of a driver that is a file and nothing more, in two versions, and
// returns its path.
func packed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"driver":      "anything",
		"loader.yaml": "name: mine\nversions: {\"1.0\": local, \"1.1\": local}\nspeaks: ndjson\ncommand: [./driver]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "loader.yaml")
}

func TestPullOfEveryVersion(t *testing.T) {
	text, _, err := loaders(t, passed, "pull", packed(t)+"@all")
	if err != nil || strings.Count(text, "\n") != 2 ||
		!strings.HasPrefix(text, "mine@1.0\tlocal\t") ||
		!strings.Contains(text, "\nmine@1.1\tlocal\t") {
		t.Errorf("%v:\n%s", err, text)
	}
}

// One that cannot be had keeps no other from being pulled, and is told.
func TestPullOfALoaderThatCannotBeHad(t *testing.T) {
	text, _, err := loaders(t, passed, "pull", "libbpf@1.1", packed(t))
	if exitCode(err) != verdict.ExitHarness || !strings.Contains(err.Error(), "bring libbpf@1.1: ") ||
		!strings.Contains(text, "mine@1.1\tlocal\t") {
		t.Errorf("%v:\n%s", err, text)
	}
}

func TestPullOfNoLoader(t *testing.T) {
	for _, args := range [][]string{
		{"pull"}, {"pull", "nothing"}, {"pull", "libbpf@0.0"}, {"pull", "Bad Name"},
	} {
		if text, _, err := loaders(t, passed, args...); err == nil ||
			exitCode(err) == verdict.ExitHarness && len(args) > 1 {
			t.Errorf("%v: %v:\n%s", args, err, text)
		}
	}
}

func TestListTellsWhatIsCached(t *testing.T) {
	dir := t.TempDir()
	cache := &cacheOptions{cache: dir, offline: true}
	m, err := drivers.Read(packed(t))
	if err != nil {
		t.Fatal(err)
	}
	l, err := listLoader(t.Context(), cache, m)
	if err != nil || len(l.Cached) != 0 || l.Cached == nil {
		t.Errorf("%v, %v", l.Cached, err)
	}
	options, err := cache.bundleOptions(drivers.Choice{Manifest: m, Version: "1.1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.Build(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	l, err = listLoader(t.Context(), cache, m)
	if diff := cmp.Diff([]string{"1.1"}, l.Cached); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	var table bytes.Buffer
	if err := writeLoaders(&table, []listedLoader{l}); err != nil ||
		!strings.Contains(table.String(), "mine  1.0 1.1   1.1     process") {
		t.Errorf("%v:\n%s", err, table.String())
	}
}

func TestCompletionOffersEveryVersion(t *testing.T) {
	names, _ := completeLoaders(nil, nil, "")
	for _, want := range []string{
		"all\tall of them, each at its newest version", "iproute2",
		"iproute2@all\tevery version of it", "iproute2@6.1",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("no %q among %q", want, names)
		}
	}
}

func TestCheckOfNoLoader(t *testing.T) {
	for _, arg := range []string{"nothing", "libbpf@0.0", "Bad Name", "/nonexistent/loader.yaml"} {
		if _, _, err := loaders(t, passed, "check", arg); exitCode(err) != verdict.ExitUsage {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

func TestEveryLoaderAtHandIsListed(t *testing.T) {
	all, err := drivers.All()
	if err != nil {
		t.Fatal(err)
	}
	for name := range linkedIn {
		if !slices.ContainsFunc(all, func(m *loader.Manifest) bool { return m.Name == name }) {
			t.Errorf("%s has no manifest", name)
		}
	}
}

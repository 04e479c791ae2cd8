// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/repro"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// exitOf returns what a command prints, and its exit code.
func exitOf(t *testing.T, cmd *exec.Cmd) (printed []byte, stderr string, code int) {
	t.Helper()
	var complaints strings.Builder
	cmd.Stderr = &complaints
	printed, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return printed, complaints.String(), cmd.ProcessState.ExitCode()
}

// A failure of a loader that is given by a relative path is shown again from any folder, with
// guests shared as they were.
func TestAFailureIsRunAgain(t *testing.T) {
	manifest := faulty(t, "cilium", "false-ids")
	loadstone := installed(t)
	const spec = "mapdefs.same-map/hash"
	out := filepath.Join(t.TempDir(), "out")
	cmd := starting(t, loadstone, "run", "--kernel", "native", "--loader", "./loader.yaml",
		"--isolation", "spec", "--spec", spec, "--out", out)
	cmd.Dir = filepath.Dir(manifest)
	printed, stderr, code := exitOf(t, cmd)
	if code != verdict.ExitFailed || !strings.Contains(stderr, "1 bundle") {
		t.Fatalf("exit %d: %s%s", code, printed, stderr)
	}
	bundles, err := bundlesIn(filepath.Join(out, bundlesFolder))
	if err != nil || len(bundles) != 1 {
		t.Fatalf("bundles %q, %v", bundles, err)
	}
	b, err := repro.ReadFile(bundles[0])
	if err != nil {
		t.Fatal(err)
	}
	again := "loadstone run --kernel native --loader " + manifest + "@1.0 --isolation spec --spec " + spec
	if got := b.Manifest.Again; got != again {
		t.Errorf("again %s, want %s", got, again)
	}
	if !strings.Contains(string(printed), again) {
		t.Errorf("no %q on the screen: %s", again, printed)
	}
	if o := b.Manifest.Objects; len(o) == 0 || o[0].File == "" {
		t.Errorf("objects %+v", o)
	}
	if x, err := b.Conversation(); err != nil || len(x) < 3 {
		t.Errorf("conversation %+v, %v", x, err)
	}
	for _, tt := range []struct {
		args    []string
		outcome repro.Outcome
		exit    int
		differs string
	}{
		{nil, repro.Same, verdict.ExitFailed, ""},
		{[]string{"--loader", "reference"}, repro.Passes, verdict.ExitClean, "loader: was cilium@1.0, is reference@"},
	} {
		cmd := starting(t, loadstone, append([]string{"repro", bundles[0], "--json", "--out", filepath.Join(t.TempDir(), "again")}, tt.args...)...)
		cmd.Dir = t.TempDir()
		printed, stderr, code := exitOf(t, cmd)
		var r rerun
		if err := json.Unmarshal(printed, &r); err != nil {
			t.Fatalf("%v: %s%s", err, printed, stderr)
		}
		if code != tt.exit || r.Outcome != tt.outcome || !strings.Contains(strings.Join(r.Differs, "\n"), tt.differs) ||
			tt.differs == "" && len(r.Differs) > 0 {
			t.Errorf("repro %q: exit %d, %s", tt.args, code, printed)
		}
	}
	// A loader at the same path that is another one by now is told.
	driver := filepath.Join(filepath.Dir(manifest), "driver")
	if err := os.WriteFile(driver, []byte(readText(t, driver)+"\x00"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(readText(t, manifest), "false-ids", "none", 1)
	if err := os.WriteFile(manifest, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	printed, stderr, code = exitOf(t, starting(t, loadstone, "repro", bundles[0], "--out", filepath.Join(t.TempDir(), "again")))
	if code != verdict.ExitClean || !strings.Contains(string(printed), "passes now") ||
		!strings.Contains(string(printed), "SHA-256 of the loader: was ") {
		t.Errorf("exit %d: %s%s", code, printed, stderr)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFailuresBeyondTheLimitHaveNoBundle(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "repro")
	b := &bundler{dir: dir, most: 1}
	for _, v := range []verdict.Verdict{
		{Spec: "a.1", Kind: verdict.Skip}, {Spec: "a.2", Kind: verdict.Fail}, {Spec: "a.3", Kind: verdict.Crash},
	} {
		b.take(v, verdict.Trail{})
	}
	paths, err := bundlesIn(dir)
	if err != nil || b.err != nil || len(paths) != 1 || b.left != 1 {
		t.Errorf("%q, %d left, %v, %v", paths, b.left, err, b.err)
	}
	if text := b.said(); !strings.Contains(text, "1 more failures have none: --bundles N") {
		t.Errorf("it is told: %s", text)
	}
	other := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := removeBundles(dir); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "mine.txt" {
		t.Errorf("%v, %v", left, err)
	}
}

func TestWhatIsNoBundleIsWrongUsage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.repro.tar.gz")
	if err := os.WriteFile(file, []byte("words"), 0o600); err != nil {
		t.Fatal(err)
	}
	several, err := repro.New(verdict.Run{}, verdict.Verdict{
		Spec: "pinning.*", Kind: verdict.Fail, Cell: verdict.Cell{Loader: "reference", Kernel: "native"},
	}, verdict.Trail{}, false).Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	native, err := repro.New(verdict.Run{}, verdict.Verdict{
		Spec: "pinning.reuse.as-set", Kind: verdict.Fail, Cell: verdict.Cell{Loader: "reference", Kernel: "native"},
	}, verdict.Trail{}, false).Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"": "accepts 1 arg", file: "not a repro bundle", file + ".none": "no such file",
		several:             "names no one spec",
		native + " --shell": "a guest can boot", native + " --shell --json": "no --json",
	} {
		out, code := command(t, append([]string{"repro"}, strings.Fields(args)...)...)
		if code != verdict.ExitUsage || !strings.Contains(out, want) {
			t.Errorf("repro %s: exit %d, want %d and %q: %s", args, code, verdict.ExitUsage, want, out)
		}
	}
}

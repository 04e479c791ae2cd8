// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/apt/apttest"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel/kerneltest"
)

// kernelsMirror has kernels of two series, two versions of one of them.
func kernelsMirror(t *testing.T) *apttest.Mirror {
	t.Helper()
	m := apttest.NewMirror(t)
	for version, dist := range map[string]string{
		"6.12.94-1": "trixie", "6.12.117-1": "trixie-security", "6.1.192-2": "bookworm",
	} {
		release := apt.Version(version).Upstream() + "-cloud-amd64"
		files := map[string]string{}
		for name, data := range kerneltest.PackageFiles(release, false) {
			files[name] = string(data)
		}
		m.Add(dist, "linux-image-"+release, version, "", files)
	}
	m.Publish(nil, "bullseye", "bullseye-updates", "bullseye-security", "bookworm",
		"bookworm-updates", "bookworm-backports", "bookworm-security",
		"trixie", "trixie-updates", "trixie-backports", "trixie-security", "testing", "sid")
	m.ConfigureHost(t)
	return m
}

// kernels runs loadstone kernels with arguments, in a cache of its own.
func kernels(t *testing.T, cache string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	o := new(cacheOptions)
	root := &cobra.Command{Use: "loadstone", SilenceErrors: true, SilenceUsage: true}
	addCacheFlags(root, o)
	root.AddCommand(newKernelsCommand(o))
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append([]string{"kernels", "--cache", cache}, args...))
	err = root.ExecuteContext(t.Context())
	return out.String(), errs.String(), err
}

func mustKernels(t *testing.T, cache string, args ...string) (stdout, stderr string) {
	t.Helper()
	stdout, stderr, err := kernels(t, cache, args...)
	if err != nil {
		t.Fatalf("kernels %s: %v", strings.Join(args, " "), err)
	}
	return stdout, stderr
}

// sizes matches what differs between machines: how well dpkg-deb packs.
var sizes = regexp.MustCompile(`[0-9]+\.[0-9] MB`)

func TestKernelsListPullShowPrune(t *testing.T) {
	kernelsMirror(t)
	cache := t.TempDir()

	got, _ := mustKernels(t, cache, "list")
	want := `SERIES  VERSION     SUITE      RELEASE               MATRIX   CACHE
6.1     6.1.192-2   debian-12  6.1.192-cloud-amd64   default  N MB to fetch
6.12    6.12.117-1  debian-13  6.12.117-cloud-amd64  default  N MB to fetch
`
	if diff := cmp.Diff(want, sizes.ReplaceAllString(got, "N MB")); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}

	got, progress := mustKernels(t, cache, "pull", "6.12", "6.12@6.12.94-1")
	folder := filepath.Join(cache, "kernels/amd64")
	want = "6.12\t6.12.117-1\t" + folder + "/6.12.117-cloud-amd64_6.12.117-1/vmlinuz\n6.12\t6.12.94-1\t" + folder + "/6.12.94-cloud-amd64_6.12.94-1/vmlinuz\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pull (-want +got):\n%s", diff)
	}
	if !strings.Contains(progress,
		"fetching linux-image-6.12.117-cloud-amd64 6.12.117-1, 0.0 MB\n") || strings.ContainsAny(progress, "\r\x1b") {
		t.Errorf("progress where there is no terminal: %q", progress)
	}

	got, _ = mustKernels(t, cache, "list", "--all", "--json")
	var offers []kernel.Offer
	if err := json.Unmarshal([]byte(got), &offers); err != nil {
		t.Fatal(err)
	}
	var cached []bool
	for _, o := range offers {
		cached = append(cached, o.Cached)
	}
	if diff := cmp.Diff([]bool{false, true, true}, cached); diff != "" {
		t.Errorf("cached (-want +got):\n%s", diff)
	}

	got, _ = mustKernels(t, cache, "show", "6.12")
	for _, line := range []string{
		"release        6.12.117-cloud-amd64\n", "from           debian-13, version 6.12.117-1\n",
		"modules        3 in ", "missing: CONFIG_BPF_LSM\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("show lacks %q:\n%s", line, got)
		}
	}

	got, _ = mustKernels(t, cache, "prune", "--dry-run")
	if !strings.HasPrefix(got, "would remove 6.12.94-cloud-amd64, ") {
		t.Errorf("prune --dry-run: %s", got)
	}
	got, _ = mustKernels(t, cache, "prune", "--all")
	if !strings.Contains(got, "removed 2, ") {
		t.Errorf("prune --all: %s", got)
	}
}

func TestKernelsShowJSON(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bzImage"), kerneltest.BzImage("6.19.0-rc1"),
		0o644); err != nil {
		t.Fatal(err)
	}
	for config, known := range map[string]bool{"": false, "CONFIG_BPF_SYSCALL=y\n": true} {
		if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		if !known {
			if err := os.Remove(filepath.Join(dir, "config")); err != nil {
				t.Fatal(err)
			}
		}
		got, _ := mustKernels(t, t.TempDir(), "show", "--json", filepath.Join(dir, "bzImage"))
		var shown struct {
			Release, Series, Origin string
			Features                []kernel.Verdict
		}
		if err := json.Unmarshal([]byte(got), &shown); err != nil {
			t.Fatal(err)
		}
		if shown.Release != "6.19.0-rc1" || shown.Series != "6.19" || shown.Origin != "image" ||
			(len(shown.Features) > 0) != known {
			t.Errorf("with configuration %q: %s", config, got)
		}
	}
}

// TestKernelsFaults has a row per fault, and whether it is the user's.
func TestKernelsFaults(t *testing.T) {
	m := kernelsMirror(t)
	cache := t.TempDir()
	text := filepath.Join(t.TempDir(), "bzImage")
	if err := os.WriteFile(text, []byte("no image"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		usage bool
		says  string
	}{
		{[]string{"pull", "6.99"}, true, "kernel 6.99: unknown kernel: there are 6.1, 6.12"},
		{[]string{"show", text}, true, "not a kernel image"},
		{[]string{"list", "--arch", "m68k"}, true, "m68k"},
		{[]string{"pull", "6.1", "--mirror", "http://127.0.0.1:1/debian"}, false, "mirror cannot be reached"},
		{[]string{"pull", "6.1", "--offline", "--mirror", "http://127.0.0.1:2/debian"}, false, "offline"},
	} {
		_, _, err := kernels(t, cache, c.args...)
		if err == nil || errors.Is(err, kernel.ErrUsage) != c.usage ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: error %v; want one that is usage %t and says %q", c.args, err, c.usage,
				c.says)
		}
	}
	mustKernels(t, cache, "pull", "all")
	m.Close()
	if _, notes := mustKernels(t, cache, "pull", "6.12", "--refresh"); !strings.Contains(notes,
		"note: lists of trixie are of ") {
		t.Errorf("pull without the mirror notes %q", notes)
	}
}

func TestKernelsCompletion(t *testing.T) {
	kernelsMirror(t)
	cache := t.TempDir()
	mustKernels(t, cache, "list")
	complete := completeKernels(&cacheOptions{cache: cache, arch: "amd64"}, "default")
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	for start, want := range map[string][]string{
		"":     {"default", "6.12\t6.12.117-1 from debian-13"},
		"6.12": {"6.12\t6.12.117-1 from debian-13"}, "x": nil,
	} {
		got, _ := complete(cmd, []string{"6.1"}, start)
		if diff := cmp.Diff(strings.Join(want, "|"), strings.Join(got, "|")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", start, diff)
		}
	}
}

func TestDownloadsOnATerminalWriteOverOneLine(t *testing.T) {
	var out bytes.Buffer
	d := &downloads{w: &out, terminal: true, started: map[string]bool{}}
	d.event(apt.Event{What: "fetching lists of trixie"})
	d.event(apt.Event{What: "fetching linux 6.12", Done: 5e6, Total: 10e6})
	d.notice("look")
	d.end()
	want := "\r\x1b[Kfetching lists of trixie\r\x1b[Kfetching linux 6.12   50 % of 10.0 MB\r\x1b[Knote: look\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("terminal (-want +got):\n%s", diff)
	}
}

func TestEveryKernelsCommandHasAnExample(t *testing.T) {
	all := newKernelsCommand(new(cacheOptions))
	for _, cmd := range append(all.Commands(), all) {
		if cmd.Example == "" || cmd.Short == "" {
			t.Errorf("%s has no example or no description", cmd.Name())
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package repro

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

var fakeRun = verdict.Run{
	ID: "20261129-091529-0bdf953e", Started: time.Date(2026, 11, 29, 9, 15, 29, 5, time.UTC),
	Loadstone: verdict.Build{Version: "0.2", Commit: "c0ffee"}, Guest: "9e57",
	Host:      verdict.Host{OS: "linux", Arch: "amd64", CPUs: 2, QEMU: "7.2.22", Accel: "kvm"},
	Kernels:   []verdict.Kernel{{Name: "5.10", Release: "5.10.1"}, {Name: "6.12", Release: "6.12.118", Version: "6.12.118-1", Digest: "4e4e", Arch: "amd64"}},
	Loaders:   []verdict.Loader{{Name: "libbpf@1.7", Digest: "11bb", Components: map[string]string{"libbpf1": "1:1.7.0-1"}}},
	Isolation: "auto", Seed: 4711,
}

var fakeVerdict = verdict.Verdict{
	Spec: "mapdefs.set.max-entries/hash", Requirement: []string{"mapdefs.set.max-entries"}, Suite: "mapdefs",
	Cell: verdict.Cell{Loader: "libbpf", LoaderVersion: "1.7", Kernel: "6.12"},
	Kind: verdict.Fail, Reason: "ok; map 41", Level: verdict.Must,
	Sentence: []string{"A loader makes a map as large as its caller says."},
	Sources:  []verdict.Source{{Text: "libbpf: bpf_map__set_max_entries", URL: "https://example.org/libbpf.c"}},
	Expected: "max_entries 64", Seen: "ok; map 41 <b>\x1b[31m", Again: "loadstone run --spec x",
	Conversation: []string{"> the end"}, Console: []string{"the end"},
}

func fakeTrail() verdict.Trail {
	return verdict.Trail{
		Steps: []record.Step{
			{Seq: 1, Request: json.RawMessage(`{"op":"hello"}`), Reply: json.RawMessage(`{"seq":1,"ok":{}}`)},
			{Seq: 2, Request: json.RawMessage(`{"op":"load"}`), Fault: "the loader died", Stderr: "oh", Conversation: 2},
		},
		Files: []verdict.GivenFile{
			{Path: "/run/work/1/s1/hash.bpf.o", Size: 4, Data: []byte("\x7fELF")},
			{Path: "/run/work/1/s2/../../../etc/.pass wd", Size: 1, Data: []byte("x")},
			{Path: "/run/work/1/s3/large.bpf.o", Size: 1 << 30},
		},
		Log: []string{"6,1,2,-;hello"}, Console: "booted",
	}
}

func fake() Bundle { return New(fakeRun, fakeVerdict, fakeTrail(), true) }

func TestABundleComesBackAsItWas(t *testing.T) {
	want := fake()
	dir := filepath.Join(t.TempDir(), "repro")
	path, err := want.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if base := filepath.Base(path); base != "mapdefs.set.max-entries_hash-libbpf@1.7-6.12.repro.tar.gz" {
		t.Errorf("it is called %s", base)
	}
	got, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, *got, cmp.AllowUnexported(Bundle{})); diff != "" {
		t.Error(diff)
	}
	objects := []Object{
		{Path: "/run/work/1/s1/hash.bpf.o", File: "objects/1/hash.bpf.o", Size: 4},
		{Path: "/run/work/1/s2/../../../etc/.pass wd", File: "objects/2/pass_wd", Size: 1},
		{Path: "/run/work/1/s3/large.bpf.o", Size: 1 << 30},
	}
	if diff := cmp.Diff(objects, got.Manifest.Objects); diff != "" {
		t.Error(diff)
	}
	exchanges, err := got.Conversation()
	if err != nil || len(exchanges) != 2 || exchanges[1].Fault != "the loader died" || exchanges[1].Conversation != 2 {
		t.Errorf("%v: %+v", err, exchanges)
	}
	if m := got.Manifest; m.Kernel.Digest != "4e4e" || m.Loader.Digest != "11bb" || m.Seed != 4711 || !m.Process {
		t.Errorf("%+v", m)
	}
}

func TestTheSameFailureGivesTheSameBytes(t *testing.T) {
	one, err := fake().archive()
	if err != nil {
		t.Fatal(err)
	}
	other, err := fake().archive()
	if err != nil || !bytes.Equal(one, other) {
		t.Errorf("%v: %d and %d bytes", err, len(one), len(other))
	}
}

func TestTheReadmeSaysWhatAReportNeeds(t *testing.T) {
	text := string(fake().files[readmeFile])
	for _, want := range []string{
		"must: A loader makes a map as large as its caller says. (`mapdefs.set.max-entries`)",
		"source: libbpf: bpf_map__set_max_entries https://example.org/libbpf.c",
		"max_entries 64", "loadstone 0.2 c0ffee", "loader libbpf@1.7, SHA-256 11bb", "libbpf1 1:1.7.0-1",
		"kernel 6.12, release 6.12.118, package version 6.12.118-1, amd64, SHA-256 4e4e",
		"QEMU 7.2.22 with kvm", "loadstone repro mapdefs.set.max-entries_hash-libbpf@1.7-6.12.repro.tar.gz",
		"`objects/1/hash.bpf.o`: `/run/work/1/s1/hash.bpf.o`", "large.bpf.o` (1073741824 bytes) is left out",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.ContainsRune(text, '\x1b') {
		t.Error("what a guest says reaches the terminal")
	}
}

// A guest says as much as it likes, and a bundle stays small.
func TestABundleIsBounded(t *testing.T) {
	trail := fakeTrail()
	trail.Console, trail.Log = strings.Repeat("c", 8<<20), []string{strings.Repeat("l", 8<<20)}
	trail.Files = nil
	for range 3 {
		trail.Steps = append(trail.Steps, record.Step{Request: json.RawMessage(`"` + strings.Repeat("r", 2<<20) + `"`)})
		trail.Files = append(trail.Files, verdict.GivenFile{Path: "/f", Size: 4 << 20, Data: make([]byte, 4<<20)})
	}
	b := New(fakeRun, fakeVerdict, trail, false)
	for name, most := range map[string]int{
		consoleFile: keptConsole + 100, logFile: keptLog + 100, conversationFile: keptConversation + 100,
	} {
		if n := len(b.files[name]); n > most {
			t.Errorf("%s has %d bytes, at most %d", name, n, most)
		}
		if !bytes.Contains(b.files[name], []byte("left")) {
			t.Errorf("%s does not say that something is left out", name)
		}
	}
	if o := b.Manifest.Objects; o[1].File == "" || o[2].File != "" {
		t.Errorf("%+v", o)
	}
	packed, err := b.archive()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(bytes.NewReader(packed)); err != nil {
		t.Error(err)
	}
}

func TestOnlyFailuresOfSpecsThatRanAreKept(t *testing.T) {
	for kind, want := range map[verdict.Kind]bool{
		verdict.Fail: true, verdict.Crash: true, verdict.Broken: true, verdict.Pass: false,
		verdict.XFail: false, verdict.XPass: false, verdict.Skip: false, verdict.Missing: false,
	} {
		if got := Wanted(verdict.Verdict{Kind: kind}); got != want {
			t.Errorf("%s: %v, want %v", kind, got, want)
		}
	}
}

func TestOutcomes(t *testing.T) {
	fails := func(expected, seen string) verdict.Verdict {
		return verdict.Verdict{Kind: verdict.Fail, Reason: seen, Expected: expected, Seen: seen}
	}
	was := fails("max_entries 64", "ok; map 41, 0xffff888012")
	broken := verdict.Verdict{Kind: verdict.Broken, Reason: "driver error at load: x"}
	slow := func(reason string) verdict.Verdict {
		return verdict.Verdict{Kind: verdict.Broken, Reason: reason, Overrun: &verdict.Overrun{Of: "request"}}
	}
	for name, tt := range map[string]struct {
		was, is verdict.Verdict
		want    Outcome
	}{
		"other ids":              {was, fails("max_entries 64", "ok; map 7, 0xffff8880ab"), Same},
		"another thing seen":     {was, fails("max_entries 64", "rejected at open"), Other},
		"the kernel dies":        {was, verdict.Verdict{Kind: verdict.Crash}, Other},
		"it passes":              {was, verdict.Verdict{Kind: verdict.Pass}, Passes},
		"it is skipped":          {was, verdict.Verdict{Kind: verdict.Skip}, Untold},
		"the harness breaks":     {was, broken, Untold},
		"it breaks again":        {broken, broken, Same},
		"it breaks otherwise":    {broken, verdict.Verdict{Kind: verdict.Broken, Reason: "the spec itself panicked"}, Untold},
		"it hangs on any host":   {slow("hung; load 1.0"), slow("hung; load 7.5"), Same},
		"another limit's passes": {slow("hung"), verdict.Verdict{Kind: verdict.Broken, Overrun: &verdict.Overrun{Of: "spec"}}, Untold},
	} {
		if got := OutcomeOf(tt.was, tt.is); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	m := fake().Manifest
	run := fakeRun
	run.Kernels = run.Kernels[1:]
	if got := m.Differences(run); len(got) > 0 {
		t.Errorf("the same run differs: %q", got)
	}
	run.Guest = "0"
	run.Loadstone.Version = "0.3"
	run.Kernels = []verdict.Kernel{{Release: "6.12.119", Digest: "5e5e"}}
	run.Loaders = []verdict.Loader{{Name: "libbpf@1.8", Digest: "22cc"}}
	want := []string{
		"kernel release: was 6.12.118, is 6.12.119", "SHA-256 of the kernel: was 4e4e, is 5e5e",
		"loader: was libbpf@1.7, is libbpf@1.8", "SHA-256 of the loader: was 11bb, is 22cc",
		"loadstone: was 0.2, is 0.3", "the guest program, which has the specs, is another build",
	}
	if diff := cmp.Diff(want, m.Differences(run)); diff != "" {
		t.Error(diff)
	}
}

func TestABundleThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fake().Write(filepath.Join(file, "repro")); err == nil {
		t.Error("a folder below a file is written to")
	}
}

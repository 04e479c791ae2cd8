// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/btfview"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// Objects of suite xdphints for little-endian machines, as the guests of the project are: one that
// reads a driver's metadata, and types of drivers.
const (
	hintsFolder = "../../objects/xdphints/el/"
	readerObj   = hintsFolder + "read.o"
	sameTypes   = hintsFolder + "target_same.o"
	movedTypes  = hintsFolder + "target_moved.o"
	twoTypes    = hintsFolder + "target_two.o"
	hashObject  = hintsFolder + "live_hash.o"
	idObject    = hintsFolder + "type_id_there.o"
)

// btfCommand runs loadstone btf with arguments.
func btfCommand(t *testing.T, args ...string) (stdout string, code int, err error) {
	t.Helper()
	root := newRootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{"btf"}, args...))
	err = root.ExecuteContext(t.Context())
	return out.String(), exitCode(err), err
}

func TestBTFExitCodes(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.btf")
	for _, c := range []struct {
		args string
		code int
		says string // in the error or the output
	}{
		{"show loadstone_meta --kernel-types " + movedTypes, verdict.ExitClean, "struct loadstone_meta"},
		{"show nowhere --kernel-types " + movedTypes, verdict.ExitFailed, "no type of that name"},
		{"show", verdict.ExitUsage, "requires at least 1 arg"},
		{"show x --kernel-types absent", verdict.ExitUsage, "absent"},
		{"show x --kernel-types btf_test.go", verdict.ExitHarness, "btf_test.go"},
		{"explain " + readerObj + " --kernel-types " + movedTypes, verdict.ExitClean, "8 -> 32"},
		{"explain " + hashObject + " --kernel-types " + twoTypes, verdict.ExitFailed, "differ"},
		{"explain " + hashObject + " --kernel-types " + twoTypes + " --choose loadstone_meta=loadstone_meta___two", verdict.ExitClean, "8 -> 0"},
		{"explain " + hashObject + " --kernel-types " + twoTypes + " --choose loadstone_meta=loadstone_meta@" + twoTypes, verdict.ExitClean, "8 -> 8"},
		{"explain " + hashObject + " --kernel-types " + twoTypes + " --choose loadstone_meta=nothing", verdict.ExitFailed, "is none of the types"},
		{"explain " + hashObject + " --kernel-types " + twoTypes + " --choose loadstone_met=x", verdict.ExitUsage, "has none of that name"},
		{"explain " + hashObject + " --kernel-types " + twoTypes + " --choose loadstone_meta=@x", verdict.ExitUsage, "no source is \"x\""},
		{"explain " + hashObject + " --kernel-types " + twoTypes + " --choose loadstone_meta", verdict.ExitUsage, "want TYPE=NAME@SOURCE"},
		{"explain " + hashObject + " --kernel-types " + twoTypes + " --choose a=b --choose a=c", verdict.ExitUsage, "chosen twice"},
		{"min " + hashObject + " --kernel-types " + twoTypes + " --choose loadstone_meta=loadstone_meta___two -o " + out, verdict.ExitClean, " types"},
		{"explain absent.o --kernel-types " + movedTypes, verdict.ExitUsage, "absent.o"},
		{"explain", verdict.ExitUsage, "accepts 1 arg"},
		{"stitch --kernel-types " + movedTypes + " --extra " + sameTypes, verdict.ExitClean, "no, whole"},
		{"stitch --kernel-types " + movedTypes + " --extra absent", verdict.ExitUsage, "absent"},
		{"stitch more", verdict.ExitUsage, "unknown command"},
		{"min " + readerObj + " --kernel-types " + movedTypes, verdict.ExitUsage, "say -o FILE"},
		{"min " + readerObj + " --kernel-types " + movedTypes + " -o " + out, verdict.ExitClean, " types"},
		{"min " + readerObj + " --kernel-types " + movedTypes + " -o ./" + readerObj, verdict.ExitUsage, "would be overwritten"},
		{"min " + idObject + " --kernel-types " + hintsFolder + "types_grown.o -o " + out, verdict.ExitFailed, "asks for the id"},
		{"frobnicate", verdict.ExitUsage, "unknown command"},
	} {
		text, code, err := btfCommand(t, strings.Fields(c.args)...)
		if err != nil {
			text += err.Error()
		}
		if code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("%s: exit code %d, want %d\n%s\ndoes not say %s", c.args, code, c.code, text, c.says)
		}
	}
}

// TestBTFWritesJSON reads what the commands print for scripts.
func TestBTFWritesJSON(t *testing.T) {
	read := func(to any, args ...string) {
		t.Helper()
		text, _, err := btfCommand(t, append(args, "--json", "--kernel-types", movedTypes)...)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), to); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, text)
		}
	}
	var layouts []btfview.Layout
	read(&layouts, "show", "struct", "loadstone_meta")
	if len(layouts) != 1 || layouts[0].Name != "loadstone_meta" || len(layouts[0].Members) == 0 || *layouts[0].Size == 0 {
		t.Errorf("%+v", layouts)
	}
	var relocations []btfview.Relocation
	read(&relocations, "explain", readerObj)
	found := false
	for _, r := range relocations {
		if r.Expression == "bpf_core_field_offset(struct loadstone_meta, hash)" {
			found = r.Value != nil && *r.Value == 32 && *r.Original == 8 && r.Function == "reader" && len(r.Candidates) == 1
		}
	}
	if !found {
		t.Errorf("%+v", relocations)
	}
	var parts []btfview.Part
	read(&parts, "stitch", "--extra", sameTypes)
	if len(parts) != 2 || parts[0].Types == 0 || parts[1].Source != sameTypes {
		t.Errorf("%+v", parts)
	}
	out := filepath.Join(t.TempDir(), "least.btf")
	var least struct{ Bytes, Types, Of int }
	read(&least, "min", readerObj, "-o", out)
	raw, err := os.ReadFile(out)
	if err != nil || len(raw) != least.Bytes || least.Types == 0 || least.Types >= least.Of {
		t.Errorf("%+v of %d bytes, %v", least, len(raw), err)
	}
}

// TestBTFShowsTypesSideBySide has the metadata of two drivers in two columns.
func TestBTFShowsTypesSideBySide(t *testing.T) {
	text, _, err := btfCommand(t, "show", "loadstone_meta", "--kernel-types", sameTypes, "--extra", movedTypes)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(text, "\n") {
		if words := strings.Fields(line); len(words) > 0 && words[0] == "stamp" {
			if words[1] != "0" || !strings.Contains(line, "  24  ") {
				t.Errorf("%s: want it at 0 and at 24", line)
			}
			return
		}
	}
	t.Errorf("no row of stamp:\n%s", text)
}

// TestBTFCommandsHaveExamples holds each command to a --help with examples and exit codes.
func TestBTFCommandsHaveExamples(t *testing.T) {
	for _, cmd := range newBTFCommand().Commands() {
		if cmd.Example == "" || !strings.Contains(cmd.Long, "Exit codes: 0 done; 1 ") || cmd.Flag("json") == nil ||
			cmd.Flag("extra") == nil || cmd.Flag("kernel-types") == nil {
			t.Errorf("%s: examples %q", cmd.Name(), cmd.Example)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/structops/structopstest"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A command that lists things prints an array with --json, any other an object: one document, and
// never null.
func TestJSONIsOneDocument(t *testing.T) {
	kernelsMirror(t)
	cache := t.TempDir()
	specs := specsOf(t, func(record.Spec) bool { return false })
	structure, err := structopstest.Register("ls_ops_json", "ls_ops_json", true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := structure.Close(); err != nil {
			t.Error(err)
		}
	})
	left, err := structopstest.Register("ls_ops_left", "ls_ops_left", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := left.Close(); err != nil { // it stays registered
		t.Fatal(err)
	}
	bpffs, run := t.TempDir(), writeRun(t, verdict.Pass)
	if err := unix.Mount("bpf", bpffs, "bpf", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(bpffs, 0); err != nil {
			t.Error(err)
		}
	})
	// The same structure under names that no other test registers meanwhile.
	inserted, err := os.ReadFile("../../structops/insertion/testdata/pinned.bpfel.o")
	if err != nil {
		t.Fatal(err)
	}
	inserted = bytes.ReplaceAll(inserted, []byte("ls_insert_pin"), []byte("ls_json_insrt"))
	inserted = bytes.ReplaceAll(inserted, []byte("\x00ls_pin\x00"), []byte("\x00ls_jsn\x00"))
	defer func() { // its map is gone with the bpffs, and the structure stays
		remove := loadstoneWith(t, specs, "ops", "remove", "ls_jsn")
		if out, err := remove.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}()
	object := filepath.Join(t.TempDir(), "inserted.o")
	if err := os.WriteFile(object, inserted, 0o600); err != nil {
		t.Fatal(err)
	}
	least := filepath.Join(t.TempDir(), "least.btf")
	hints, err := filepath.Abs(hintsFolder)
	if err != nil {
		t.Fatal(err)
	}
	reader, moved := filepath.Join(hints, "read.o"), " --kernel-types "+filepath.Join(hints, "target_moved.o")
	whole, claims := writeWholeRun(t, "a", asIs), t.TempDir()
	if out, code := command(t, "claim", "make", whole, "--out", claims); code != verdict.ExitClean {
		t.Fatalf("exit %d: %s", code, out)
	}
	documents := map[string]byte{
		"claim verify " + whole + " --claims " + claims: '{',
		"compare " + run + " " + run:                    '{',
		"report " + run:                                 '{',
		"ops insert " + object + " --bpffs " + bpffs:    '[',
		"ops remove ls_ops_left":                        '{',
		"ops list":                                      '[',
		"ops show ls_ops_json":                          '{',
		"list":                                          '[',
		"metadata show":                                 '{',
		"list mapdefs.btf.*":                            '[',
		"kernels list":                                  '[',
		"kernels prune":                                 '[', // of nothing
		"kernels show native":                           '{',
		"loaders list":                                  '[',
		"version":                                       '{',
		"btf show loadstone_meta" + moved:               '[',
		"btf explain " + reader + moved:                 '[',
		"btf stitch" + moved:                            '[',
		"btf min " + reader + " -o " + least + moved:    '{',
		"chain list":                                    '[',
		"chain list --detached":                         '[',
		"chain clean --bpffs " + bpffs:                  '[',
		"kernels list --all":                            '[',
		"kernels prune --all":                           '[',
		"kernels prune --dry-run":                       '[',
		"list --suite pinning":                          '[',
		"list mapdefs.create.made/*":                    '[',
	}
	for args, first := range documents {
		t.Run(args, func(t *testing.T) {
			cmd := loadstoneWith(t, specs,
				append(strings.Fields(args), "--json", "--cache", cache)...)
			printed, err := cmd.Output()
			if err != nil {
				var exit *exec.ExitError
				errors.As(err, &exit)
				t.Fatalf("%v: %s", err, exit.Stderr)
			}
			decoder := json.NewDecoder(bytes.NewReader(printed))
			var document any
			if err := decoder.Decode(&document); err != nil || printed[0] != first {
				t.Errorf("%v: begins with %.20q, want %c", err, printed, first)
			}
			if err := decoder.Decode(&document); !errors.Is(err, io.EOF) {
				t.Errorf("a second document follows the first (%v)", err)
			}
		})
	}
	// They take a kernel with extensions, which the one of a test's machine need not have: see
	// TestAChainAsJSON for what they print.
	// The last three run specs: see TestVerifyAsJSON, TestBisectOnce and TestAFailureIsRunAgain.
	elsewhere := []string{"chain add", "chain remove", "chain show", "verify", "bisect", "repro"}
	eachCommand(newRootCommand(), func(cmd *cobra.Command) {
		_, path, _ := strings.Cut(cmd.CommandPath(), " ")
		if cmd.Flags().Lookup("json") == nil || slices.Contains(elsewhere, path) {
			return
		}
		for args := range documents {
			if strings.HasPrefix(args+" ", path+" ") {
				return
			}
		}
		t.Errorf("%s has --json, and no case here", cmd.CommandPath())
	})
}
